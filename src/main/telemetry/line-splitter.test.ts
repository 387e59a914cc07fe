import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineSplitter, maxLineLength } from './line-splitter.ts';

function split(chunks: readonly Buffer[]): string[] {
  const lines: string[] = [];
  const splitter = createLineSplitter((line) => lines.push(line.text));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

describe('createLineSplitter', () => {
  it('takes the engine stamp off and keeps its time', () => {
    const seen: unknown[] = [];
    const splitter = createLineSplitter((line) => seen.push(line));
    splitter.push(Buffer.from('2026-11-23T10:00:00.123456789Z hello world\r\n'));
    expect(seen).toEqual([
      { stamp: '2026-11-23T10:00:00.123456789Z', atMs: Date.parse('2026-11-23T10:00:00.123Z'), text: 'hello world' },
    ]);
  });

  it('gives the same lines whatever the cuts, also inside a character', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat(200)), (texts, cuts) => {
        const lines = texts.map((text) => text.replace(/[\r\n]/g, ''));
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const chunks: Buffer[] = [];
        let from = 0;
        for (const cut of cuts) {
          chunks.push(bytes.subarray(from, from + cut));
          from += cut;
        }
        chunks.push(bytes.subarray(from));
        expect(split(chunks)).toEqual(split([bytes]));
      }),
    );
  });

  it('cuts a line without end, stays small, and shows the next one', () => {
    const long = Buffer.alloc(1 << 20, 'x');
    const lines = split([...Array.from({ length: 20 }, () => long), Buffer.from('\nnext\n')]);
    expect(lines).toHaveLength(2);
    expect(lines[0]?.length).toBeLessThan(maxLineLength + 100);
    expect(lines[0]).toContain('line cut');
    expect(lines[1]).toBe('next');
  });

  it('gives out a last line without newline, and bytes that are no text', () => {
    expect(split([Buffer.from([0xff, 0xfe, 0x41])])).toEqual(['\ufffd\ufffdA']);
  });
});
