/**
 * What can be read: one entry and one file per format. What reads it is loaded in the child process only, when the first
 * document of its kind comes; this list itself is small enough for everyone who has to tell formats apart.
 */
import { decodeText } from './decode.ts';
import type { Extracted } from './extracted.ts';

export interface Format {
  readonly mime: string;
  /** As in "holds a PDF". */
  readonly name: string;
  /** In lists of what can be added. */
  readonly plural: string;
  readonly extensions: readonly string[];
  /** Whether these bytes are certainly of this format; formats of plain text cannot be told by their bytes. */
  readonly recognises?: (bytes: Uint8Array) => boolean;
  /** The failure when a file of this extension does not begin like one. */
  readonly corrupt?: 'pdf-corrupt' | 'docx-corrupt';
  read(bytes: Uint8Array, fallbackTitle: string): Promise<Extracted>;
}

const startsWith = (bytes: Uint8Array, prefix: string): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, prefix.length)).toString('latin1') === prefix;

/** Entries of a ZIP archive are named in clear at its end, so no inflating is needed to tell what it is. */
export function zipHolds(bytes: Uint8Array, entry: string): boolean {
  if (!startsWith(bytes, 'PK\u0003\u0004')) return false;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(entry, undefined, 'latin1');
}

export const formats: readonly Format[] = [
  {
    mime: 'text/markdown',
    name: 'Markdown',
    plural: 'Markdown',
    extensions: ['md', 'markdown'],
    read: async (bytes, title) => (await import('./markdown.ts')).extractMarkdown(decodeText(bytes), title),
  },
  {
    mime: 'text/plain',
    name: 'plain text',
    plural: 'plain text',
    extensions: ['txt', 'text'],
    read: async (bytes, title) => (await import('./plain-text.ts')).extractPlainText(decodeText(bytes), title),
  },
  {
    mime: 'text/html',
    name: 'HTML',
    plural: 'HTML',
    extensions: ['html', 'htm', 'xhtml'],
    read: async (bytes, title) => (await import('./html.ts')).extractHtml(decodeText(bytes), title),
  },
  {
    mime: 'text/csv',
    name: 'a table of values',
    plural: 'CSV',
    extensions: ['csv', 'tsv'],
    read: async (bytes, title) => (await import('./csv.ts')).extractCsv(decodeText(bytes), title),
  },
  {
    mime: 'application/pdf',
    name: 'a PDF',
    plural: 'PDF',
    extensions: ['pdf'],
    recognises: (bytes) => startsWith(bytes, '%PDF-'),
    corrupt: 'pdf-corrupt',
    read: async (bytes, title) => (await import('./pdf.ts')).extractPdf(bytes, title),
  },
  {
    mime: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    name: 'a Word document',
    plural: 'Word (.docx)',
    extensions: ['docx'],
    recognises: (bytes) => zipHolds(bytes, 'word/document.xml'),
    corrupt: 'docx-corrupt',
    read: async (bytes, title) => (await import('./docx.ts')).extractDocx(bytes, title),
  },
];

export const formatOf = (mime: string): Format | undefined => formats.find((format) => format.mime === mime);
export const formatByExtension = (extension: string): Format | undefined =>
  formats.find((format) => format.extensions.includes(extension));
