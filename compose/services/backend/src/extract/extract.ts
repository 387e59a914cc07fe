/** One document to text and blocks, by its kind. Runs in the child process only; it trusts nothing of the bytes. */
import { BackendProblem } from '../http/problem.ts';
import { decodeText, type Mime } from './detect.ts';
import type { Extracted } from './extracted.ts';
import { extractHtml } from './html.ts';
import { extractMarkdown } from './markdown.ts';
import { extractPdf } from './pdf.ts';
import { extractPlainText } from './plain-text.ts';

/** @throws {BackendProblem} with a code of the document: `no-text`, `pdf-corrupt`, … */
export async function extract(mime: Mime, bytes: Uint8Array, name: string): Promise<Extracted> {
  const base = name.split('/').at(-1) ?? name;
  const fallbackTitle = base.replace(/\.[A-Za-z0-9]{1,8}$/, '') || base;
  const extracted =
    mime === 'application/pdf'
      ? await extractPdf(bytes, fallbackTitle)
      : mime === 'text/html'
        ? extractHtml(decodeText(bytes), fallbackTitle)
        : mime === 'text/markdown'
          ? extractMarkdown(decodeText(bytes), fallbackTitle)
          : extractPlainText(decodeText(bytes), fallbackTitle);
  if (extracted.blocks.length === 0)
    throw new BackendProblem('no-text', 'The document holds no text that could be searched.');
  return extracted;
}
