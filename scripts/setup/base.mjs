/** The base image of the stand-ins: only where no image registry answers, and only on a machine that can make one. */
import { join } from 'node:path';
import { asRoot, ensurePackages, isDebian } from './debian.mjs';
import { engineCall } from './engine.mjs';
import { logs, root } from './places.mjs';
import { must, step } from './words.mjs';

export const baseTag = 'quayside/base:trixie';
/** Asked for its manifest only; nothing is pulled. */
const probe = 'library/redis:8';

/** Whether the engine can ask an image registry. */
async function registryAnswers() {
  const { status } = await engineCall('GET', `/distribution/${probe}/json`, { timeoutMs: 20_000 }).catch(() => ({
    status: 0,
  }));
  return status === 200;
}

export async function ensureStandInBase() {
  const { status } = await engineCall('GET', `/images/${baseTag}/json`).catch(() => ({ status: 0 }));
  // 0: not the usual local engine; the product itself says what is missing when it needs it.
  if (status !== 404) return;
  const prefix = isDebian() ? await asRoot() : null;
  if (prefix === null || (await registryAnswers())) return;
  await ensurePackages(['debootstrap'], 'Installing debootstrap');
  await step('No image registry answers: making a base image from Debian packages', async (say) => {
    const [program, ...rest] = [...prefix, process.execPath, join(root, 'scripts', 'setup', 'base-image.mjs')];
    await must(
      'The base image could not be made',
      ['Run the same command again; what is done stays done'],
      program,
      rest,
      { cwd: root, log: join(logs, 'base-image.log'), say },
    );
  });
}
