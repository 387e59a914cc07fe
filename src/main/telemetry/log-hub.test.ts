import { describe, expect, it, vi } from 'vitest';
import type { StackState } from '../../shared/model/stack.ts';
import type { LogLine } from '../../shared/model/telemetry.ts';
import type { EngineClient, LogChunk } from '../engine/engine-client.ts';
import { createLogHub } from './log-hub.ts';

type Call = {
  id: string;
  options: { follow: boolean; tail: number; sinceS?: number };
  onChunk: (chunk: LogChunk) => void;
  end: () => void;
};

function setup() {
  const calls: Call[] = [];
  const client = {
    logs: (id: string, options: Call['options'], onChunk: Call['onChunk'], signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        calls.push({ id, options, onChunk, end: resolve });
        signal.addEventListener('abort', () => resolve());
      }),
  } as unknown as EngineClient;
  let state = stateOf([['a', 'running', 1]]);
  const listeners = new Set<(state: StackState) => void>();
  const stack = {
    snapshot: () => state,
    subscribe(listener: (state: StackState) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return {
    calls,
    hub: createLogHub({ monitor: { client: () => client }, stack }),
    change(next: StackState) {
      state = next;
      for (const listener of listeners) listener(next);
    },
    listeners,
  };
}

function stateOf(containers: [id: string, state: 'running' | 'exited', startedAtMs: number][]): StackState {
  return {
    revision: 1,
    project: 'p',
    environment: 'dev',
    status: 'healthy',
    staleSinceMs: null,
    backendUrl: null,
    services: containers.map(([id, state, startedAtMs]) => ({
      name: `svc-${id}`,
      role: 'service',
      purpose: '',
      image: '',
      status: 'running',
      ports: [],
      dependsOn: [],
      containers: [
        {
          id,
          name: `p-${id}-1`,
          number: 1,
          state,
          health: 'none',
          startedAtMs,
          finishedAtMs: null,
          exitCode: null,
          oomKilled: false,
          restartCount: 0,
          image: '',
        },
      ],
    })),
  };
}

const line = (second: number, text: string): LogChunk => ({
  source: 'stdout',
  data: Buffer.from(`2026-11-23T10:00:${String(second).padStart(2, '0')}.000000000Z ${text}\n`),
});

describe('log hub', () => {
  it('merges the tails by time, then follows', async () => {
    const { calls, hub, change } = setup();
    change(
      stateOf([
        ['a', 'running', 1],
        ['b', 'running', 1],
      ]),
    );
    const seen: LogLine[] = [];
    const close = hub.follow({ services: [], tail: 7 }, (batch) => seen.push(...batch.lines));
    expect(calls.map((call) => [call.id, call.options])).toEqual([
      ['a', { follow: true, tail: 7 }],
      ['b', { follow: true, tail: 7 }],
    ]);
    calls[0]?.onChunk(line(3, 'third'));
    calls[1]?.onChunk(line(1, 'first'));
    calls[1]?.onChunk(line(2, 'second'));
    await vi.waitFor(() => expect(seen.map((l) => l.text)).toEqual(['first', 'second', 'third']), { timeout: 15_000 });
    calls[1]?.onChunk(line(4, 'fourth'));
    await vi.waitFor(() => expect(seen.at(-1)?.text).toBe('fourth'), { timeout: 15_000 });
    close();
  });

  it('goes on after a restart without repeating a line', async () => {
    const { calls, hub, change } = setup();
    const seen: LogLine[] = [];
    const close = hub.follow({ services: [], tail: 10 }, (batch) => seen.push(...batch.lines));
    calls[0]?.onChunk(line(1, 'one'));
    calls[0]?.onChunk(line(1, 'one too'));
    calls[0]?.end();
    await vi.waitFor(() => expect(seen).toHaveLength(2), { timeout: 15_000 });
    change(stateOf([['a', 'running', 2]]));
    expect(calls[1]?.options.sinceS).toBe(Date.parse('2026-11-23T10:00:01Z') / 1000);
    calls[1]?.onChunk(line(1, 'one too'));
    calls[1]?.onChunk(line(2, 'two'));
    await vi.waitFor(() => expect(seen.map((l) => l.text)).toEqual(['one', 'one too', 'two']), { timeout: 15_000 });
    close();
  });

  it('counts what it had to drop and keeps the newest', async () => {
    const { calls, hub } = setup();
    let dropped = 0;
    const seen: LogLine[] = [];
    const close = hub.follow({ services: ['svc-a'], tail: 10 }, (batch) => {
      seen.push(...batch.lines);
      dropped += batch.dropped;
    });
    const data = Buffer.from(
      Array.from({ length: 6000 }, (_, i) => `2026-11-23T10:00:01.${String(i).padStart(9, '0')}Z ${i}\n`).join(''),
    );
    calls[0]?.onChunk({ source: 'stdout', data });
    await vi.waitFor(() => expect(dropped).toBe(1000), { timeout: 15_000 });
    expect(seen.at(-1)?.text).toBe('5999');
    close();
  });

  it('leaves nothing behind when closed', () => {
    const { hub, listeners } = setup();
    const close = hub.follow({ services: [], tail: 1 }, () => undefined);
    close();
    close();
    expect(listeners.size).toBe(0);
  });
});
