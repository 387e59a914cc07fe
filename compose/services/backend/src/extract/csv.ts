/** Tables of values to one block per row. Each row says the names of its columns, so that it is understood alone. */
import { CsvError, parse } from 'csv-parse/sync';
import { BackendProblem } from '../http/problem.ts';
import { createTextBuilder, type Extracted, type Notice, oneLine } from './extracted.ts';

export interface CsvLimits {
  readonly rows: number;
  readonly columns: number;
  /** Characters of one cell. */
  readonly cell: number;
}
const usual: CsvLimits = { rows: 50_000, columns: 200, cell: 10_000 };

const delimiters = [',', ';', '\t', '|'] as const;
/** Rows below one heading: it tells where in the table a passage is. */
const rowsPerSection = 100;

const options = (delimiter: string) => ({
  delimiter,
  relax_column_count: true,
  relax_quotes: true,
  skip_empty_lines: true,
  record_delimiter: ['\r\n', '\n', '\r'],
});

/** The one that cuts the first rows into the same number of cells most often; then, into the most. */
export function sniffDelimiter(text: string): string {
  const sample = text.slice(0, 64 * 1024);
  const rated = delimiters.map((delimiter) => {
    const widths: number[] = [];
    try {
      parse(sample, {
        ...options(delimiter),
        to: 50,
        on_record: (record: string[]) => void widths.push(record.length),
      });
    } catch {
      // A sample may end inside quotes; the rows before count.
    }
    const counts = new Map<number, number>();
    for (const width of widths) counts.set(width, (counts.get(width) ?? 0) + 1);
    const [width, times] = [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? [1, 0];
    return { delimiter, rate: width > 1 ? times / widths.length : 0, width };
  });
  rated.sort((a, b) => b.rate - a.rate || b.width - a.width);
  return rated[0]?.delimiter ?? ',';
}

/** A first row of words names the columns; one with figures or gaps in it is a row like the others. */
function namesOf(first: readonly string[]): readonly string[] | null {
  const cells = first.map((cell) => cell.trim());
  const words = cells.every((cell) => cell !== '' && cell.length <= 200 && !/^[\d\s.,:%€$£+/-]+$/.test(cell));
  return words && new Set(cells).size === cells.length ? cells : null;
}

/** @throws {BackendProblem} `csv-invalid`, with the line */
export function extractCsv(source: string, fallbackTitle: string, limits: CsvLimits = usual): Extracted {
  const unmarked = source.replace(/^\ufeff/, '');
  // Excel tells other programs its delimiter in a first line.
  const told = /^sep=(.)(?:\r\n|\r|\n)/i.exec(unmarked);
  const text = told === null ? unmarked : unmarked.slice(told[0].length);
  const delimiter = told?.[1] ?? sniffDelimiter(text);
  const rows: string[][] = [];
  let lastLine = 0;
  try {
    parse(text, {
      ...options(delimiter),
      // One more than is kept, to know whether there are more, and one for the names.
      to: limits.rows + 2,
      on_record: (record: string[], { lines }: { lines: number }) => {
        rows.push(record);
        lastLine = lines;
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = lastLine + 1 + (told === null ? 0 : 1);
    throw new BackendProblem(
      'csv-invalid',
      error.code === 'CSV_QUOTE_NOT_CLOSED'
        ? `A quotation mark that opens in line ${line} is never closed.`
        : `Line ${line} cannot be read as a row.`,
      { cause: error },
    );
  }
  const named = namesOf(rows[0] ?? []);
  const all = named === null || rows.length === 1 ? rows : rows.slice(1);
  const kept = all.slice(0, limits.rows);
  const width = named?.length ?? rows[0]?.length ?? 0;
  const builder = createTextBuilder();
  let ragged = 0;
  for (const [at, row] of kept.entries()) {
    if (kept.length > rowsPerSection && at % rowsPerSection === 0)
      builder.heading(1, `Rows ${at + 1} to ${Math.min(at + rowsPerSection, kept.length)}`);
    if (row.length !== width) ragged += 1;
    const cells = row.slice(0, limits.columns).flatMap((cell, column) => {
      const value = oneLine(cell.slice(0, limits.cell));
      if (value === '') return [];
      if (named === null) return [value];
      return [`${oneLine(named[column] ?? `Column ${column + 1}`)}: ${value}`];
    });
    builder.block('row', cells.join(' | '));
  }
  const notices: Notice[] = [];
  if (all.length > kept.length)
    notices.push({
      code: 'rows-capped',
      message: `Only the first ${limits.rows.toLocaleString('en')} rows were read.`,
    });
  if (width > limits.columns)
    notices.push({
      code: 'columns-capped',
      message: `Only the first ${limits.columns} of ${width} columns were read.`,
    });
  if (ragged > 0)
    notices.push({
      code: 'rows-ragged',
      message: `${ragged.toLocaleString('en')} ${ragged === 1 ? 'row has' : 'rows have'} more or fewer cells than the first.`,
    });
  return { ...builder.build(fallbackTitle, fallbackTitle, null), notices };
}
