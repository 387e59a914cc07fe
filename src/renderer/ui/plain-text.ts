/**
 * Text of containers, engines and file names made safe to show (R30): escape sequences are taken out, every other
 * control, bidirectional or invisible character becomes a visible mark.
 */

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: control characters are the subject here
// ESC sequences: CSI with a bounded body, string sequences (OSC, DCS, APC, PM, SOS) to their end, two-byte ones; and their 8-bit forms.
export const escapeSequence =
  /(?:\x1b\[|\x9b)[0-?]{0,128}[ -/]{0,8}[@-~]|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]{0,20000}(?:\x07|\x1b\\|\x9c|$)|\x1b[ -/]{0,4}[0-~]|\x1b/g;

// C0 except tab and newline, DEL, C1, soft hyphen, zero-width, bidirectional controls, line separators, BOM, tags.
const hidden =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: control characters are the subject here

function mark(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `\u2039U+${code.toString(16).toUpperCase().padStart(4, '0')}\u203a`;
}

/** Hidden characters as visible marks; nothing is removed. */
export function markHidden(text: string): string {
  return text.replace(hidden, mark);
}

/** Without escape sequences, hidden characters marked; newlines and tabs stay. */
export function plainText(text: string): string {
  return markHidden(text.replace(escapeSequence, '').replaceAll('\r\n', '\n'));
}
