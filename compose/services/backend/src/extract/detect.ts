/** What a file really is: its first bytes decide, its name only confirms. */
import { BackendProblem } from '../http/problem.ts';
import { encodingOf } from './decode.ts';
import { formatByExtension, formats, zipHolds } from './formats.ts';

interface Signature {
  readonly is: (bytes: Uint8Array) => boolean;
  readonly name: string;
  /** Short marks also begin texts in UTF-16. */
  readonly short?: true;
}
const begins =
  (...prefix: readonly number[]) =>
  (bytes: Uint8Array): boolean =>
    prefix.every((byte, at) => bytes[at] === byte);

/** What cannot be read, by name: "unsupported" alone would leave a person guessing. */
const others: readonly Signature[] = [
  { is: (bytes) => zipHolds(bytes, 'xl/workbook.xml'), name: 'an Excel workbook' },
  { is: (bytes) => zipHolds(bytes, 'ppt/presentation.xml'), name: 'a PowerPoint presentation' },
  { is: (bytes) => zipHolds(bytes, 'application/epub+zip'), name: 'an EPUB book' },
  { is: (bytes) => zipHolds(bytes, 'application/vnd.oasis.opendocument'), name: 'an OpenDocument file' },
  { is: begins(0x50, 0x4b, 0x03, 0x04), name: 'a ZIP archive' },
  { is: begins(0x50, 0x4b, 0x05, 0x06), name: 'an empty ZIP archive' },
  { is: begins(0x4d, 0x5a), name: 'a Windows program', short: true },
  { is: begins(0x7f, 0x45, 0x4c, 0x46), name: 'a Linux program' },
  { is: begins(0x89, 0x50, 0x4e, 0x47), name: 'a PNG picture' },
  { is: begins(0xff, 0xd8, 0xff), name: 'a JPEG picture' },
  { is: begins(0x47, 0x49, 0x46, 0x38), name: 'a GIF picture' },
  { is: begins(0x1f, 0x8b), name: 'a gzip archive', short: true },
  { is: begins(0xd0, 0xcf, 0x11, 0xe0), name: 'an Office document of the format before 2007' },
  { is: begins(0x7b, 0x5c, 0x72, 0x74, 0x66), name: 'an RTF document' },
];

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

/** New Office documents with a password are kept in a container of the old format, under this name. */
const encryptedPackage = Buffer.from('EncryptedPackage', 'utf16le');
const isEncryptedOffice = (bytes: Uint8Array): boolean =>
  begins(0xd0, 0xcf, 0x11, 0xe0)(bytes) &&
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(encryptedPackage);

const list = formats.map((format) => format.plural);
const can = `${list.slice(0, -1).join(', ')} and ${list.at(-1)} can be added.`;

/** @throws {BackendProblem} `file-empty`, `unsupported-type`, `pdf-corrupt`, `docx-corrupt`, `password-required` */
export function detectMime(name: string, bytes: Uint8Array): string {
  if (bytes.length === 0)
    throw new BackendProblem('file-empty', 'The file holds nothing. Save it again and add it once more.');
  const extension = /\.([A-Za-z0-9]{1,8})$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const expected = formatByExtension(extension);
  const recognised = formats.find((format) => format.recognises?.(bytes) === true);
  if (recognised !== undefined) {
    if (expected === recognised || expected === undefined) return recognised.mime;
    throw new BackendProblem(
      'unsupported-type',
      `The file is named .${extension} but holds ${recognised.name}. Rename it to .${recognised.extensions[0]}.`,
    );
  }
  if (isEncryptedOffice(bytes))
    throw new BackendProblem(
      'password-required',
      'The document is locked with a password. Save a copy without one and add that.',
    );
  const bom = encodingOf(bytes) !== 'utf-8';
  const found = others.find((signature) => signature.is(bytes));
  if (found !== undefined && !(bom && found.short === true))
    throw new BackendProblem('unsupported-type', `The file holds ${found.name}. ${can}`);
  if (expected === undefined)
    throw new BackendProblem(
      'unsupported-type',
      `${extension === '' ? 'A file without an extension' : `A .${extension} file`} is not supported. ${can}`,
    );
  if (expected.corrupt !== undefined)
    throw new BackendProblem(
      expected.corrupt,
      `The file is named .${extension} but does not begin like ${expected.name}.`,
    );
  if (looksBinary(bytes))
    throw new BackendProblem('unsupported-type', `The file is named .${extension} but holds binary data. ${can}`);
  return expected.mime;
}
