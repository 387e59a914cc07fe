import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toProblem } from '../../shared/model/problem.ts';
import { buildStepWords } from './build-words.ts';
import { caBundle } from './ca-bundle.ts';
import { contextHash, packContext, readContext } from './image-context.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-context-'));
  await mkdir(join(folder, 'src'));
  await writeFile(join(folder, 'Dockerfile'), 'FROM x\n');
  await writeFile(join(folder, 'src', 'run.sh'), '#!/bin/sh\n');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const hash = async (args: Record<string, string> = {}) => contextHash(await readContext(folder), args);

describe('readContext', () => {
  it('is sorted, leaves out what .dockerignore names, and passes over links', async () => {
    await writeFile(join(folder, '.dockerignore'), 'node_modules\n**/*.test.ts\n');
    await mkdir(join(folder, 'node_modules', 'x'), { recursive: true });
    await writeFile(join(folder, 'node_modules', 'x', 'a.js'), '');
    await writeFile(join(folder, 'src', 'a.test.ts'), '');
    await symlink('/etc/passwd', join(folder, 'src', 'passwd'));
    const files = await readContext(folder);
    expect(files.map((file) => file.path)).toEqual(['.dockerignore', 'Dockerfile', 'src/run.sh']);
    expect(files.map((file) => file.executable)).toEqual([false, false, true]);
  });

  it('says when there is no Dockerfile or no folder', async () => {
    await rm(join(folder, 'Dockerfile'));
    for (const path of [folder, join(folder, 'none')]) {
      const found = await readContext(path).catch(toProblem);
      expect(found).toMatchObject({ code: 'image-recipe' });
    }
  });
});

describe('contextHash', () => {
  it('stays the same for the same files, whatever their mode on disk', async () => {
    const before = await hash();
    await chmod(join(folder, 'Dockerfile'), 0o600);
    expect(await hash()).toBe(before);
  });

  it.each([
    ['a content', () => writeFile(join(folder, 'Dockerfile'), 'FROM y\n')],
    ['a new file', () => writeFile(join(folder, 'src', 'b'), '')],
    ['a name', () => rm(join(folder, 'src', 'run.sh')).then(() => writeFile(join(folder, 'run.sh'), '#!/bin/sh\n'))],
  ])('changes with %s', async (_, change) => {
    const before = await hash();
    await change();
    expect(await hash()).not.toBe(before);
  });

  it('changes with a build argument, not with their order', async () => {
    expect(await hash({ A: '1' })).not.toBe(await hash({ A: '2' }));
    expect(await hash({ A: '1', B: '2' })).toBe(await hash({ B: '2', A: '1' }));
    expect(await hash({ A: '1B' })).not.toBe(await hash({ A1: 'B' }));
  });
});

it('packs the same tar each time, with folders before files', async () => {
  const bytes = async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of packContext(await readContext(folder))) chunks.push(Buffer.from(chunk as Buffer));
    return Buffer.concat(chunks);
  };
  const first = await bytes();
  expect(first.equals(await bytes())).toBe(true);
  expect(first.toString('latin1')).toMatch(/^src\/\0/);
  expect(first.length % 512).toBe(0);
});

describe('buildStepWords', () => {
  it.each([
    ['Step 1/9 : FROM quayside/base:trixie', 'Step 1 of 9: taking its base'],
    ['Step 4/9 : RUN python3 -m pip install -r x', 'Step 4 of 9: installing Python packages'],
    ['Step 2/5 : RUN apt-get update  && apt-get install -y x', 'Step 2 of 5: fetching Debian packages'],
    ['Step 7/9 : COPY --from=a /out/ /', 'Step 7 of 9: putting the parts together'],
    ['Step 8/9 : ENV A=1', 'Step 8 of 9: settings'],
    [' ---> Running in 5f0c', null],
  ])('%j', (status, expected) => {
    expect(buildStepWords(status)).toBe(expected);
  });
});

describe('caBundle', () => {
  const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';

  it('is none where the environment names none, or a file without certificates', async () => {
    expect(await caBundle({})).toEqual([]);
    expect(await caBundle({ SSL_CERT_FILE: join(folder, 'none') })).toEqual([]);
    expect(await caBundle({ SSL_CERT_FILE: join(folder, 'Dockerfile') })).toEqual([]);
  });

  it('holds the named authorities beside the public ones, and nothing else of the file', async () => {
    const path = join(folder, 'own.pem');
    await writeFile(path, `secret words\n${certificate}\n`);
    const [file] = await caBundle({ NODE_EXTRA_CA_CERTS: path, SSL_CERT_FILE: path });
    const text = file?.bytes.toString('utf8') ?? '';
    expect(file?.path).toBe('ca.crt');
    expect(text.startsWith(certificate)).toBe(true);
    expect(text).not.toContain('secret words');
    expect(text.split('BEGIN CERTIFICATE').length).toBeGreaterThan(50);
  });
});
