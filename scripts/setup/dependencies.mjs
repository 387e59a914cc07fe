/** npm packages, installed once for a lock file. */
import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { logs } from './places.mjs';
import { must, run, step } from './words.mjs';

/** Installs what `folder`'s lock file says, unless its stamp shows that this lock is installed already. */
export async function ensureDependencies(folder, label) {
  const lock = await readFile(join(folder, 'package-lock.json'));
  const want = createHash('sha256').update(lock).update(process.version).digest('hex');
  const stamp = join(folder, 'node_modules', '.quayside-stamp');
  const have = await readFile(stamp, 'utf8').catch(() => '');
  if (have === want) return;
  await step(label, async (say) => {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const flags = ['--no-audit', '--no-fund', '--loglevel=http'];
    const options = {
      cwd: folder,
      log: join(logs, 'npm.log'),
      say: (line) => say(line.replace(/^npm http /, '')),
    };
    // A registry that lacks an optional package of another platform makes `npm ci` refuse the lock file; `npm install`
    // takes the same versions from it and leaves that package out.
    const clean = await run(npm, ['ci', ...flags], options);
    if (clean.code === 0) return writeFile(stamp, want);
    await must(
      'The npm packages could not be installed',
      ['Check the network and the npm registry that npm is set to use, then run the same command again'],
      npm,
      ['install', '--no-save', ...flags],
      options,
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
