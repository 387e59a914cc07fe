/**
 * Splits a command string as Compose does: quotes and backslashes, no variables, no globs.
 * As Compose 5.5 and later do, `\t` and `\n` are a tab and a line end (earlier ones give the letter).
 * Compose's quirk is kept: everything from the first unquoted `; & | < >` on is dropped silently.
 * @returns undefined where quotes or brackets are not closed.
 */
export function splitCommand(line: string): string[] | undefined {
  const words: string[] = [];
  let word = '';
  let got = false;
  /** Whether something in the word was quoted or escaped. */
  let guarded = false;
  let escaped = false;
  let single = false;
  let double = false;
  let back = false;
  let dollar = false;
  for (const char of line) {
    if (escaped) {
      word += back || dollar ? `\\${char}` : (escapes[char] ?? char);
      escaped = false;
      got = true;
      guarded = true;
    } else if (char === '\\') {
      if (single) word += char;
      else escaped = true;
    } else if (char === ' ' || char === '\t' || char === '\r' || char === '\n') {
      if (single || double || back || dollar) word += char;
      else if (got) {
        words.push(word);
        word = '';
        got = false;
        guarded = false;
      }
    } else if (char === '"' && !single && !dollar && !back) {
      if (double) got = true;
      double = !double;
      guarded = true;
    } else if (char === "'" && !double && !dollar && !back) {
      if (single) got = true;
      single = !single;
      guarded = true;
    } else {
      const quoted = single || double || back || dollar;
      if (char === '`' && !single && !double && !dollar) back = !back;
      else if (char === ')' && !single && !double && !back) dollar = !dollar;
      else if (char === '(' && !single && !double && !back) {
        if (dollar || !word.endsWith('$')) return undefined;
        dollar = true;
      } else if (!quoted && ';&|<>'.includes(char)) {
        // As in a shell, a number before `>` names a file descriptor and is no word.
        if (char === '>' && !guarded && /^[0-9]+$/.test(word)) got = false;
        break;
      }
      got = true;
      word += char;
    }
  }
  if (got) words.push(word);
  return escaped || single || double || back || dollar ? undefined : words;
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n' };
