/** Waits until one service is up: by the engine's own verdict, telling dependents sooner where its probe already succeeds. */
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { EngineClient, Owner } from '../engine/engine-client.ts';
import { readFacts } from './container-facts.ts';
import { probeEarly } from './early-probe.ts';
import { failureOf, jobFailure } from './failure.ts';
import type { HealthGate } from './health-gate.ts';
import type { PlannedContainer, PlannedService } from './plan.ts';

export interface ServiceWatch {
  readonly engine: EngineClient;
  readonly owner: Owner;
  /** Opened on first use: a stack that is up needs none. */
  readonly gate: () => HealthGate;
  readonly signal: AbortSignal;
  /** Probe by exec, for the sake of dependents. */
  readonly early: boolean;
  /** Who needs it healthy; undefined when nobody does. */
  readonly neededHealthyBy: string | undefined;
  readonly onUsable: () => void;
  readonly onChecking: () => void;
}

/** `done` for what ended well by itself. @throws {ProblemError} why it is not up. */
export async function awaitService(
  watch: ServiceWatch,
  planned: PlannedService,
  ids: readonly string[],
): Promise<'ready' | 'done'> {
  const waiting = planned.containers.map((container, index) => ({ container, id: ids[index] ?? '' }));
  const open = waiting.filter(({ container }) => !isUp(container));
  if (open.length > 0) watch.onChecking();
  else
    assertHealthcheck(
      watch,
      planned,
      waiting.some(({ container }) => container.existing?.health === 'none'),
    );
  let usable = waiting.length - open.length;
  const onUsable = (): void => {
    usable += 1;
    if (usable === waiting.length) watch.onUsable();
  };
  const ends = await Promise.all(
    open.map(({ id }) => (planned.job ? awaitJob(watch, planned, id) : awaitReady(watch, planned, id, onUsable))),
  );
  const allDone = waiting.length > 0 && ends.filter((end) => end === 'done').length === open.length;
  return allDone && (open.length > 0 || waiting.every(({ container }) => container.action === 'done'))
    ? 'done'
    : 'ready';
}

/** Nothing to wait for: it ran and was well when the plan was made. */
function isUp({ action, existing }: PlannedContainer): boolean {
  if (action === 'done') return true;
  return (
    action === 'keep' && existing?.state === 'running' && (existing.health === 'healthy' || existing.health === 'none')
  );
}

async function awaitJob(watch: ServiceWatch, planned: PlannedService, id: string): Promise<'done'> {
  const verdict = await watch.gate().exited(id, watch.signal);
  if (verdict.kind === 'exited' && verdict.facts.exitCode === 0) return 'done';
  if (verdict.kind === 'exited') throw await jobFailure(watch.engine, planned.name, id, verdict.facts);
  throw await failureOf(watch.engine, planned.name, id, verdict.kind === 'ready' ? { kind: 'gone' } : verdict);
}

async function awaitReady(
  watch: ServiceWatch,
  planned: PlannedService,
  id: string,
  onUsable: () => void,
): Promise<'ready' | 'done'> {
  const settled = new AbortController();
  const stop = (): void => settled.abort();
  if (watch.signal.aborted) stop();
  watch.signal.addEventListener('abort', stop, { once: true });
  let told = false;
  const tell = (): void => {
    if (!told) onUsable();
    told = true;
  };
  try {
    const verdicts = watch.gate().ready(id, settled.signal);
    // It may be refused while the healthcheck is still looked up; the await below tells.
    verdicts.catch(() => undefined);
    if (watch.neededHealthyBy !== undefined) {
      const raw = await watch.engine.inspectContainer(id);
      if (raw !== null) {
        const facts = readFacts(raw);
        assertHealthcheck(watch, planned, facts.test.length === 0);
        if (watch.early) void probeEarly(watch.engine, watch.owner, facts, settled.signal).then((ok) => ok && tell());
      }
    }
    const verdict = await verdicts;
    if (verdict.kind === 'ready') {
      tell();
      return 'ready';
    }
    // A one-shot that nobody waits for: without a restart policy an end without error is its success.
    const oneShot = planned.service.restart === undefined || planned.service.restart === 'no';
    if (verdict.kind === 'exited' && verdict.facts.exitCode === 0 && oneShot && watch.neededHealthyBy === undefined) {
      tell();
      return 'done';
    }
    throw await failureOf(watch.engine, planned.name, id, verdict);
  } finally {
    watch.signal.removeEventListener('abort', stop);
    settled.abort();
  }
}

function assertHealthcheck(watch: ServiceWatch, planned: PlannedService, missing: boolean): void {
  if (!missing || watch.neededHealthyBy === undefined || planned.containers.length === 0) return;
  throw new ProblemError(
    problem(
      'compose-invalid',
      `${planned.name} has no health check`,
      `${watch.neededHealthyBy} waits until ${planned.name} is healthy, but container ${planned.containers[0]?.name ?? planned.name} has no healthcheck configured.`,
      {
        remedies: [{ action: 'advice', label: `Give ${planned.name} a healthcheck, or wait for service_started` }],
        service: planned.name,
      },
    ),
  );
}
