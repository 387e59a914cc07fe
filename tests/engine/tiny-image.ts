/**
 * An image of a shell and a few tools, made in a second from what this machine already has, so that engine tests need
 * no registry: on Linux the host's own dash and coreutils with their libraries, elsewhere `busybox` from a registry.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { request } from 'node:http';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import type { EngineClient } from '../../src/main/engine/engine-client.ts';

const tools = [
  'sh',
  'cat',
  'sleep',
  'ls',
  'mkdir',
  'rm',
  'touch',
  'seq',
  'head',
  'tail',
  'env',
  'date',
  'dd',
  'sha256sum',
  'tr',
  'true',
  'false',
  'yes',
  'wc',
  'id',
  'getent',
  'setsid',
  'mv',
];

/** Answers the tag of the image, importing it when the engine does not have it. It is kept: the next run is instant. */
export async function ensureTinyImage(engine: EngineClient): Promise<string> {
  if (process.platform !== 'linux') {
    const ref = 'busybox:1.37';
    if ((await engine.inspectImage(ref)) === null) await engine.pullImage(ref, () => undefined);
    return ref;
  }
  const files = new Map<string, string>();
  for (const tool of tools) {
    const path = [`/bin/${tool}`, `/usr/bin/${tool}`].find(existsSync);
    if (path === undefined) throw new Error(`This machine has no ${tool} to put into the test image`);
    files.set(`bin/${tool}`, realpathSync(path));
    const libraries = execFileSync('ldd', [realpathSync(path)], { encoding: 'utf8' });
    // "libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)" and "/lib64/ld-linux-x86-64.so.2 (0x…)"
    for (const [, library] of libraries.matchAll(/(?:=> |^\s*)(\/\S+)/gm)) {
      if (library) files.set(library.slice(1), realpathSync(library));
    }
  }
  const contents = [...files].map(([name, path]) => ({ name, data: readFileSync(path) }));
  const hash = createHash('sha256');
  for (const { name, data } of contents) hash.update(name).update(data);
  const tag = `quayside-test/tiny:${hash.digest('hex').slice(0, 12)}`;
  if ((await engine.inspectImage(tag)) !== null) return tag;

  const tar = pack();
  const sent = engine.importImage(Readable.from(tar), tag);
  // Debian's merged /usr: the loader is looked for in /lib64, the libraries in /lib.
  for (const folder of ['tmp', 'proc', 'dev', 'sys', 'etc']) {
    tar.entry({ name: folder, type: 'directory', mode: folder === 'tmp' ? 0o1777 : 0o755 });
  }
  for (const { name, data } of contents) tar.entry({ name, mode: 0o755 }, data);
  tar.entry({ name: 'etc/passwd' }, 'root:x:0:0:root:/:/bin/sh\n');
  tar.finalize();
  await sent;
  if ((await engine.inspectImage(tag)) === null) throw new Error(`${basename(tag)} was imported but is not there`);
  return tag;
}

/** An uncompressed tar of a few small files. */
export function tarOf(files: Readonly<Record<string, string>>): Readable {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content);
  tar.finalize();
  return Readable.from(tar);
}

/** Removes an image that a test built. The product has no such call, so this asks the engine itself. */
export async function removeTestImage(tag: string): Promise<void> {
  if (!tag.startsWith('quayside-test/')) throw new Error(`${tag} is not a test's image`);
  await new Promise<void>((resolve, reject) => {
    const path = `/images/${tag}?force=1`;
    request({ socketPath: '/var/run/docker.sock', method: 'DELETE', path }, (response) => {
      response.resume().once('end', resolve);
    })
      .once('error', reject)
      .end();
  });
}
