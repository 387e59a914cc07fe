import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toProblem } from '../../shared/model/problem.ts';
import { type ContextSource, readBuildContext } from './build-context.ts';

let folder: string;
let context: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-context-'));
  context = join(folder, 'context');
  await mkdir(context);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(context, name)), { recursive: true });
    await writeFile(join(context, name), text);
  }
}

const source = (more: Partial<ContextSource> = {}): ContextSource => ({
  service: 'web',
  folder: context,
  dockerfile: join(context, 'Dockerfile'),
  ...more,
});

async function entriesOf(tar: Readable): Promise<Map<string, Header & { text: string }>> {
  const found = new Map<string, Header & { text: string }>();
  const reader = extract();
  tar.on('error', (error) => reader.destroy(error));
  tar.pipe(reader);
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    found.set(entry.header.name, { ...entry.header, text: Buffer.concat(chunks).toString('utf8') });
  }
  return found;
}

async function namesOf(more: Partial<ContextSource> = {}): Promise<string[]> {
  return [...(await entriesOf((await readBuildContext(source(more))).open())).keys()];
}

describe('the context of a build', () => {
  it('is sent as it is: modes, times, links; owned by root; sockets passed over', async () => {
    await write({ Dockerfile: 'FROM scratch\n', 'bin/run': '#!/bin/sh\n', 'data/empty': '' });
    await chmod(join(context, 'bin/run'), 0o750);
    await utimes(join(context, 'bin/run'), new Date(5000), new Date(1_000_000_000_000));
    await symlink('/etc/passwd', join(context, 'outside'));
    await mkdir(join(context, 'empty-folder'));
    const server = createServer().listen(join(context, 'socket'));
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(context, 'pipe')]);
    const entries = await entriesOf((await readBuildContext(source())).open());
    server.close();
    expect([...entries.keys()]).toEqual([
      'Dockerfile',
      'bin/',
      'bin/run',
      'data/',
      'data/empty',
      'empty-folder/',
      'outside',
    ]);
    expect(entries.get('bin/run')).toMatchObject({ mode: 0o750, uid: 0, gid: 0, mtime: new Date(1_000_000_000_000) });
    expect(entries.get('outside')).toMatchObject({ type: 'symlink', linkname: '/etc/passwd', text: '' });
  });

  it('leaves out what .dockerignore says, and takes back what it takes back', async () => {
    await write({
      Dockerfile: '',
      '.dockerignore': '*\n!src/**/*.ts\n!keep\n',
      'src/a.js': '',
      'src/deep/b.ts': 'b',
      'keep/x': '',
      'node_modules/y': '',
    });
    const entries = await entriesOf((await readBuildContext(source())).open());
    expect([...entries.keys()].sort()).toEqual(
      ['.dockerignore', 'Dockerfile', 'keep/', 'keep/x', 'src/', 'src/deep/', 'src/deep/b.ts'].sort(),
    );
    // The engine is told to take these two out of the context again.
    expect(entries.get('.dockerignore')?.text).toBe('*\n!src/**/*.ts\n!keep\n\nDockerfile\n.dockerignore\n');
  });

  it('prefers the ignore file of the Dockerfile', async () => {
    await write({ 'a.Dockerfile': '', 'a.Dockerfile.dockerignore': 'x\n', '.dockerignore': 'y\n', x: '', y: '' });
    expect(await namesOf({ dockerfile: join(context, 'a.Dockerfile') })).toEqual([
      '.dockerignore',
      'a.Dockerfile',
      'a.Dockerfile.dockerignore',
      'y',
    ]);
  });

  it('brings a Dockerfile from outside, or from the file, under a name of its own', async () => {
    await write({ x: '' });
    await writeFile(join(folder, 'Dockerfile'), 'FROM a\n');
    for (const [more, text] of [
      [{ dockerfile: join(folder, 'Dockerfile') }, 'FROM a\n'],
      [{ dockerfile: null, inline: 'FROM b\n' }, 'FROM b\n'],
    ] as const) {
      const read = await readBuildContext(source(more));
      const entries = await entriesOf(read.open());
      expect(read.dockerfile).toMatch(/^\.dockerfile\.[0-9a-f]{12}$/);
      expect(entries.get(read.dockerfile)?.text).toBe(text);
      expect(entries.get('.dockerignore')?.text).toBe(`${read.dockerfile}\n.dockerignore\n`);
      expect(entries.has('x')).toBe(true);
    }
    await symlink('../Dockerfile', join(context, 'Dockerfile'));
    expect((await readBuildContext(source())).dockerfile).toMatch(/^\.dockerfile\./);
  });

  it('takes no memory, whatever its size', { timeout: 30_000 }, async () => {
    await write({ Dockerfile: '' });
    await writeFile(join(context, 'large'), '');
    await truncate(join(context, 'large'), 400 * 1024 * 1024);
    const stream = (await readBuildContext(source())).open();
    const before = process.memoryUsage().rss;
    let [bytes, most] = [0, 0];
    for await (const chunk of stream) {
      bytes += (chunk as Buffer).length;
      if (bytes % (64 * 1024 * 1024) < 300_000) most = Math.max(most, process.memoryUsage().rss - before);
    }
    expect(bytes).toBeGreaterThan(400 * 1024 * 1024);
    expect(most).toBeLessThan(64 * 1024 * 1024);
  });

  it('lets go of its file when it is given up in the middle', async () => {
    await write({ Dockerfile: '' });
    await writeFile(join(context, 'large'), '');
    await truncate(join(context, 'large'), 64 * 1024 * 1024);
    const stream = (await readBuildContext(source())).open();
    for await (const _ of stream) break;
    expect(stream.destroyed).toBe(true);
    await expect.poll(() => openFiles(context)).toEqual([]);
  });
});

/** What this process has open below a folder. */
function openFiles(below: string): string[] {
  const listed = execFileSync('sh', ['-c', `ls -l /proc/${process.pid}/fd 2>/dev/null || true`], { encoding: 'utf8' });
  return listed.split('\n').filter((line) => line.includes(below));
}

describe('a context that cannot be sent', () => {
  const failure = async (more: Partial<ContextSource> = {}) =>
    readBuildContext(source(more))
      .then((read) => entriesOf(read.open()))
      .catch(toProblem);

  it('is told by name', async () => {
    expect(await failure({ folder: join(folder, 'nowhere') })).toMatchObject({ code: 'build-context-missing' });
    expect(await failure()).toMatchObject({ code: 'dockerfile-missing', service: 'web' });
    await write({ Dockerfile: '', '.dockerignore': 'ok\n[a\n' });
    expect(await failure()).toMatchObject({
      code: 'dockerignore-invalid',
      evidence: [`${join(context, '.dockerignore')}:2`, '[a'],
    });
  });

  it('is told when a file shrinks or grows while it is read', async () => {
    await write({ Dockerfile: '' });
    for (const size of [1024, 64 * 1024 * 1024 + 1]) {
      await writeFile(join(context, 'large'), '');
      await truncate(join(context, 'large'), 64 * 1024 * 1024);
      const stream = (await readBuildContext(source())).open();
      const read = (async () => {
        let bytes = 0;
        for await (const chunk of stream) {
          if (bytes < 1024 * 1024 && bytes + (chunk as Buffer).length >= 1024 * 1024) {
            await truncate(join(context, 'large'), size);
          }
          bytes += (chunk as Buffer).length;
        }
      })();
      expect(await read.catch(toProblem)).toMatchObject({
        code: 'build-context-changed',
        cause: expect.stringContaining('large'),
      });
    }
  });
});
