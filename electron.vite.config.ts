import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';
import type { Plugin } from 'vite';

// Main and preload are CommonJS: a sandboxed preload must be, and one file per entry is what starts fastest
// (docs/adr: bundle everything, electron itself excepted). Node 18 is what the oldest supported runtime carries.
// Minified because compiling the bundle is half of what it costs to load; the source maps stay beside it.
const node = { target: 'node18', minify: true, sourcemap: true } as const;

/**
 * Leaves out what dockerode loads and Quayside never uses: its own ssh (an engine behind ssh is reached through the
 * person’s ssh program, which checks host keys itself) and BuildKit sessions. More than half of its loading time.
 */
function withoutUnusedDockerode(): Plugin {
  const unused = /\/node_modules\/(docker-modem\/lib\/ssh|dockerode\/lib\/(session|buildkit))\.js$/;
  return {
    name: 'without-unused-dockerode',
    load: (id) =>
      unused.test(id.replaceAll('\\', '/'))
        ? "module.exports = () => { throw new Error('Not part of Quayside: ssh and BuildKit sessions'); };"
        : null,
  };
}

export default defineConfig({
  main: {
    plugins: [withoutUnusedDockerode()],
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
