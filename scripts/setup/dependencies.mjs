/** npm packages, installed once for a lock file. */
import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { logs } from './places.mjs';
import { must, step } from './words.mjs';

/** Installs what `folder`'s lock file says, unless its stamp shows that this lock is installed already. */
export async function ensureDependencies(folder, label) {
  const lock = await readFile(join(folder, 'package-lock.json'));
  const want = createHash('sha256').update(lock).update(process.version).digest('hex');
  const stamp = join(folder, 'node_modules', '.quayside-stamp');
  const have = await readFile(stamp, 'utf8').catch(() => '');
  if (have === want) return;
  // Installed by hand from the same lock: npm keeps a copy of it, newer than ours or equal.
  await step(label, async (say) => {
    const args = ['ci', '--no-audit', '--no-fund', '--loglevel=http'];
    await must(
      'The npm packages could not be installed',
      ['Check the network and the npm registry that npm is set to use, then run the same command again'],
      process.platform === 'win32' ? 'npm.cmd' : 'npm',
      args,
      { cwd: folder, log: join(logs, 'npm-ci.log'), say: (line) => say(line.replace(/^npm http /, '')) },
    );
    await writeFile(stamp, want);
  });
}

/** True when every path exists. */
export async function allExist(...paths) {
  const found = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.every(Boolean);
}
