/** Waits until one service is up: by the engine's own verdict, telling dependents sooner where its probe already succeeds. */
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { EngineClient, Owner } from '../engine/engine-client.ts';
import { readFacts } from './container-facts.ts';
import { probeEarly } from './early-probe.ts';
import { failureOf, jobFailure } from './failure.ts';
import type { HealthGate, Verdict } from './health-gate.ts';
import type { PlannedContainer, PlannedService } from './plan.ts';

/** As long as Docker Compose takes until its first look. */
const firstMomentsMs = 500;

type Exited = Exclude<Verdict, { kind: 'ready' }>;

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
    let verdict = await verdicts;
    if (verdict.kind === 'ready') {
      tell();
      const ended = verdict.probed ? null : await endedSoon(watch, id, settled.signal);
      if (ended === null) return 'ready';
      verdict = ended;
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

/**
 * A container without a healthcheck is up when it runs, and many that fail do so in their first moments: a wrong
 * setting, a missing file. Its dependents are not kept waiting for this look; null when it runs on.
 */
async function endedSoon(watch: ServiceWatch, id: string, signal: AbortSignal): Promise<Exited | null> {
  const looking = new AbortController();
  const stop = (): void => looking.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(stop, firstMomentsMs);
  try {
    const verdict = await watch.gate().exited(id, looking.signal);
    return verdict.kind === 'ready' ? null : verdict;
  } catch (error) {
    if (!looking.signal.aborted || signal.aborted) throw error;
    return null;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
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
