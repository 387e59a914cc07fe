/** The bundles under out/, made again only when what they are made of has changed. */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { allExist } from './dependencies.mjs';
import { logs, root } from './places.mjs';
import { must, step } from './words.mjs';

async function filesBelow(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  const lists = await Promise.all(
    entries.map((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)])),
  );
  return lists.flat();
}

async function sourceHash() {
  const files = [
    ...(await filesBelow(join(root, 'src'))),
    join(root, 'electron.vite.config.ts'),
    join(root, 'package-lock.json'),
  ];
  const hash = createHash('sha256');
  for (const file of files.filter((name) => !/\.test\.tsx?$/.test(name)).sort()) {
    hash
      .update(relative(root, file))
      .update('\0')
      .update(await readFile(file))
      .update('\0');
  }
  return hash.digest('hex');
}

export async function ensureBuilt() {
  const want = await sourceHash();
  const stamp = join(root, 'out', '.stamp');
  const outputs = ['main/index.cjs', 'main/cli.cjs', 'preload/preload.cjs', 'renderer/index.html'].map((name) =>
    join(root, 'out', name),
  );
  if ((await readFile(stamp, 'utf8').catch(() => '')) === want && (await allExist(...outputs))) return;
  await step('Building the panel', async (say) => {
    const vite = join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js');
    await must(
      'The panel could not be built',
      [`Look at ${join(logs, 'build.log')}`],
      process.execPath,
      [vite, 'build'],
      { cwd: root, log: join(logs, 'build.log'), say },
    );
    await writeFile(stamp, want);
  });
}
