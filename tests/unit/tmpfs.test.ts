/**
 * A tmpfs takes the mode of the folder that it covers, whatever is asked for; where the image has none, the engine makes
 * one of root's at the first start, and the second start finds that. So the image has to bring the folder.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const compose = join(process.cwd(), 'compose');
/** What images of others bring by themselves, with the mode that is asked for. */
const brought = new Set(['/tmp', '/var/run/postgresql']);

it('a folder in memory that anybody may write to covers one that the image has', () => {
  const files = readdirSync(compose).filter((name) => name.endsWith('.yaml'));
  const paths = files.flatMap((name) =>
    [...readFileSync(join(compose, name), 'utf8').matchAll(/"(\/[^":]+):mode=1777/g)].map(([, path]) => ({
      name,
      path,
    })),
  );
  expect(paths.length).toBeGreaterThan(5);
  for (const { name, path } of paths.filter(({ path }) => !brought.has(path ?? ''))) {
    const recipe = readFileSync(join(compose, name.replace('.yaml', ''), 'Dockerfile'), 'utf8');
    expect([name, recipe]).toEqual([name, expect.stringContaining(`chmod 1777 ${path}`)]);
  }
});
