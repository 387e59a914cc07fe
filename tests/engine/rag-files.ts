/** Files that mean harm, made here: so that one can read what is wrong with each. */
import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';

const deflated = promisify(deflateRaw);

/** A PDF of these objects, numbered from 1; the first is the catalog. `trailer` adds to its trailer. */
function pdf(objects: readonly string[], trailer = ''): Buffer<ArrayBuffer> {
  let body = '%PDF-1.4\n';
  const table = objects.map((object, at) => {
    const offset = String(body.length).padStart(10, '0');
    body += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return `${offset} 00000 n \n`;
  });
  const size = objects.length + 1;
  const end = `trailer\n<< /Size ${size} /Root 1 0 R ${trailer}>>\nstartxref\n${body.length}\n%%EOF\n`;
  return Buffer.from(`${body}xref\n0 ${size}\n0000000000 65535 f \n${table.join('')}${end}`, 'latin1');
}
const catalog = '<< /Type /Catalog /Pages 2 0 R >>';
const font = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>';
const stream = (content: string, more = ''): string =>
  `<< ${more} /Length ${content.length} >>\nstream\n${content}\nendstream`;
const words = (text: string): string => stream(`BT /F 12 Tf 20 700 Td (${text}) Tj ET`);

export function pdfOfPages(count: number, text: string): Buffer<ArrayBuffer> {
  const kids = Array.from({ length: count }, (_, at) => `${at + 5} 0 R`);
  const page =
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F 3 0 R >> >> >>';
  return pdf([
    catalog,
    `<< /Type /Pages /Kids [${kids.join(' ')}] /Count ${count} >>`,
    font,
    words(text),
    ...kids.map(() => page),
  ]);
}

/** Pages of pictures, as a scanner makes them. */
export const scannedPdf = (): Buffer<ArrayBuffer> =>
  pdf([
    catalog,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>',
    stream('q 600 0 0 800 0 0 cm /I Do Q'),
    stream('\u0080', '/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8'),
  ]);

/** Says that it is encrypted with a password that nobody gave. */
export function encryptedPdf(): Buffer<ArrayBuffer> {
  const hex = 'ab'.repeat(32);
  return pdf(
    [
      catalog,
      '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>',
      `<< /Filter /Standard /V 1 /R 2 /O <${hex}> /U <${hex}> /P -4 >>`,
    ],
    `/Encrypt 4 0 R /ID [<${hex}> <${hex}>] `,
  );
}

/** The tree of its pages leads back to its root. */
export const circularPdf = (): Buffer<ArrayBuffer> =>
  pdf([
    catalog,
    '<< /Type /Pages /Kids [3 0 R] /Count 2 >>',
    '<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 3 0 R] /Count 2 >>',
  ]);

/** A drawing that draws itself, twice. */
export const recursivePdf = (): Buffer<ArrayBuffer> =>
  pdf([
    catalog,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> /Font << /F 6 0 R >> >> >>',
    stream('/X Do'),
    stream(
      'BT /F 12 Tf 20 700 Td (A line of text that is long enough to count.) Tj ET /X Do /X Do',
      '/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /XObject << /X 5 0 R >> /Font << /F 6 0 R >> >>',
    ),
    font,
  ]);

/** @param declares how many bytes an entry says it unpacks to; its true size when left out */
async function zip(
  entries: Readonly<Record<string, { bytes: Uint8Array; declares?: number }>>,
): Promise<Buffer<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, { bytes, declares = bytes.length }] of Object.entries(entries)) {
    const packed = await deflated(bytes);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(declares, 18);
    common.writeUInt16LE(name.length, 22);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(20, 4);
    common.copy(entry, 6);
    entry.writeUInt32LE(at, 42);
    directory.push(entry, Buffer.from(name));
    const local = [Buffer.from('PK\u0003\u0004'), common, Buffer.from(name), packed];
    parts.push(...local);
    at += local.reduce((sum, part) => sum + part.length, 0);
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(directory.length / 2, 8);
  end.writeUInt16LE(directory.length / 2, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

const space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
/** A Word document that unpacks to about this many megabytes. @param declares bytes that it says it unpacks to */
export async function wordBomb(megabytes: number, declares?: number): Promise<Buffer<ArrayBuffer>> {
  const paragraph = '<w:p><w:r><w:t>Again and again the same.</w:t></w:r></w:p>';
  const times = Math.ceil((megabytes * 1024 * 1024) / paragraph.length);
  const document = Buffer.concat([
    Buffer.from(`<w:document ${space}><w:body>`),
    Buffer.alloc(times * paragraph.length, paragraph),
    Buffer.from('</w:body></w:document>'),
  ]);
  const relation = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument';
  const rels = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="${relation}" Target="word/document.xml"/></Relationships>`;
  const types =
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>';
  return zip({
    '[Content_Types].xml': { bytes: Buffer.from(types) },
    '_rels/.rels': { bytes: Buffer.from(rels) },
    'word/document.xml': { bytes: document, ...(declares === undefined ? {} : { declares }) },
  });
}
