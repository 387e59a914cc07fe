import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createExtractor, type Extractor } from './isolated.ts';

const folder = mkdtempSync(join(tmpdir(), 'extract-'));
afterAll(() => rmSync(folder, { recursive: true }));
let extractor: Extractor | undefined;
afterEach(() => extractor?.close());

function childOf(script: string): string {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.cjs`);
  writeFileSync(path, script);
  return path;
}
const request = { mime: 'text/plain', name: 'a.txt', bytes: new TextEncoder().encode('Some words.') } as const;

describe('createExtractor', () => {
  it('reads in another process and uses it again', async () => {
    extractor = createExtractor();
    const [first, second] = [await extractor.extract(request), await extractor.extract(request)];
    expect(first.text).toBe('Some words.');
    expect(second).toEqual(first);
  });
  it('hands on the document’s own failure', async () => {
    extractor = createExtractor();
    await expect(extractor.extract({ ...request, bytes: new Uint8Array([32]) })).rejects.toMatchObject({
      code: 'no-text',
    });
    await expect(extractor.extract(request)).resolves.toMatchObject({ text: 'Some words.' });
  });
  it('gives up a document that never ends', async () => {
    extractor = createExtractor({
      limits: { timeMs: 300 },
      childPath: childOf("process.on('message', () => { for (;;); })"),
    });
    await expect(extractor.extract(request)).rejects.toMatchObject({ code: 'resource-limit' });
  });
  it('gives up a document that eats memory', async () => {
    const greedy =
      "process.on('message', () => { const all = []; for (;;) all.push(new Array(1e6).fill(Math.random())); })";
    extractor = createExtractor({ limits: { heapMb: 40, timeMs: 20_000 }, childPath: childOf(greedy) });
    await expect(extractor.extract(request)).rejects.toMatchObject({ code: 'resource-limit' });
    const buffers =
      "process.on('message', () => { const all = []; setInterval(() => all.push(Buffer.alloc(2e7, 1)), 5); })";
    extractor = createExtractor({ limits: { residentMb: 150, timeMs: 20_000 }, childPath: childOf(buffers) });
    await expect(extractor.extract(request)).rejects.toMatchObject({ code: 'resource-limit' });
  });
});
