/**
 * The image that every stand-in is built on, made from nothing where no image registry answers: Debian's smallest
 * system by debootstrap, without documentation, imported through the engine's API. Run by `npm start` and `npm test`;
 * by itself: node scripts/setup/base-image.mjs [--if-needed].
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { asRoot, ensurePackages, isDebian } from './debian.mjs';
import { cache, logs } from './places.mjs';
import { must, printProblem, run, SetupProblem, step } from './words.mjs';

export const baseImage = 'quayside/base:trixie';
const [repository, tag] = baseImage.split(':');
/** What the official images are pulled for first; only asked about, never fetched here. */
const askedFor = 'redis:8';

/** $1: the folder. Leaves a system whose `apt-get` keeps no caches and installs no documentation. */
const makeRoot = `
debootstrap --variant=minbase trixie "$1"
# Security updates from the same mirror.
sed -n 's#^deb \\(.*\\)/debian trixie main#deb \\1/debian-security trixie-security main#p' "$1/etc/apt/sources.list" > "$1/etc/apt/sources.list.d/security.list"
cat > "$1/etc/apt/apt.conf.d/docker-clean" <<'END'
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::GzipIndexes "true";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Install-Recommends "false";
APT::Install-Suggests "false";
END
cat > "$1/etc/dpkg/dpkg.cfg.d/docker" <<'END'
force-unsafe-io
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/man/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
END
printf '#!/bin/sh\\nexit 101\\n' > "$1/usr/sbin/policy-rc.d"
chmod 755 "$1/usr/sbin/policy-rc.d"
rm -f "$1/etc/resolv.conf" "$1/etc/hostname" "$1/etc/machine-id"
`;
/** Left out of the image; copyright files stay, because their licences ask for it. */
const leftOut = [
  './proc/*',
  './sys/*',
  './dev/*',
  './run/*',
  './tmp/*',
  './var/cache/apt/*',
  './var/lib/apt/lists/*',
  './var/log/*',
  './usr/share/man/*',
  './usr/share/info/*',
  './usr/share/locale/*',
  './usr/share/lintian/*',
];

/**
 * Makes the image if it is missing. Safe to run again, also after a kill. Takes 25 to 80 s, needs root on Debian.
 * @param ifNeeded also does nothing where a registry answers, because images are pulled there
 * @returns {Promise<boolean>} whether it was made now
 */
export async function ensureBaseImage({ ifNeeded = false } = {}) {
  const engine = localSocket();
  if (engine === null) return false;
  if ((await ask(engine, 'GET', `/images/${encodeURIComponent(baseImage)}/json`)).status === 200) return false;
  if (ifNeeded && (await registryAnswers(engine))) return false;
  const prefix = await asRoot();
  if (!isDebian() || prefix === null) {
    throw new SetupProblem(
      'The base of the images cannot be built here',
      'No image registry answers, so the images are built on this machine. That needs Debian and an administrator.',
      ['Run the same command as root (or with sudo) on Debian', 'Or connect to a network where Docker can pull images'],
    );
  }
  await ensurePackages(['debootstrap'], 'Installing debootstrap');
  await removeLeftovers(prefix);
  const folder = join(cache, `base-${process.pid}`);
  mkdirSync(cache, { recursive: true });
  try {
    await step('Building the base of the images', async (say) => {
      await asRootRun(prefix, 'The base system could not be put together', ['sh', '-euc', makeRoot, 'sh', folder], say);
      say('handing it to the engine');
      await importTree(engine, prefix, folder);
    });
  } finally {
    await removeTree(prefix, folder);
  }
  return true;
}

/** Whether the engine reaches the registry: it is asked about an image, which fetches nothing. */
export async function registryAnswers(engine = localSocket()) {
  if (engine === null) return true;
  const answer = await ask(engine, 'GET', `/distribution/${askedFor}/json`, { timeoutMs: 20_000 }).catch(() => null);
  return answer?.status === 200;
}

async function asRootRun(prefix, title, command, say) {
  const [program, ...args] = [...prefix, ...command];
  const remedies = ['Run the same command again; nothing half-done is kept', `Look at ${join(logs, 'base-image.log')}`];
  await must(title, remedies, program, args, { say, log: join(logs, 'base-image.log') });
}

