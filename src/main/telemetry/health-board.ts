/** Health in three layers, kept apart: what the engine says of the process, what its healthcheck says, what the backend says. */
import { z } from 'zod';
import type { ApplicationCheck, HealthReport, Probe, ServiceHealth } from '../../shared/model/health.ts';
import { asObject } from '../../shared/model/json.ts';
import type { ContainerState, ServiceState, StackState } from '../../shared/model/stack.ts';
import type { BackendAccess } from '../backend/backend-access.ts';
import type { Json, JsonObject } from '../engine/engine-client.ts';
import { fetchText } from './fetch-text.ts';
import type { EngineDoor, StackView } from './ports.ts';
import { createWatchers } from './watchers.ts';

const intervalMs = 2000;

/** The backend's /health as study rag.md 2.1 gives it; unknown keys are left alone. */
const backendHealthSchema = z.object({
  status: z.enum(['healthy', 'degraded']),
  version: z.string().max(64).optional(),
  uptime: z.number().optional(),
  checks: z.record(
    z.string().max(64),
    z.object({ status: z.string().max(32), latencyMs: z.number().nullish(), error: z.string().max(2000).nullish() }),
  ),
});

function time(value: Json | undefined): number | null {
  const atMs = Date.parse(String(value ?? ''));
  return Number.isFinite(atMs) && atMs > 0 ? atMs : null;
}

/** The last five probes in an inspect's `State.Health.Log`, oldest first. */
export function toProbes(inspect: JsonObject): Probe[] {
  const log = asObject(asObject(inspect.State).Health).Log;
  if (!Array.isArray(log)) return [];
  return log.slice(-5).map((entry: Json) => {
    const probe = asObject(entry);
    const exitCode = probe.ExitCode;
    return {
      startedAtMs: time(probe.Start) ?? 0,
      endedAtMs: time(probe.End),
      exitCode: typeof exitCode === 'number' && Number.isInteger(exitCode) ? exitCode : null,
      output: String(probe.Output ?? '').slice(0, 8192),
    };
  });
}

/** The healthcheck as a person would type it; null when there is none or it is switched off. */
export function healthcheckCommand(inspect: JsonObject): string | null {
  const test = asObject(asObject(inspect.Config).Healthcheck).Test;
  if (!Array.isArray(test) || test.length === 0 || test[0] === 'NONE') return null;
  const words = test.slice(test[0] === 'CMD' || test[0] === 'CMD-SHELL' ? 1 : 0).map(String);
  return words.join(' ').slice(0, 2000);
}

function toServiceHealth(service: ServiceState, container: ContainerState, inspect: JsonObject | null): ServiceHealth {
  const streak = asObject(asObject(inspect?.State).Health).FailingStreak;
  return {
    service: service.name,
    container: container.name,
    state: container.state,
    exitCode: container.exitCode,
    oomKilled: container.oomKilled,
    restartCount: container.restartCount,
    startedAtMs: container.startedAtMs,
    health: container.health,
    failingStreak: typeof streak === 'number' && Number.isInteger(streak) && streak >= 0 ? streak : 0,
    test: inspect === null ? null : healthcheckCommand(inspect),
    probes: inspect === null ? [] : toProbes(inspect),
  };
}

/** The backend's answer as checks; anything that is not such an answer is `down` with the reason in words. */
export function toApplicationHealth(answer: { status: number; text: string }): HealthReport['application'] {
  const down = (detail: string): HealthReport['application'] => ({
    status: 'down',
    version: null,
    uptimeS: null,
    checks: [],
    detail,
  });
  let json: unknown;
  try {
    json = JSON.parse(answer.text);
  } catch {
    return down(`The backend answered ${answer.status} with something that is not JSON`);
  }
  const parsed = backendHealthSchema.safeParse(json);
  if (!parsed.success)
    return down(`The backend answered ${answer.status} with a health report that Quayside cannot read`);
  const checks = Object.entries(parsed.data.checks)
    // What the stack runs without is no part of its health.
    .filter(([, check]) => check.status !== 'off')
    .slice(0, 50)
    .map(
      ([name, check]): ApplicationCheck => ({
        name,
        status:
          check.status === 'healthy' || check.status === 'degraded' || check.status === 'down'
            ? check.status
            : 'unknown',
        latencyMs: check.latencyMs ?? null,
        detail: check.error?.slice(0, 1000) ?? null,
      }),
    );
  return {
    status: parsed.data.status,
    version: parsed.data.version ?? null,
    uptimeS: parsed.data.uptime ?? null,
    checks,
    detail: null,
  };
}

/** The worst layer decides; a stack that is not meant to run is unknown rather than down. */
export function overallHealth(state: StackState, application: HealthReport['application']): HealthReport['overall'] {
  if (state.status === 'unknown' || state.status === 'absent' || state.status === 'stopped') return 'unknown';
  if (state.status === 'healthy' && (application.status === 'healthy' || application.status === 'unknown'))
    return 'healthy';
  return application.status === 'down' && state.status !== 'starting' ? 'down' : 'degraded';
}

export interface HealthBoard {
  /** A report at once, then every 2 s and after each change of the stack. */
  watch(onReport: (report: HealthReport) => void): () => void;
  get(): Promise<HealthReport>;
}

export function createHealthBoard(deps: { monitor: EngineDoor; stack: StackView; access: BackendAccess }): HealthBoard {
  const { monitor, stack, access } = deps;

  async function application(): Promise<HealthReport['application']> {
    const url = access.url();
    if (url === null)
      return { status: 'unknown', version: null, uptimeS: null, checks: [], detail: 'The backend is not running' };
    try {
      return toApplicationHealth(await fetchText(`${url}/health`, { timeoutMs: 2000, maxBytes: 256 << 10 }));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return {
        status: 'down',
        version: null,
        uptimeS: null,
        checks: [],
        detail: `The backend does not answer: ${why}`.slice(0, 1000),
      };
    }
  }

  async function get(): Promise<HealthReport> {
    const state = stack.snapshot();
    const inspectOf = async (id: string) => {
      try {
        return await monitor.client().inspectContainer(id);
      } catch {
        return null;
      }
    };
    const pairs = state.services.flatMap((service) => service.containers.map((container) => ({ service, container })));
    const [app, ...services] = await Promise.all([
      application(),
      ...pairs.map(async ({ service, container }) =>
        toServiceHealth(service, container, await inspectOf(container.id)),
      ),
    ]);
    return { atMs: Date.now(), overall: overallHealth(state, app), services, application: app };
  }

  const watchers = createWatchers<HealthReport>(() => {
    let timer: NodeJS.Timeout | undefined;
    let stopped = false;
    let again = false;
    let busy = false;
    const look = async () => {
      clearTimeout(timer);
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      const report = await get();
      busy = false;
      if (stopped) return;
      watchers.emit(report);
      timer = setTimeout(() => void look(), again ? 0 : intervalMs);
      again = false;
    };
    const unsubscribe = stack.subscribe(() => void look());
    void look();
    return () => {
      stopped = true;
      clearTimeout(timer);
      unsubscribe();
    };
  });

  return {
    watch: (onReport) => watchers.add(onReport),
    get,
  };
}
