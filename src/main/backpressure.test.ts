import { describe, expect, it } from 'vitest';
import type { LogLine } from '../shared/model/telemetry.ts';
import { joinedAnswer, latestWins, mergedLogs, mergedSamples } from './backpressure.ts';

function line(seq: number): LogLine {
  return { service: 'a', container: 'a-1', seq, atMs: seq, source: 'stdout', text: `line ${seq}` };
}

describe('latestWins', () => {
  it('keeps only the newest snapshot', () => {
    const buffer = latestWins<number>();
    buffer.push(1);
    buffer.push(2);
    expect([buffer.take(), buffer.take()]).toEqual([2, undefined]);
  });
});

describe('mergedLogs', () => {
  it('merges batches in order and adds up what was dropped upstream', () => {
    const buffer = mergedLogs(10);
    buffer.push({ lines: [line(1)], dropped: 2 });
    buffer.push({ lines: [line(2)], dropped: 1 });
    expect(buffer.take()).toEqual({ lines: [line(1), line(2)], dropped: 3 });
    expect(buffer.take()).toBeUndefined();
  });

  it.each([1, 7, 5000])('never holds much more than its bound and counts every lost line (batches of %i)', (size) => {
    const bound = 100;
    const buffer = mergedLogs(bound);
    let seq = 0;
    for (let batch = 0; batch < 50; batch++) {
      buffer.push({ lines: Array.from({ length: size }, () => line(seq++)), dropped: 0 });
    }
    const got = buffer.take();
    expect(got?.lines.length).toBe(Math.min(bound, seq));
    expect((got?.lines.length ?? 0) + (got?.dropped ?? 0)).toBe(seq);
    expect(got?.lines.at(-1)?.seq).toBe(seq - 1);
  });
});

describe('mergedSamples', () => {
  it('appends and forgets the oldest', () => {
    const buffer = mergedSamples<number>(3);
    buffer.push({ samples: [1, 2] });
    buffer.push({ samples: [3, 4] });
    expect(buffer.take()).toEqual({ samples: [2, 3, 4] });
    buffer.push({ samples: [] });
    expect([buffer.take(), buffer.take()]).toEqual([{ samples: [] }, undefined]);
  });
});

describe('joinedAnswer', () => {
  it('loses no text and keeps the order of events', () => {
    const buffer = joinedAnswer();
    buffer.push({ type: 'status', phase: 'generating' });
    buffer.push({ type: 'delta', text: 'Har' });
    buffer.push({ type: 'delta', text: 'bour' });
    buffer.push({ type: 'done', status: 'completed', messageId: 'm' });
    expect([buffer.take(), buffer.take(), buffer.take(), buffer.take()]).toEqual([
      { type: 'status', phase: 'generating' },
      { type: 'delta', text: 'Harbour' },
      { type: 'done', status: 'completed', messageId: 'm' },
      undefined,
    ]);
  });

  it('never joins beyond what the schema lets through', () => {
    const buffer = joinedAnswer();
    buffer.push({ type: 'delta', text: 'x'.repeat(65_000) });
    buffer.push({ type: 'delta', text: 'y'.repeat(1000) });
    expect(buffer.take()).toMatchObject({ text: 'x'.repeat(65_000) });
    expect(buffer.take()).toMatchObject({ text: 'y'.repeat(1000) });
  });
});
