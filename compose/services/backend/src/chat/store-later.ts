/** Keeps what could not be stored because the database was away, until it can be. */
import { setTimeout as pause } from 'node:timers/promises';

const everyMs = 1000;
const forMs = 10 * 60_000;

/** Tries again and again, and gives up after ten minutes. */
export async function storeLater(store: () => Promise<void>): Promise<void> {
  for (const until = Date.now() + forMs; Date.now() < until; ) {
    await pause(everyMs, undefined, { ref: false });
    const stored = await store().then(
      () => true,
      () => false,
    );
    if (stored) return;
  }
}
