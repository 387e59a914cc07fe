import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';

// Main and preload are CommonJS: a sandboxed preload must be, and one file per entry is what starts fastest
// (docs/adr: bundle everything, electron itself excepted). Node 18 is what the oldest supported runtime carries.
const node = { target: 'node18', minify: false, sourcemap: true } as const;

export default defineConfig({
  main: {
    build: {
      ...node,
      externalizeDeps: false,
      rollupOptions: {
        input: { index: 'src/main/desktop/index.ts', cli: 'src/main/cli/index.ts' },
        external: ['electron', 'cpu-features', /\.node$/],
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: 'chunks/[name]-[hash].cjs' },
      },
    },
  },
  preload: {
    build: {
      ...node,
      externalizeDeps: false,
      rollupOptions: {
        input: { preload: 'src/main/preload.ts' },
        external: ['electron'],
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'src/renderer',
    build: {
      target: 'chrome114',
      sourcemap: false,
      // Parsing is most of what stands between the window and its first paint; electron-vite leaves this off.
      minify: true,
      modulePreload: { polyfill: false },
      rollupOptions: { input: { index: 'src/renderer/index.html' } },
    },
    plugins: [react()],
  },
});
