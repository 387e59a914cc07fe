/** Runs TypeScript of the product outside of a test: bundled by Vite (which the build uses anyway) into a cache folder. */
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';

/** @param file path of the module @param root the checkout @returns the path of its bundle */
export async function bundleTypescript(file, root) {
  const outDir = join(root, 'node_modules', '.cache', 'quayside-bench', basename(file, '.ts'));
  await mkdir(outDir, { recursive: true });
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: file,
      outDir,
      emptyOutDir: true,
      target: 'node20',
      rollupOptions: { output: { entryFileNames: 'bench.mjs' } },
    },
  });
  return join(outDir, 'bench.mjs');
}

/** @param file path of the module @param root the checkout @returns the module's exports */
export async function importTypescript(file, root) {
  return import(`${pathToFileURL(await bundleTypescript(file, root)).href}?${Date.now()}`);
}