/** The local engine's socket; null when an engine elsewhere was named, which has images of its own. */
function localSocket() {
  const host = process.env.DOCKER_HOST;
  if (!host) return process.platform === 'win32' ? null : '/var/run/docker.sock';
  return host.startsWith('unix://') ? host.slice('unix://'.length) : null;
}

async function importTree(engine, prefix, folder) {
  const [program, ...args] = [
    ...prefix,
    'tar',
    '--create',
    '--numeric-owner',
    '--sort=name',
    '--one-file-system',
    ...leftOut.map((path) => `--exclude=${path}`),
    `--directory=${folder}`,
    '.',
  ];
  const tar = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  tar.stderr.on('data', (chunk) => {
    complaint = (complaint + chunk).slice(-2000);
  });
  const ended = new Promise((resolve, reject) => {
    tar.on('error', reject);
    tar.on('close', resolve);
  });
  // Under a passing name first: only a whole tree gets the real one.
  const passing = `making-${process.pid}`;
  const query = new URLSearchParams({ fromSrc: '-', repo: repository, tag: passing, changes: 'CMD ["bash"]' });
  const [answer, code] = await Promise.all([
    ask(engine, 'POST', `/images/create?${query}`, { body: tar.stdout }),
    ended,
  ]);
  // The engine says 200 first and what went wrong later, in a line of its stream.
  const refusal = answer.text.split('\n').find((line) => line.includes('"error"'));
  const named = encodeURIComponent(`${repository}:${passing}`);
  try {
    if (code !== 0 || answer.status !== 200 || refusal !== undefined) {
      const cause = [complaint, refusal ?? (answer.status === 200 ? '' : answer.text)].filter(Boolean).join('\n');
      throw new SetupProblem('The engine did not take the base image', cause, [
        'Free some space, then run the same command again',
      ]);
    }
    const target = new URLSearchParams({ repo: repository, tag });
    const tagged = await ask(engine, 'POST', `/images/${named}/tag?${target}`);
    if (tagged.status !== 201)
      throw new SetupProblem('The engine did not name the base image', tagged.text, ['Run the same command again']);
  } finally {
    await ask(engine, 'DELETE', `/images/${named}`).catch(() => undefined);
  }
}

/** Sends a request and reads its answer, of which the last 64 kB are kept. Gives up after `timeoutMs` without a sign. */
function ask(socketPath, method, path, { body, timeoutMs = 120_000 } = {}) {
  return new Promise((resolve, reject) => {
    const headers = body ? { 'Content-Type': 'application/x-tar', 'Transfer-Encoding': 'chunked' } : {};
    const sent = request({ socketPath, method, path, headers, timeout: timeoutMs }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => {
        text = (text + chunk).slice(-65_536);
      });
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
      answer.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`the engine gave no sign for ${timeoutMs / 1000} s`)));
    sent.on('error', reject);
    if (body) body.pipe(sent);
    else sent.end();
  });
}

/** Trees of runs that were killed: their process is gone. */
async function removeLeftovers(prefix) {
  let names = [];
  try {
    names = readdirSync(cache).filter((name) => /^base-\d+$/.test(name));
  } catch {
    return;
  }
  for (const name of names) {
    try {
      process.kill(Number(name.slice('base-'.length)), 0);
    } catch (error) {
      if (error.code === 'ESRCH') await removeTree(prefix, join(cache, name));
    }
  }
}

/** A killed debootstrap leaves /proc mounted inside; what is mounted is never removed. */
async function removeTree(prefix, folder) {
  const script = 'umount "$1/proc" "$1/sys" "$1/dev" 2>/dev/null; rm -rf --one-file-system "$1"';
  const [program, ...args] = [...prefix, 'sh', '-c', script, 'sh', folder];
  await run(program, args, {});
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const made = await ensureBaseImage({ ifNeeded: argv.includes('--if-needed') });
    console.log(made ? `  ${baseImage} is ready` : `  ${baseImage}: nothing to do`);
  } catch (error) {
    printProblem(error);
    process.exitCode = 1;
  }
}
