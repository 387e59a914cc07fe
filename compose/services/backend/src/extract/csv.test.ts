import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractCsv, sniffDelimiter } from './csv.ts';
import { decodeText } from './decode.ts';
import { detectMime } from './detect.ts';

const limits = { rows: 50_000, columns: 200, cell: 10_000 };
const codes = (extracted: { notices?: readonly { code: string }[] }): string[] =>
  (extracted.notices ?? []).map((notice) => notice.code);

describe('tables of values', () => {
  it.each([',', ';', '\t', '|'])('cut at %j', (delimiter) => {
    const text = ['Port', 'Boats', 'Note'].join(delimiter).concat(`\nEllery${delimiter}12${delimiter}"a, b; c\td|e"\n`);
    expect(sniffDelimiter(text)).toBe(delimiter);
    expect(extractCsv(text, 'ports').text).toBe('Port: Ellery | Boats: 12 | Note: a, b; c d|e');
  });

  it('take the delimiter that Excel names', () => {
    expect(extractCsv('sep=|\nName|Sum\nAda, B|3\n', 'x').text).toBe('Name: Ada, B | Sum: 3');
  });

  it('put the names of the columns into every row, and gaps into none', () => {
    const { text, blocks, notices } = extractCsv('Name,Town,Year\nAda,,1815\nBob,Rye,\n', 'people');
    expect(text).toBe('Name: Ada | Year: 1815\nName: Bob | Town: Rye');
    expect(blocks.map((block) => block.kind)).toEqual(['row', 'row']);
    expect(notices).toEqual([]);
  });

  it('without names are rows from the first on', () => {
    expect(extractCsv('1,2\n3,4\n', 'x').text).toBe('1 | 2\n3 | 4');
  });

  it('of rows of unequal length are read, with a notice', () => {
    const extracted = extractCsv('a,b\n1,2\n3,4\n5,6,7\n8\n', 'x');
    expect(extracted.text).toBe('a: 1 | b: 2\na: 3 | b: 4\na: 5 | b: 6 | Column 3: 7\na: 8');
    expect(extracted.notices).toEqual([
      { code: 'rows-ragged', message: '2 rows have more or fewer cells than the first.' },
    ]);
  });

  it('whose quotation mark is never closed name the line where it opens', () => {
    expect(() => extractCsv('a,b\n1,2\n3,"4\n5,6\n', 'x')).toThrow(
      expect.objectContaining({
        code: 'csv-invalid',
        message: 'A quotation mark that opens in line 3 is never closed.',
      }),
    );
  });

  it('may hold line breaks and quotation marks in quotes', () => {
    expect(extractCsv('a,b\n"one\ntwo","say ""hi"""\n', 'x').text).toBe('a: one two | b: say "hi"');
  });

  it('in UTF-16, with its mark or without, are text', () => {
    const text = 'Stadt;Höhe\nKöln;37\n';
    const bytes = Buffer.from(text, 'utf16le');
    for (const variant of [bytes, Buffer.concat([Buffer.from([0xff, 0xfe]), bytes]), Buffer.from(`\ufeff${text}`)]) {
      expect(detectMime('a.csv', variant)).toBe('text/csv');
      expect(extractCsv(decodeText(variant), 'x').text).toBe('Stadt: Köln | Höhe: 37');
    }
    const swapped = Buffer.from(bytes).swap16();
    expect(extractCsv(decodeText(swapped), 'x').text).toBe('Stadt: Köln | Höhe: 37');
  });

  it('are capped, with a notice, and tell where in the table a row is', () => {
    const rows = Array.from({ length: 251 }, (_, at) => `r${at + 1},${at}`);
    const extracted = extractCsv(`name,n\n${rows.join('\n')}\n`, 'x', { ...limits, rows: 250 });
    expect(codes(extracted)).toEqual(['rows-capped']);
    const kept = extracted.blocks.filter((block) => block.kind === 'row');
    expect(kept.length).toBe(250);
    expect(kept.at(-1)?.headingPath).toEqual(['Rows 201 to 250']);
    expect(codes(extractCsv(`name,n\n${rows.slice(0, 250).join('\n')}\n`, 'x', { ...limits, rows: 250 }))).toEqual([]);
    expect(codes(extractCsv('a,b,c\n1,2,3\n', 'x', { ...limits, columns: 2 }))).toEqual(['columns-capped']);
  });

  it('hold every value of every row, whatever it is', () => {
    const cell = fc.stringMatching(/^[ -~]{1,12}$/).filter((value) => value.trim() !== '');
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 }), (rows) => {
        const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;
        const text = `First,Second\n${rows.map((row) => row.map(quoted).join(',')).join('\n')}\n`;
        const lines = extractCsv(text, 'x').text.split('\n');
        expect(lines).toEqual(
          rows.map(([a, b]) =>
            [a, b]
              .map((value, at) => `${at === 0 ? 'First' : 'Second'}: ${value.replace(/\s+/g, ' ').trim()}`)
              .join(' | '),
          ),
        );
      }),
      { numRuns: 50 },
    );
  });
});
