import { describe, expect, it } from 'vitest';
import type { LogLine } from '../../../shared/model/telemetry.ts';
import { asText } from './as-text.ts';
import { createLogRing } from './log-ring.ts';
import { createReplayGuard } from './log-session.ts';
import { createLogView, isLine, type LogFilter, lowerBound } from './log-view.ts';
import { createMatcher } from './search.ts';

function line(seq: number, service = 'postgres', text = `line ${seq}`): LogLine {
  return { service, container: `${service}-1`, seq, atMs: 1000 + seq, source: 'stdout', text };
}
const lines = (from: number, to: number, service?: string): LogLine[] =>
  Array.from({ length: to - from }, (_, i) => line(from + i, service));

function search(query: string) {
  const result = createMatcher(query, false);
  return result.ok ? result.matcher : null;
}
const all: LogFilter = { hidden: new Set(), matcher: null, onlyMatches: false };

describe('createLogRing', () => {
  it('keeps the newest lines and their ids', () => {
    const ring = createLogRing(100);
    ring.push(lines(0, 111), 0);
    expect(ring.rows()).toHaveLength(100);
    expect(ring.firstId()).toBe(11);
    expect(ring.rows()[0]).toMatchObject({ id: 11, line: { seq: 11 } });
  });

  it('marks where lines were dropped', () => {
    const ring = createLogRing(10);
    ring.push([line(0)], 0);
    ring.push([line(8)], 7);
    expect(ring.rows().map((row) => (isLine(row) ? row.line.seq : `-${row.dropped}`))).toEqual([0, '-7', 8]);
  });

  it('tells its readers, and not for an empty batch', () => {
    const ring = createLogRing(10);
    let told = 0;
    const stop = ring.subscribe(() => {
      told += 1;
    });
    ring.push([], 0);
    ring.push([line(0)], 0);
    stop();
    ring.clear();
    expect(told).toBe(1);
  });
});

describe('createLogView', () => {
  it('hides services and still counts them', () => {
    const ring = createLogRing(100);
    ring.push([...lines(0, 3), ...lines(3, 5, 'redis')], 0);
    const view = createLogView(ring, { ...all, hidden: new Set(['redis']) });
    expect(view.rows()).toHaveLength(3);
    expect(view.counts()).toEqual(
      new Map([
        ['postgres', 3],
        ['redis', 2],
      ]),
    );
  });

  it('takes in new rows and drops what fell off', () => {
    const ring = createLogRing(10);
    ring.push(lines(0, 10), 0);
    const view = createLogView(ring, all);
    ring.push(lines(10, 14), 0);
    expect(view.update()).toBe(4);
    expect(view.rows().map((row) => row.id)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
    expect(view.counts().get('postgres')).toBe(10);
    expect(view.shown()).toBe(14);
    expect(view.update()).toBe(0);
  });

  it('is empty after a clear, and goes on', () => {
    const ring = createLogRing(10);
    ring.push(lines(0, 5), 0);
    const view = createLogView(ring, all);
    ring.clear();
    view.update();
    expect(view.rows()).toHaveLength(0);
    expect(view.counts().size).toBe(0);
    ring.push(lines(5, 6), 0);
    view.update();
    expect(view.rows()).toHaveLength(1);
    expect(view.counts().get('postgres')).toBe(1);
  });

  it('finds matches among all lines, or shows only them', () => {
    const ring = createLogRing(100);
    ring.push([line(0, 'postgres', '\u001b[31mFATAL\u001b[0m: no'), line(1), line(2, 'redis', 'fatal too')], 0);
    const marked = createLogView(ring, { ...all, matcher: search('fatal') });
    expect(marked.matches()).toEqual([0, 2]);
    expect(marked.rows()).toHaveLength(3);
    const only = createLogView(ring, { ...all, matcher: search('fatal: no'), onlyMatches: true });
    expect(only.rows().map((row) => row.id)).toEqual([0]);
  });
});

describe('createReplayGuard', () => {
  it('leaves out what a reopened stream sends again', () => {
    const guard = createReplayGuard();
    expect(guard.fresh(lines(0, 3))).toHaveLength(3);
    guard.reopened();
    expect(guard.fresh(lines(1, 5)).map((one) => one.seq)).toEqual([3, 4]);
  });

  it('keeps lines that come out of order within one stream', () => {
    const guard = createReplayGuard();
    expect(guard.fresh([line(5), line(4)])).toHaveLength(2);
  });
});

it('lowerBound finds the place of an id', () => {
  const ids = [2, 4, 9];
  expect([1, 2, 3, 9, 10].map((id) => lowerBound(3, (i) => ids[i] ?? 0, id))).toEqual([0, 0, 1, 2, 3]);
});

it('asText copies without colours', () => {
  expect(asText([line(0, 'redis', '\u001b[32mPONG\u001b[0m')])).toBe('1970-01-01T00:00:01.000Z redis PONG');
});
