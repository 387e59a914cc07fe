/** Debian packages unpacked into the cache folder, never installed: programs that only tests need. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** `${XDG_CACHE_HOME:-~/.cache}/quayside` */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'quayside');
}

/** The folder that the packages of this machine's own release are unpacked into; fetched once. Safe when two do it. */
export async function unpackedPackages(name: string, packages: readonly string[]): Promise<string> {
  const target = join(cacheFolder(), name);
  if (existsSync(target)) return target;
  await mkdir(cacheFolder(), { recursive: true });
  const scratch = await mkdtemp(join(cacheFolder(), '.fetch-'));
  try {
    const download = () => run('apt-get', ['-q', 'download', ...packages], { cwd: scratch });
    await download().catch(async () => {
      await run('apt-get', ['-q', 'update'], { maxBuffer: 16 << 20 });
      await download();
    });
    const tree = join(scratch, 'tree');
    for (const file of await readdir(scratch)) {
      if (file.endsWith('.deb')) await run('dpkg', ['-x', join(scratch, file), tree]);
    }
    await rename(tree, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return target;
}
