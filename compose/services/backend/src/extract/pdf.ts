/** PDF to blocks, page by page, from the text layer. Lines are joined to paragraphs by their distance and size. */
import { getDocumentProxy } from 'unpdf';
import { BackendProblem } from '../http/problem.ts';
import { createTextBuilder, type Extracted } from './extracted.ts';

/** Fewer characters a page than this, on average, means the pages are pictures. */
const minCharactersPerPage = 20;
export const maxPages = 5000;

interface Line {
  text: string;
  /** Baseline, from the bottom of the page. */
  y: number;
  size: number;
  page: number;
}

interface TextItem {
  readonly str: string;
  readonly hasEOL: boolean;
  readonly transform: readonly number[];
  readonly height: number;
  readonly width: number;
}

function linesOf(items: readonly TextItem[], page: number): Line[] {
  const lines: Line[] = [];
  let current: Line | null = null;
  let endX = 0;
  for (const item of items) {
    const x = item.transform[4] ?? 0;
    const y = item.transform[5] ?? 0;
    const size = item.height || Math.abs(item.transform[3] ?? 0);
    if (item.str !== '') {
      if (current !== null && Math.abs(current.y - y) > Math.max(1, size * 0.5)) {
        lines.push(current);
        current = null;
      }
      if (current === null) current = { text: '', y, size, page };
      // Words drawn apart without a space character still are words.
      else if (x - endX > size * 0.15 && !/\s$/.test(current.text) && !/^\s/.test(item.str)) current.text += ' ';
      current.text += item.str;
      current.size = Math.max(current.size, size);
      endX = x + item.width;
    }
    if (item.hasEOL && current !== null) {
      lines.push(current);
      current = null;
    }
  }
  if (current !== null) lines.push(current);
  return lines.filter((line) => line.text.trim() !== '');
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Joins a paragraph's lines; a word broken by a hyphen at a line's end is made whole. */
export function joinLines(lines: readonly string[]): string {
  return lines.reduce((text, line) => {
    if (text === '') return line.trim();
    if (/\p{Ll}-$/u.test(text) && /^\p{Ll}/u.test(line.trim())) return text.slice(0, -1) + line.trim();
    return `${text} ${line.trim()}`;
  }, '');
}

function build(lines: readonly Line[], builder: ReturnType<typeof createTextBuilder>): void {
  const weights = lines.flatMap((line) => Array<number>(Math.ceil(line.text.length / 20)).fill(line.size));
  const body = median(weights);
  const gaps = lines.slice(1).map((line, at) => (lines[at]?.y ?? 0) - line.y);
  const leading = median(gaps.filter((gap) => gap > 0 && gap < body * 2.5)) || body * 1.2;
  let paragraph: Line[] = [];
  const flush = (): void => {
    const [first] = paragraph;
    if (first === undefined) return;
    const text = joinLines(paragraph.map((line) => line.text));
    const item = /^\s*(?:[•◦▪–-]|\d{1,2}[.)])\s+/.test(text);
    if (first.size > body * 1.15 && text.length < 200)
      builder.heading(first.size > body * 1.6 ? 1 : first.size > body * 1.3 ? 2 : 3, text, first.page);
    else builder.block(item ? 'item' : 'paragraph', text, first.page);
    paragraph = [];
  };
  for (const line of lines) {
    const previous = paragraph.at(-1);
    if (previous !== undefined) {
      const gap = previous.y - line.y;
      const apart = line.page !== previous.page || gap > leading * 1.35 || gap < 0;
      const resized = Math.abs(line.size - previous.size) > Math.max(0.6, body * 0.08);
      if (apart || resized || /^\s*[•◦▪]\s/.test(line.text)) flush();
    }
    paragraph.push(line);
  }
  flush();
}

function named(error: unknown): BackendProblem {
  const name = error instanceof Error ? error.name : '';
  if (name === 'PasswordException')
    return new BackendProblem(
      'password-required',
      'The PDF is locked with a password. Save a copy without one and add that.',
    );
  return new BackendProblem('pdf-corrupt', 'The PDF cannot be read: it is damaged or cut off.', { cause: error });
}

/** @throws {BackendProblem} `password-required`, `pdf-corrupt`, `no-text-layer`, `resource-limit` */
export async function extractPdf(bytes: Uint8Array, fallbackTitle: string): Promise<Extracted> {
  let pdf: Awaited<ReturnType<typeof getDocumentProxy>>;
  try {
    pdf = await getDocumentProxy(bytes, { verbosity: 0 });
  } catch (error) {
    throw named(error);
  }
  if (pdf.numPages > maxPages)
    throw new BackendProblem('resource-limit', `The PDF has ${pdf.numPages} pages; up to ${maxPages} can be read.`);
  const lines: Line[] = [];
  let title: string | null = null;
  try {
    const metadata = await pdf.getMetadata().catch(() => null);
    const named = (metadata?.info as { Title?: unknown } | undefined)?.Title;
    if (typeof named === 'string' && named.trim().length > 2) title = named;
    for (let number = 1; number <= pdf.numPages; number += 1) {
      const page = await pdf.getPage(number);
      const content = await page.getTextContent();
      const items = (content.items as readonly object[]).filter((item): item is TextItem => 'str' in item);
      lines.push(...linesOf(items, number));
      page.cleanup();
    }
  } catch (error) {
    throw named(error);
  }
  const characters = lines.reduce((sum, line) => sum + line.text.trim().length, 0);
  if (characters < minCharactersPerPage * pdf.numPages)
    throw new BackendProblem(
      'no-text-layer',
      'The PDF holds pictures of pages, not text. Run it through text recognition (OCR) and add the result.',
    );
  const builder = createTextBuilder();
  build(lines, builder);
  return builder.build(fallbackTitle, title, pdf.numPages);
}
