/** What every format becomes: one plain text, and the blocks it is made of. */
export interface Block {
  readonly kind: 'heading' | 'paragraph' | 'item' | 'row' | 'code';
  /** Offsets into the text. */
  readonly start: number;
  readonly end: number;
  /** Titles of the sections around it, outermost first. */
  readonly headingPath: readonly string[];
  /** From 1; null where the format has no pages. */
  readonly page: number | null;
}
/** What a person should know about a document that was read, but not as it stands. */
export interface Notice {
  readonly code: 'rows-capped' | 'columns-capped' | 'rows-ragged';
  readonly message: string;
}
export interface Extracted {
  readonly title: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly pages: number | null;
  readonly notices?: readonly Notice[];
}

/**
 * Text as it is stored: NFC, no NUL, no lone surrogates, and none of the characters that are invisible or turn the
 * reading direction (they hide instructions in documents).
 */
export function cleanText(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(/\r\n?/g, '\n')
    .replace(/(?![\t\n])[\p{Cc}\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad]/gu, '');
}

/** One line: every run of white space becomes a single space. */
export const oneLine = (text: string): string => cleanText(text).replace(/\s+/g, ' ').trim();

const maxHeadings = 12;
const maxHeadingLength = 300;

/** Puts blocks one after another and keeps the path of headings. */
export function createTextBuilder(): {
  heading(level: number, text: string, page?: number | null): void;
  block(kind: Exclude<Block['kind'], 'heading'>, text: string, page?: number | null): void;
  build(fallbackTitle: string, title: string | null, pages: number | null): Extracted;
} {
  let text = '';
  const blocks: Block[] = [];
  let path: { level: number; title: string }[] = [];
  let firstHeading: string | null = null;
  const add = (kind: Block['kind'], content: string, page: number | null): void => {
    const previous = blocks.at(-1)?.kind;
    const tight = previous === kind && (kind === 'item' || kind === 'row');
    if (text !== '') text += tight ? '\n' : '\n\n';
    const start = text.length;
    text += content;
    blocks.push({ kind, start, end: text.length, headingPath: path.map((heading) => heading.title), page });
  };
  return {
    heading(level, raw, page = null) {
      const content = oneLine(raw);
      if (content === '') return;
      firstHeading ??= content;
      path = path.filter((heading) => heading.level < level);
      if (path.length < maxHeadings) path.push({ level, title: content.slice(0, maxHeadingLength) });
      add('heading', content, page);
    },
    block(kind, raw, page = null) {
      const content = kind === 'code' ? cleanText(raw).replace(/\s+$/, '') : oneLine(raw);
      if (content.trim() !== '') add(kind, content, page);
    },
    build: (fallbackTitle, title, pages) => ({
      title: (oneLine(title ?? '') || firstHeading || fallbackTitle).slice(0, 500),
      text,
      blocks,
      pages,
    }),
  };
}
