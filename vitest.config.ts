import { defineConfig } from 'vitest/config';

/** In ms. What hangs is found by it all the same; what is only slow, on a busy machine, is not taken for it. */
const patience = { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 15_000 } } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          ...patience,
          include: [
            'src/main/**/*.test.ts',
            'src/shared/**/*.test.ts',
            'tests/unit/**/*.test.ts',
            'scripts/**/*.test.mjs',
          ],
        },
      },
      {
        test: {
          name: 'web',
          environment: 'happy-dom',
          setupFiles: ['tests/unit/patience.ts'],
          ...patience,
          include: ['src/renderer/**/*.test.{ts,tsx}'],
        },
      },
      {
        test: {
          name: 'engine',
          environment: 'node',
          include: ['tests/engine/**/*.test.ts'],
          fileParallelism: false,
          ...patience,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
