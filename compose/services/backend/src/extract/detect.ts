/** What a file really is: its first bytes decide, its name only confirms. */
import { BackendProblem } from '../http/problem.ts';

export const mimes = ['text/markdown', 'text/plain', 'text/html', 'application/pdf'] as const;
export type Mime = (typeof mimes)[number];

const byExtension: Readonly<Record<string, Mime>> = {
  md: 'text/markdown',
  markdown: 'text/markdown',
  txt: 'text/plain',
  text: 'text/plain',
  html: 'text/html',
  htm: 'text/html',
  xhtml: 'text/html',
  pdf: 'application/pdf',
};

const signatures: readonly { readonly bytes: readonly number[]; readonly name: string }[] = [
  { bytes: [0x25, 0x50, 0x44, 0x46, 0x2d], name: 'a PDF' },
  { bytes: [0x50, 0x4b, 0x03, 0x04], name: 'a ZIP archive or an Office document' },
  { bytes: [0x4d, 0x5a], name: 'a Windows program' },
  { bytes: [0x7f, 0x45, 0x4c, 0x46], name: 'a Linux program' },
  { bytes: [0x89, 0x50, 0x4e, 0x47], name: 'a PNG picture' },
  { bytes: [0xff, 0xd8, 0xff], name: 'a JPEG picture' },
  { bytes: [0x47, 0x49, 0x46, 0x38], name: 'a GIF picture' },
  { bytes: [0x1f, 0x8b], name: 'a gzip archive' },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], name: 'an old Office document' },
  { bytes: [0x7b, 0x5c, 0x72, 0x74, 0x66], name: 'an RTF document' },
];

const startsWith = (bytes: Uint8Array, prefix: readonly number[]): boolean =>
  prefix.every((byte, at) => bytes[at] === byte);

function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (startsWith(bytes, [0xff, 0xfe])) return 'utf-16le';
  if (startsWith(bytes, [0xfe, 0xff])) return 'utf-16be';
  return 'utf-8';
}

/** Text of a file that holds text: UTF-8, UTF-16 with its mark, else Windows-1252, which takes any byte. */
export function decodeText(bytes: Uint8Array): string {
  const encoding = encodingOf(bytes);
  if (encoding !== 'utf-8') return new TextDecoder(encoding).decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function looksBinary(bytes: Uint8Array): boolean {
  if (encodingOf(bytes) !== 'utf-8') return false;
  const sample = bytes.subarray(0, 64 * 1024);
  let control = 0;
  for (const byte of sample) {
    if (byte === 0) return true;
    if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27)) control += 1;
  }
  return control > sample.length * 0.02;
}

/** @throws {BackendProblem} `file-empty`, `unsupported-type`, `pdf-corrupt` */
export function detectMime(name: string, bytes: Uint8Array): Mime {
  if (bytes.length === 0)
    throw new BackendProblem('file-empty', 'The file holds nothing. Save it again and add it once more.');
  const extension = /\.([A-Za-z0-9]{1,8})$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const expected = byExtension[extension];
  const found = signatures.find((signature) => startsWith(bytes, signature.bytes));
  if (found?.name === 'a PDF') {
    if (expected === 'application/pdf' || expected === undefined) return 'application/pdf';
    throw new BackendProblem('unsupported-type', `The file is named .${extension} but holds a PDF. Rename it to .pdf.`);
  }
  const can = 'Markdown, plain text, HTML and PDF can be added.';
  const bom = encodingOf(bytes) !== 'utf-8';
  if (found !== undefined && !(bom && found.bytes.length < 3))
    throw new BackendProblem('unsupported-type', `The file holds ${found.name}. ${can}`);
  if (expected === undefined)
    throw new BackendProblem(
      'unsupported-type',
      `${extension === '' ? 'A file without an extension' : `A .${extension} file`} is not supported. ${can}`,
    );
  if (expected === 'application/pdf')
    throw new BackendProblem('pdf-corrupt', 'The file is named .pdf but does not begin like a PDF.');
  if (looksBinary(bytes))
    throw new BackendProblem('unsupported-type', `The file is named .${extension} but holds binary data. ${can}`);
  return expected;
}
