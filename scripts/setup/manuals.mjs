/** Documentation of Debian packages, unpacked into the cache and never installed: what the benchmarks ask about. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDebian } from './debian.mjs';
import { cache, logs } from './places.mjs';
import { must, run, SetupProblem, step } from './words.mjs';

/**
 * A folder with one folder per package, as `dpkg -x` leaves it. What is there already is not fetched again.
 * @param {readonly string[]} packages
 */
export async function ensureManuals(packages) {
  const folder = join(cache, 'manuals');
  const missing = packages.filter((name) => !existsSync(join(folder, name)));
  if (missing.length === 0) return folder;
  if (!isDebian())
    throw new SetupProblem(
      'The manuals cannot be fetched',
      'They are taken from Debian packages, and this is no Debian.',
    );
  await step('Fetching manuals', async (say) => {
    const log = join(logs, 'apt.log');
    const fetched = join(folder, `.fetched-${process.pid}`);
    await mkdir(fetched, { recursive: true });
    try {
      const download = () => run('apt-get', ['download', '-q', ...missing], { cwd: fetched, log, say });
      // The lists may be older than what the archive holds now.
      if ((await download()).code !== 0) {
        await run('apt-get', ['update', '-q'], { log, say });
        const again = await download();
        if (again.code !== 0)
          throw new SetupProblem('The manuals cannot be fetched', again.tail.trim().split('\n').slice(-5).join('\n'), [
            'Check the network and the package sources, then run the same command again',
          ]);
      }
      for (const file of await readdir(fetched)) {
        if (!file.endsWith('.deb')) continue;
        const name = file.split('_')[0];
        say(name);
        const unpacked = join(fetched, name);
        await must(`${name} could not be unpacked`, [], 'dpkg', ['-x', join(fetched, file), unpacked], { log });
        await rename(unpacked, join(folder, name));
      }
    } finally {
      await rm(fetched, { recursive: true, force: true });
    }
  });
  return folder;
}
