import { expect, it } from 'vitest';
import type { BackendClient } from './backend-client.ts';
import { createTouch, watchBackend } from './live.ts';

/** Long enough that only a touch can bring the next reading. */
const never = 3_600_000;

it('looks again at once after a change of its own', async () => {
  const own = createTouch();
  let names = ['default'];
  const told: string[][] = [];
  const close = watchBackend(
    {
      client: {} as BackendClient,
      access: { url: () => 'http://127.0.0.1:1', token: async () => '' },
      empty: [],
      byDocuments: false,
      own,
      read: async () => names,
      againMs: () => never,
    },
    (value) => told.push(value),
  );
  await expect.poll(() => told).toEqual([['default']]);
  names = ['default', 'Harbour'];
  own.touch();
  await expect.poll(() => told).toEqual([['default'], ['default', 'Harbour']]);
  close();
  names = ['gone'];
  own.touch();
  expect(told).toHaveLength(2);
});
