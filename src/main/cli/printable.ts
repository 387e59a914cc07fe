/** Text of others made safe for a terminal: services and file names may hold escapes that retitle, overwrite or copy. */

// Written as text, for the characters themselves are what linters (rightly) do not want to see in a pattern.
const esc = '\\u001b';
const controlString = `(?:${esc}[\\]PX^_]|[\\u0090\\u0098\\u009d-\\u009f])[^\\u0007\\u001b\\u009c]*(?:\\u0007|${esc}\\\\|\\u009c)?`;
const controlSequence = `(?:${esc}\\[|\\u009b)([0-?]*)[ -/]*([@-~])`;
const leftovers = `${esc}(?!\\[[0-9;:]{0,64}m)[ -/]*[0-~]?|[\\u0000-\\u0008\\u000b-\\u001a\\u001c-\\u001f\\u007f-\\u009f]`;

const strings = new RegExp(controlString, 'g');
const sequences = new RegExp(controlSequence, 'g');
const rest = new RegExp(leftovers, 'g');
const directionMarks = /[\u202a-\u202e\u2066-\u2069]/g;

/**
 * Keeps colours where `colours` is on; drops titles, links, clipboard writes (ended or not), cursor movement, carriage
 * returns and all other control characters but tab and line feed. Direction overrides become visible.
 */
export function printable(text: string, colours: boolean): string {
  return text
    .replace(strings, '')
    .replace(sequences, (_all, parameters: string, final: string) =>
      colours && final === 'm' && /^[0-9;:]{0,64}$/.test(parameters) ? `\u001b[${parameters}m` : '',
    )
    .replace(rest, '')
    .replace(directionMarks, '\ufffd');
}
