import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFileTokens } from './file-tokens.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-tokens-'));
  await writeFile(join(folder, 'a.md'), 'hello');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('createFileTokens', () => {
  it('offers name and size, never the path, and finds the path again', async () => {
    const tokens = createFileTokens();
    const [file, dir] = await tokens.offer([join(folder, 'a.md'), folder, join(folder, 'missing')]);
    expect(file).toMatchObject({ name: 'a.md', bytes: 5 });
    expect(dir).toMatchObject({ bytes: 0 });
    expect(JSON.stringify(file)).not.toContain(folder);
    expect(tokens.resolve([file?.token ?? ''])).toEqual([{ path: join(folder, 'a.md'), name: 'a.md' }]);
  });

  it.each(['/etc/passwd', '../x', '__proto__', ''])('refuses %j as a token', (token) => {
    expect(() => createFileTokens().resolve([token])).toThrow('chosen again');
  });

  it('forgets the oldest beyond its bound', async () => {
    const tokens = createFileTokens();
    const [first] = await tokens.offer([join(folder, 'a.md')]);
    for (let round = 0; round < 5; round++) await tokens.offer(Array(1000).fill(join(folder, 'a.md')));
    expect(() => tokens.resolve([first?.token ?? ''])).toThrow('chosen again');
  });
});
