import JSZip from 'jszip';
import { describe, expect, it } from 'vitest';
import { detectMime } from './detect.ts';
import { extract } from './extract.ts';
import { readZip } from './zip.ts';

const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"';
const paragraph = (text: string, style = ''): string =>
  `<w:p>${style === '' ? '' : `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`}<w:r><w:t>${text}</w:t></w:r></w:p>`;

async function wordOf(body: string, more: Record<string, string> = {}): Promise<Uint8Array> {
  const zip = new JSZip();
  zip.file(
    '[Content_Types].xml',
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/></Types>',
  );
  zip.file(
    '_rels/.rels',
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
  );
  zip.file(
    'word/_rels/document.xml.rels',
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>',
  );
  const style = (id: string, name: string): string =>
    `<w:style w:type="paragraph" w:styleId="${id}"><w:name w:val="${name}"/></w:style>`;
  zip.file(
    'word/styles.xml',
    `<w:styles ${w}>${style('Heading1', 'heading 1')}${style('Heading2', 'heading 2')}</w:styles>`,
  );
  zip.file('word/document.xml', `<w:document ${w}><w:body>${body}</w:body></w:document>`);
  for (const [name, text] of Object.entries(more)) zip.file(name, text);
  return zip.generateAsync({ type: 'uint8array', compression: 'DEFLATE' });
}

const row = (...cells: string[]): string =>
  `<w:tr>${cells.map((cell) => `<w:tc>${paragraph(cell)}</w:tc>`).join('')}</w:tr>`;

describe('Word documents', () => {
  it('keep headings, paragraphs and tables', async () => {
    const bytes = await wordOf(
      paragraph('Harbour', 'Heading1') +
        paragraph('The harbour opens at six.') +
        paragraph('Fees', 'Heading2') +
        `<w:tbl>${row('Boat', 'Fee')}${row('Dinghy', '4')}</w:tbl>`,
      {
        'docProps/core.xml':
          '<cp:coreProperties xmlns:cp="x" xmlns:dc="y"><dc:title>Rules &amp; fees</dc:title></cp:coreProperties>',
      },
    );
    expect(detectMime('rules.docx', bytes)).toBe(docx);
    expect(detectMime('noextension', bytes)).toBe(docx);
    const { title, text, blocks } = await extract(docx, bytes, 'rules.docx');
    expect(title).toBe('Rules & fees');
    expect(text).toBe('Harbour\n\nThe harbour opens at six.\n\nFees\n\nBoat | Fee\nDinghy | 4');
    expect(blocks.map((block) => [block.kind, block.headingPath.at(-1)])).toEqual([
      ['heading', 'Harbour'],
      ['paragraph', 'Harbour'],
      ['heading', 'Fees'],
      ['row', 'Fees'],
      ['row', 'Fees'],
    ]);
  });

  it('that are damaged, cut off or empty say so', async () => {
    const bytes = await wordOf(paragraph('Words'));
    const code = (promise: Promise<unknown>): Promise<unknown> =>
      promise.then(
        () => 'read',
        (error: { code: unknown }) => error.code,
      );
    expect(await code(extract(docx, bytes.slice(0, -40), 'a.docx'))).toBe('docx-corrupt');
    expect(await code(extract(docx, bytes.slice(0, 200), 'a.docx'))).toBe('docx-corrupt');
    const flipped = Uint8Array.from(bytes);
    const at = Buffer.from(bytes).indexOf('word/document.xml') + 'word/document.xml'.length;
    flipped.fill(0xff, at, at + 30);
    expect(await code(extract(docx, flipped, 'a.docx'))).toBe('docx-corrupt');
    expect(await code(extract(docx, await wordOf(''), 'a.docx'))).toBe('no-text');
  });

  it('with a password are told apart from old ones, and other Office files are named', async () => {
    const container = Buffer.concat([
      Buffer.from('d0cf11e0a1b11ae1', 'hex'),
      Buffer.alloc(504),
      Buffer.from('EncryptedPackage', 'utf16le'),
    ]);
    expect(() => detectMime('a.docx', container)).toThrow(expect.objectContaining({ code: 'password-required' }));
    const workbook = new JSZip().file('xl/workbook.xml', '<x/>');
    const bytes = await workbook.generateAsync({ type: 'uint8array' });
    expect(() => detectMime('a.docx', bytes)).toThrow('an Excel workbook');
    expect(() => detectMime('a.txt', bytes)).toThrow(expect.objectContaining({ code: 'unsupported-type' }));
    const word = await wordOf(paragraph('Words'));
    expect(() => detectMime('a.pdf', word)).toThrow('holds a Word document. Rename it to .docx.');
  });
});

describe('archives', () => {
  const all = (): boolean => true;
  const archive = (text: string): Promise<Uint8Array> =>
    new JSZip().file('a.xml', text).generateAsync({ type: 'uint8array', compression: 'DEFLATE' });

  it('are refused by what they declare, before anything is inflated', async () => {
    const bytes = await archive('a'.repeat(100_000));
    expect(bytes.length).toBeLessThan(1000);
    await expect(readZip(bytes, all, { entries: 10, bytes: 99_999 })).rejects.toMatchObject({ code: 'resource-limit' });
    expect((await readZip(bytes, all, { entries: 10, bytes: 100_000 })).get('a.xml')?.length).toBe(100_000);
    await expect(readZip(bytes, all, { entries: 0, bytes: 1e9 })).rejects.toMatchObject({ code: 'resource-limit' });
  });

  it('are cut off where they declare less than they hold', async () => {
    const bytes = Buffer.from(await archive('a'.repeat(100_000)));
    const directory = bytes.indexOf('PK\u0001\u0002');
    expect(bytes.readUInt32LE(directory + 24)).toBe(100_000);
    bytes.writeUInt32LE(50, directory + 24);
    await expect(readZip(bytes, all, { entries: 10, bytes: 1000 })).rejects.toThrow('too many bytes');
  });

  it('that call themselves Word documents and unpack to 300 MB end as a limit, not as a failure of ours', async () => {
    const bytes = Buffer.from(await wordOf(paragraph('Words'), { 'word/filler.xml': 'a'.repeat(1000) }));
    const name = bytes.lastIndexOf('word/filler.xml');
    bytes.writeUInt32LE(300 * 1024 * 1024, name - 46 + 24);
    await expect(extract(docx, bytes, 'a.docx')).rejects.toMatchObject({
      code: 'resource-limit',
      message: 'The document would unpack to 300 MB; up to 200 MB can be read.',
    });
  });
});
