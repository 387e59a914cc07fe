import { describe, expect, it } from 'vitest';
import type { Operation, OperationStep } from '../../shared/model/operation.ts';
import { problem } from '../../shared/model/problem.ts';
import { changeLines, liveLines, outcomeLine } from './operation-view.ts';

function step(id: string, more: Partial<OperationStep> = {}): OperationStep {
  return {
    id,
    label: id,
    state: 'waiting',
    service: null,
    phase: null,
    detail: null,
    progress: null,
    startedAtMs: null,
    endedAtMs: null,
    problem: null,
    ...more,
  };
}
function operation(steps: OperationStep[], more: Partial<Operation> = {}): Operation {
  return {
    id: 'op-1',
    kind: 'start',
    environment: 'dev',
    stack: 'quayside-dev',
    title: 'Start the stack',
    state: 'running',
    cancellable: true,
    cancelling: false,
    startedAtMs: 1000,
    endedAtMs: null,
    steps,
    outcome: null,
    problem: null,
    ...more,
  };
}

describe('liveLines', () => {
  it('shows elapsed time, phases and figures', () => {
    const lines = liveLines(
      operation([
        step('redis', { state: 'done', phase: 'ready', startedAtMs: 1000, endedAtMs: 3000 }),
        step('nlp', {
          state: 'running',
          phase: 'pulling',
          startedAtMs: 2000,
          progress: { done: 1 << 20, total: 10 << 20, unit: 'bytes', ratePerS: 1024 * 100 },
        }),
      ]),
      13_000,
      100,
      24,
    );
    expect(lines).toEqual([
      'Start the stack (12.0 s)',
      '  ✔ redis      2.0 s  ready',
      '  ▸ nlp       11.0 s  pulling, 1.0 MB of 10 MB (100 KB/s, 2 min left)',
    ]);
  });

  it('never wraps and never outgrows the screen, and keeps what failed in sight', () => {
    const steps = Array.from({ length: 200 }, (_unused, index) =>
      step(`file ${index}`, index === 150 ? { state: 'failed', problem: problem('x', 'No text', 'why') } : {}),
    );
    const lines = liveLines(operation(steps), 2000, 40, 20);
    expect(lines.length).toBeLessThanOrEqual(20);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(lines.join('\n')).toContain('No text');
    expect(lines.at(-1)).toMatch(/and 184 more/);
  });
});

describe('changeLines', () => {
  it('says each change once', () => {
    const first = operation([step('redis'), step('nlp', { state: 'running', phase: 'building' })]);
    const second = operation([
      step('redis', { state: 'running', phase: 'starting' }),
      step('nlp', { state: 'running', phase: 'building', detail: 'Step 3/9' }),
    ]);
    expect(changeLines(undefined, first, 1500)).toEqual(['[   500 ms] Start the stack', '[   500 ms] nlp: building']);
    expect(changeLines(first, second, 2500)).toEqual(['[    1.5 s] redis: starting']);
    expect(changeLines(second, second, 3500)).toEqual([]);
  });

  it('takes escapes out of what services say', () => {
    const lines = changeLines(undefined, operation([step('a', { state: 'running', detail: '\u001b[2Jhi' })]), 1000);
    expect(lines.at(-1)).toBe('[     0 ms] a: hi');
  });
});

describe('outcomeLine', () => {
  it.each([
    ['done', { outcome: '5 of 5 services are healthy' }, '✔ 5 of 5 services are healthy (4.0 s)'],
    ['cancelled', {}, '- Start the stack: cancelled (4.0 s)'],
    ['failed', { problem: problem('p', 'Port 7420 is taken', 'c') }, '✖ Start the stack: Port 7420 is taken (4.0 s)'],
  ] as const)('%s', (state, more, line) => {
    expect(outcomeLine(operation([], { state, endedAtMs: 5000, ...more }))).toBe(line);
  });
});
