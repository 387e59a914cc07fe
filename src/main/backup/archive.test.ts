import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkArchive } from './archive-check.ts';
import { encodeHead, entryPart, headBytes, headSchema, manifestName, nameFault } from './archive-format.ts';
import { openArchive } from './archive-reader.ts';
import { createArchive } from './archive-writer.ts';
import { blockBytes, decodeHeader, encodeHeader, paddingOf } from './tar-header.ts';

const identity = {
  id: 'stack-20261123T201500Z-a1b2c3',
  atMs: Date.UTC(2026, 10, 23, 20, 15),
  environment: 'test',
  project: 'quayside-test',
  appVersion: '0.1.0',
};
let folder: string;
let serial = 0;
const newPath = () => {
  serial += 1;
  return join(folder, `${serial}.qbk`);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-archive-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function write(entries: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const path = newPath();
  const archive = await createArchive(path, identity);
  for (const [name, content] of Object.entries(entries)) {
    await archive.add({ name, kind: 'config' }, Readable.from([content]));
  }
  await archive.finish(['a note']);
  await archive.close();
  return path;
}

async function check(path: string) {
  const archive = await openArchive(path);
  try {
    return await checkArchive(archive, () => undefined);
  } finally {
    await archive.close();
  }
}

const sample = {
  'config/a.json': '{"a":1}',
  'postgres/empty.dump': Buffer.alloc(0),
  'redis/dump.rdb': Buffer.alloc(1500, 7),
};

describe('an archive', () => {
  it('holds what was written, with sizes and checksums, and is read by any tar', async () => {
    const path = await write(sample);
    const { manifest } = await check(path);
    expect(manifest.entries.map(({ name, bytes, sha256 }) => [name, bytes, sha256])).toEqual(
      Object.entries(sample).map(([name, content]) => [
        name,
        content.length,
        createHash('sha256').update(content).digest('hex'),
      ]),
    );
    expect(manifest.notes).toEqual(['a note']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const listed = execFileSync('tar', ['-tf', path], { encoding: 'utf8' }).trim().split('\n');
    expect(listed).toEqual(['head.json', ...Object.keys(sample), 'manifest.json']);
    expect(execFileSync('tar', ['-xOf', path, 'config/a.json'], { encoding: 'utf8' })).toBe('{"a":1}');
  });

  it('notices any single changed byte, wherever it lies', async () => {
    const good = await readFile(await write({ 'config/a.json': 'abc', 'redis/dump.rdb': Buffer.alloc(600, 7) }));
    const path = newPath();
    const unnoticed: number[] = [];
    // Every byte of headers and padding would take minutes: each 7th, and all around the borders.
    for (let at = 0; at < good.length; at += at % blockBytes < 8 || at % blockBytes > 500 ? 1 : 7) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 0x20;
      await writeFile(path, bad);
      if (
        await check(path).then(
          () => true,
          () => false,
        )
      )
        unnoticed.push(at);
    }
    expect(unnoticed).toEqual([]);
  });

  it('notices being cut short at any block, and a tail that does not belong to it', async () => {
    const good = await readFile(await write(sample));
    const path = newPath();
    for (let bytes = 0; bytes < good.length; bytes += blockBytes / 2) {
      await writeFile(path, good.subarray(0, bytes));
      await expect(check(path), `${bytes} bytes`).rejects.toThrow();
    }
    await writeFile(path, Buffer.concat([good, Buffer.alloc(blockBytes)]));
    await expect(check(path)).rejects.toThrow('does not end where it should');
  });

  it('names the entry whose content is wrong', async () => {
    const path = await write(sample);
    const bytes = await readFile(path);
    bytes[bytes.indexOf('{"a":1}')] = 0x5b;
    await writeFile(path, bytes);
    await expect(check(path)).rejects.toThrow('config/a.json is not what was written');
  });

  it.each([
    ['an entry twice', (parts: Buffer[]) => [...parts.slice(0, 2), ...parts.slice(1)], 'a second time'],
    [
      'an entry too many',
      (parts: Buffer[]) => [...parts.slice(0, 2), entry('config/x', 'x'), ...parts.slice(2)],
      'where it does not belong',
    ],
    ['entries in another order', ([a, b, c, ...rest]: Buffer[]) => [a, c, b, ...rest], 'where it does not belong'],
    ['an entry too few', ([a, b, _c, ...rest]: Buffer[]) => [a, b, ...rest], 'where it does not belong'],
  ])('refuses %s', async (_what, change, message) => {
    const path = await write({ 'config/a': 'a', 'config/b': 'b' });
    await writeFile(path, rejoin(change(split(await readFile(path)))));
    await expect(check(path)).rejects.toThrow(message);
  });

  it.each(['../etc/passwd', '/etc/passwd', 'a\\b', 'C:/x', 'config/../../x', 'a//b', 'nul', 'config/com1.txt', './x'])(
    'refuses an entry named %s before anything is read from it',
    async (name) => {
      expect(nameFault(name)).not.toBeNull();
      const path = await write({ 'config/a': 'a' });
      const [head, first, ...rest] = split(await readFile(path));
      await writeFile(path, rejoin([head, first, entry(name, 'x'), ...rest]));
      await expect(check(path)).rejects.toThrow('may not be named');
    },
  );

  it.each(['link', 'symlink', 'character-device', 'fifo', 'directory'])('refuses an entry of type %s', async (type) => {
    const path = await write({ 'config/a': 'a' });
    const bytes = await readFile(path);
    const at = split(bytes)[0]?.length ?? 0;
    bytes[at + 156] = { link: 0x31, symlink: 0x32, 'character-device': 0x33, fifo: 0x36, directory: 0x35 }[type] ?? 0;
    await writeFile(path, bytes);
    await expect(check(path)).rejects.toThrow('an entry header has been changed');
  });

  it('refuses a manifest that claims to be larger than any of ours, without reading it', async () => {
    const path = await write({ 'config/a': 'a' });
    const bytes = await readFile(path);
    const text = bytes.toString('latin1', blockBytes, blockBytes + 4096).replace(/"bytes":\d+/, '"bytes":99999999999');
    bytes.write(text.slice(0, 4095), blockBytes, 'latin1');
    await writeFile(path, bytes);
    await expect(check(path)).rejects.toThrow('its head cannot be read');
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['all zeros', Buffer.alloc(20_480)],
    ['text', Buffer.from('not a backup\n'.repeat(1000))],
  ])('refuses a file that is %s', async (_what, content) => {
    const path = newPath();
    await writeFile(path, content);
    await expect(check(path)).rejects.toThrow();
  });
});

describe('the writer', () => {
  it('keeps nothing of an entry whose producer fails after its last byte', async () => {
    const archive = await createArchive(newPath(), identity);
    const facts = async () => {
      throw new Error('exit code 137');
    };
    await expect(
      archive.add({ name: 'postgres/a.dump', kind: 'postgres' }, Readable.from(['x']), { facts }),
    ).rejects.toThrow('137');
    const manifest = await archive.finish([]);
    await archive.close();
    expect(manifest.entries).toEqual([]);
  });

  it('takes no name twice and none that leads elsewhere', async () => {
    const archive = await createArchive(newPath(), identity);
    const add = (name: string) => archive.add({ name, kind: 'config' }, Readable.from(['x']));
    await add('config/a');
    await expect(add('config/a')).rejects.toThrow('already');
    await expect(add('../a')).rejects.toThrow('cannot be an entry');
    await expect(add(manifestName)).rejects.toThrow('already');
    await archive.close();
  });

  it('needs no more memory for a large entry than for a small one', async () => {
    const archive = await createArchive(newPath(), identity);
    const chunk = Buffer.alloc(1024 * 1024, 1);
    let peak = 0;
    const before = process.memoryUsage.rss();
    async function* many() {
      for (let index = 0; index < 200; index += 1) {
        peak = Math.max(peak, process.memoryUsage.rss() - before);
        yield chunk;
      }
    }
    const entry = await archive.add({ name: 'qdrant/large.snapshot', kind: 'qdrant' }, many());
    await archive.finish([]);
    await archive.close();
    expect(entry.bytes).toBe(200 * 1024 * 1024);
    expect(peak).toBeLessThan(80 * 1024 * 1024);
  });
});

describe('entryPart', () => {
  const digest = (text: string) => createHash('sha256').update(text).digest('hex');
  it.each([
    ['quayside', 'quayside'],
    ['mein schema', 'mein%20schema'],
    ['a/b', 'a%2Fb'],
  ])('%s becomes %s', (name, part) => {
    expect(entryPart(name, digest)).toBe(part);
  });
  it.each(['..', 'nul', 'x'.repeat(255), 'ü'.repeat(60), "it's", ''])('makes %s safe', (name) => {
    expect(nameFault(`postgres/${entryPart(name, digest)}.dump`)).toBeNull();
  });
});

describe('a tar header', () => {
  it.each([0, 1, 511, 512, 8 ** 11 - 1, 8 ** 11, 2 ** 45])('carries a size of %i bytes', (bytes) => {
    const atMs = 1_700_000_000_000;
    expect(decodeHeader(encodeHeader('a/b', bytes, atMs))).toEqual({ name: 'a/b', bytes, atMs });
    expect((bytes + paddingOf(bytes)) % blockBytes).toBe(0);
  });
});

function entry(name: string, content: string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([encodeHeader(name, bytes.length, identity.atMs), bytes, Buffer.alloc(paddingOf(bytes.length))]);
}

/** The archive as its entries, header and padding with each, and the end as the last part. */
function split(archive: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  while (true) {
    const header = decodeHeader(archive.subarray(at, at + blockBytes));
    if (header === null) return [...parts, archive.subarray(at)];
    const end = at + blockBytes + header.bytes + paddingOf(header.bytes);
    parts.push(archive.subarray(at, end));
    at = end;
  }
}

/** As an attacker would: the head says where the manifest lies now. */
function rejoin(parts: readonly (Buffer | undefined)[]): Buffer {
  const whole = Buffer.concat(parts.filter((part) => part !== undefined));
  const head = headSchema.parse(JSON.parse(whole.toString('utf8', blockBytes, blockBytes + headBytes)));
  const end = parts.at(-1)?.length ?? 0;
  const last = parts.at(-2)?.length ?? 0;
  const offset = whole.length - end - last + blockBytes;
  encodeHead({ ...head, manifest: { ...head.manifest, offset } }).copy(whole, blockBytes);
  return whole;
}
