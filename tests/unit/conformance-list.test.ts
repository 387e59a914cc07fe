/** docs/conformance.md names a test for each of the 63 items of the list, and each of them is there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/conformance.md'), 'utf8');
const rows = [...page.matchAll(/^\| (\d+) \| (.+?) \| (\S+) \| (.+) \|$/gm)].map(
  ([, item = '', , file = '', title = '']) => ({ item: Number(item), file, title: title.replaceAll('\\|', '|') }),
);

describe('the conformance list', () => {
  it('has a test for each of its 63 items', () => {
    const items = new Set(rows.map(({ item }) => item));
    const all = Array.from({ length: 63 }, (_, index) => index + 1);
    expect(all.filter((item) => !items.has(item))).toEqual([]);
    expect([...items].filter((item) => !all.includes(item))).toEqual([]);
  });

  it('names tests that are there', () => {
    const gone = rows.filter(
      ({ file, title }) => !existsSync(join(root, file)) || !readFileSync(join(root, file), 'utf8').includes(title),
    );
    expect(gone).toEqual([]);
  });
});
