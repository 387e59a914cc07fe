/** Debian packages, where the machine is Debian or a relative of it and we may install. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { logs } from './places.mjs';
import { must, run, SetupProblem, step } from './words.mjs';

/** How a command is run as root here: as it is, through sudo without a password, or not at all (null). */
export async function asRoot() {
  if (process.getuid?.() === 0) return [];
  const sudo = await run('sudo', ['-n', 'true']).catch(() => ({ code: 1 }));
  return sudo.code === 0 ? ['sudo', '-n'] : null;
}

export const isDebian = () =>
  process.platform === 'linux' && existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg');

/** The given packages that are not installed. */
export async function missingPackages(packages) {
  const missing = [];
  for (const name of packages) {
    const { code, tail } = await run('dpkg-query', ['-W', '-f=${db:Status-Status}', name]).catch(() => ({
      code: 1,
      tail: '',
    }));
    if (code !== 0 || tail.trim() !== 'installed') missing.push(name);
  }
  return missing;
}

/** Installs what is missing of `packages`. @throws {SetupProblem} where we may not, with the command to type */
export async function ensurePackages(packages, label) {
  const missing = await missingPackages(packages);
  if (missing.length === 0) return;
  const command = `sudo apt-get install ${missing.join(' ')}`;
  const prefix = await asRoot();
  if (prefix === null) {
    throw new SetupProblem(
      `${label}: packages are missing`,
      `${missing.join(', ')} must be installed, and that needs an administrator.`,
      [command],
    );
  }
  const log = join(logs, 'apt.log');
  const apt = (args, say) => {
    const [program, ...rest] = [...prefix, 'apt-get', ...args];
    return { program, rest, options: { log, say, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } };
  };
  await step(label, async (say) => {
    // The lists may be old or absent on a new machine; a failed update matters only if the installation then fails.
    const update = apt(['update', '-q'], say);
    await run(update.program, update.rest, update.options);
    const install = apt(
      ['install', '-y', '-q', '--no-install-recommends', '-o', 'Dpkg::Lock::Timeout=120', ...missing],
      say,
    );
    await must(`${label}: apt-get failed`, [command], install.program, install.rest, install.options);
  });
}
