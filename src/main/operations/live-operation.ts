/** One operation under way: its steps, changed through handles, and the snapshot others see. Knows nothing of disks and listeners. */
import type { Operation, OperationStep, Phase, Progress } from '../../shared/model/operation.ts';
import { type Problem, toProblem } from '../../shared/model/problem.ts';
import type { OperationSpec, StepHandle } from './operation-runner.ts';
import { createProgressMeter, type ProgressMeter } from './progress-meter.ts';

/** `state`: a step or the operation changed state, show it at once. `detail`: it may wait for the next beat. */
export type ChangeKind = 'state' | 'detail';

export interface LiveOperation {
  readonly id: string;
  snapshot(): Operation;
  step(id: string, label: string, options?: { service?: string; phase?: Phase }): StepHandle;
  setCancelling(): void;
  /** Closes every step that is still open and the operation itself. */
  end(state: 'done' | 'failed' | 'cancelled' | 'interrupted', outcome: string, problem: Problem | null): void;
  /** Once a second: lets rates decay and marks what stands still. */
  tick(): void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The schema's bound; steps beyond it would make the record invalid. */
const maxSteps = 2000;

export function createLiveOperation(
  id: string,
  environment: string,
  spec: Pick<OperationSpec, 'kind' | 'title' | 'stack' | 'cancellable'>,
  redact: (text: string) => string,
  changed: (kind: ChangeKind) => void,
): LiveOperation {
  const clean = (text: string, max: number): string => redact(text).slice(0, max);
  const cleanProblem = (given: Problem): Problem => ({
    ...given,
    title: clean(given.title, 300),
    cause: clean(given.cause, 4000),
    evidence: given.evidence.map((line) => clean(line, 2000)),
  });
  // What it took is told truly even when the clock is set meanwhile: the time of day at the beginning, a steady clock after.
  const beganMs = Date.now() - performance.now();
  const nowMs = (): number => Math.round(beganMs + performance.now());
  const head: Mutable<Omit<Operation, 'steps'>> = {
    id,
    kind: spec.kind,
    environment,
    stack: spec.stack,
    title: clean(spec.title, 300),
    state: 'running',
    cancellable: spec.cancellable ?? true,
    cancelling: false,
    startedAtMs: nowMs(),
    endedAtMs: null,
    outcome: null,
    problem: null,
  };
  const steps: Mutable<OperationStep>[] = [];
  const meters = new Map<string, ProgressMeter>();

  function closeStep(step: Mutable<OperationStep>, state: OperationStep['state']): void {
    step.state = state;
    step.endedAtMs = nowMs();
    if (step.startedAtMs === null && state !== 'skipped') step.startedAtMs = step.endedAtMs;
    meters.delete(step.id);
  }

  function handle(step: Mutable<OperationStep>): StepHandle {
    const setDetail = (detail: string | null | undefined): void => {
      if (detail !== undefined) step.detail = detail === null ? null : clean(detail, 1000);
    };
    const begin = (): void => {
      if (step.state === 'running') return;
      step.state = 'running';
      step.startedAtMs ??= nowMs();
      step.endedAtMs = null;
      step.problem = null;
    };
    return {
      id: step.id,
      start(detail) {
        begin();
        setDetail(detail);
        changed('state');
      },
      phase(phase, detail) {
        if (step.phase === phase && step.state === 'running') {
          setDetail(detail);
          changed('detail');
          return;
        }
        if (phase !== 'waiting') begin();
        step.phase = phase;
        step.progress = null;
        meters.delete(step.id);
        step.detail = null;
        setDetail(detail);
        changed('state');
      },
      detail(detail) {
        setDetail(detail);
        changed('detail');
      },
      progress(progress: Progress | null) {
        if (progress === null) {
          meters.delete(step.id);
          step.progress = null;
        } else {
          const meter = meters.get(step.id) ?? createProgressMeter();
          meters.set(step.id, meter);
          step.progress = meter.update(progress, performance.now());
        }
        changed('detail');
      },
      done(detail) {
        setDetail(detail);
        closeStep(step, 'done');
        changed('state');
      },
      skip(detail) {
        setDetail(detail);
        closeStep(step, 'skipped');
        changed('state');
      },
      fail(error) {
        step.problem = cleanProblem(toProblem(error));
        closeStep(step, 'failed');
        changed('state');
      },
    };
  }

  return {
    id,
    snapshot: () => ({ ...head, steps: steps.map((step) => ({ ...step })) }),
    step(stepId, label, options = {}) {
      const existing = steps.find((step) => step.id === stepId);
      if (existing !== undefined) return handle(existing);
      const step: Mutable<OperationStep> = {
        id: stepId.slice(0, 200),
        label: clean(label, 300),
        state: 'waiting',
        service: options.service ?? null,
        phase: options.phase ?? null,
        detail: null,
        progress: null,
        startedAtMs: null,
        endedAtMs: null,
        problem: null,
      };
      if (steps.length < maxSteps) steps.push(step);
      changed('state');
      return handle(step);
    },
    setCancelling() {
      head.cancelling = true;
      changed('state');
    },
    end(state, outcome, given) {
      for (const step of steps) {
        if (step.state === 'running') closeStep(step, state === 'done' ? 'done' : 'cancelled');
        else if (step.state === 'waiting') closeStep(step, state === 'cancelled' ? 'cancelled' : 'skipped');
      }
      head.state = state;
      head.cancelling = false;
      head.endedAtMs = nowMs();
      head.outcome = clean(outcome, 1000);
      head.problem = given === null ? null : cleanProblem(given);
      changed('state');
    },
    tick() {
      let moved = false;
      for (const step of steps) {
        const next = meters.get(step.id)?.tick(performance.now()) ?? null;
        if (next === null) continue;
        step.progress = next;
        moved = true;
      }
      if (moved) changed('detail');
    },
  };
}
