import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { writeProblem } from './backup-problems.ts';
import { parseHttpAnswer } from './qdrant-http.ts';
import { parseSaveState } from './redis-store.ts';
import { withoutStall } from './stall.ts';

describe('parseSaveState', () => {
  it.each([
    [
      'at rest',
      'rdb_bgsave_in_progress:0\r\nrdb_last_bgsave_status:ok\r\nrdb_saves:3\r\n',
      { busy: false, lastOk: true, saves: 3 },
    ],
    [
      'saving',
      'rdb_bgsave_in_progress:1\r\nrdb_last_bgsave_status:ok\r\n',
      { busy: true, lastOk: true, saves: Number.NaN },
    ],
    [
      'after a full disk',
      'rdb_bgsave_in_progress:0\nrdb_last_bgsave_status:err\nrdb_saves:3',
      { busy: false, lastOk: false, saves: 3 },
    ],
    ['an empty answer is no success', '', { busy: false, lastOk: false, saves: Number.NaN }],
  ])('%s', (_what, info, state) => expect(parseSaveState(info)).toEqual(state));
});

describe('parseHttpAnswer', () => {
  it.each([
    ['plain', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', { status: 200, body: 'ok' }],
    [
      'chunked',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
      { status: 200, body: 'abcde' },
    ],
    ['refused', 'HTTP/1.0 401 Unauthorized\r\n\r\nno key', { status: 401, body: 'no key' }],
    ['cut in its head', 'HTTP/1.1 200 OK\r\ncont', { status: 0, body: 'HTTP/1.1 200 OK\r\ncont' }],
    ['nothing', '', { status: 0, body: '' }],
  ])('%s', (_what, text, answer) => expect(parseHttpAnswer(text)).toEqual(answer));
});

describe('withoutStall', () => {
  const read = async (source: AsyncIterable<string>, stallMs: number): Promise<string[]> => {
    const seen: string[] = [];
    for await (const piece of withoutStall(source, stallMs, () => new Error('stalled'))) seen.push(piece);
    return seen;
  };
  it('passes everything on', async () => expect(await read(Readable.from(['a', 'b']), 1000)).toEqual(['a', 'b']));
  it('ends a stream that stands still, though it never ends by itself', async () => {
    const silent = new Readable({ read: () => undefined });
    await expect(read(silent, 10)).rejects.toThrow('stalled');
  });
  it('passes on the failure of the source', async () => {
    const broken = new Readable({ read: () => undefined });
    setImmediate(() => broken.destroy(new Error('reset')));
    await expect(read(broken, 1000)).rejects.toThrow('reset');
  });
});

describe('writeProblem', () => {
  it.each([
    ['ENOSPC', 'disk-full'],
    ['EDQUOT', 'disk-full'],
    ['EROFS', 'backup-folder'],
    ['EACCES', 'backup-folder'],
  ])('%s is %s', (code, expected) => {
    const error = writeProblem(Object.assign(new Error(code), { code }), '/backups');
    expect(error).toMatchObject({ problem: { code: expected } });
  });
});
