/** Which stretches of a passage hold words of the query. */

export interface Piece {
  readonly text: string;
  readonly hit: boolean;
}

/** Words that stand in every other sentence: marking them would hide what matters. */
const common = new Set(
  'a an and are as at be but by can do does for from had has have how i if in into is it its of on or our should so than that the their them then there these they this to was we what when where which who why will with you your'.split(
    ' ',
  ),
);

/** The beginning that the forms of a word share: "backups" and "backup", "verified" and "verify". */
function stemOf(word: string): string {
  if (word.length <= 4) return word;
  return word.replace(/(?:ies|ied|ing|ed|es|s|y)$/, '');
}

/** Marks words whose stem is one of the query's. Without a word worth marking, nothing is. */
export function markQuery(text: string, query: string): Piece[] {
  const words = (query.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter(
    (word) => word.length > 1 && !common.has(word),
  );
  const stems = new Set(words.map(stemOf));
  if (stems.size === 0) return text === '' ? [] : [{ text, hit: false }];
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(/[\p{L}\p{N}]+/gu)) {
    if (!stems.has(stemOf(match[0].toLowerCase()))) continue;
    if (match.index > at) pieces.push({ text: text.slice(at, match.index), hit: false });
    pieces.push({ text: match[0], hit: true });
    at = match.index + match[0].length;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), hit: false });
  return pieces;
}
