import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDemultiplexer, StreamFormatError } from './multiplex.ts';

function frame(kind: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = kind;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

function collect(chunks: readonly Buffer[]) {
  const out: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
  const demultiplexer = createDemultiplexer((source, data) => out[source].push(Buffer.from(data)));
  for (const chunk of chunks) demultiplexer.push(chunk);
  return { stdout: Buffer.concat(out.stdout), stderr: Buffer.concat(out.stderr), whole: demultiplexer.whole };
}

describe('multiplexed stream', () => {
  it('gives back every byte on its own side, wherever the chunks are cut', () => {
    const payloads = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 40 })), { maxLength: 12 });
    fc.assert(
      fc.property(payloads, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (frames, sizes) => {
        const bytes = Buffer.concat(frames.map(([kind, data]) => frame(kind, Buffer.from(data))));
        const chunks: Buffer[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        const got = collect(chunks);
        const want = (kind: number) =>
          Buffer.concat(frames.filter(([k]) => k === kind).map(([, data]) => Buffer.from(data)));
        expect(got.stdout.equals(want(1))).toBe(true);
        expect(got.stderr.equals(want(2))).toBe(true);
        expect(got.whole).toBe(true);
      }),
    );
  });

  it('says that a stream cut inside a header or a payload is not whole', () => {
    const bytes = frame(1, Buffer.from('hello'));
    for (let cut = 1; cut < bytes.length; cut += 1) expect(collect([bytes.subarray(0, cut)]).whole).toBe(false);
  });

  it('refuses what is no such stream', () => {
    expect(() => collect([Buffer.from('plain text of a terminal')])).toThrow(StreamFormatError);
  });

  it('keeps no memory for a frame that claims four gigabytes', () => {
    const header = Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
    const got = collect([header, Buffer.from('abc')]);
    expect(got.stdout.toString()).toBe('abc');
    expect(got.whole).toBe(false);
  });
});
