/** What one inspect of a container says that the applier decides on. */
import type { JsonObject } from '../engine/engine-client.ts';

export interface ContainerFacts {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  readonly state: string;
  /** `none` where the container has no healthcheck. */
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly restartCount: number;
  /** The engine's own words on why it did not start. */
  readonly error: string;
  /** The last probes, oldest first. */
  readonly probes: readonly { readonly exitCode: number; readonly output: string }[];
  /** The healthcheck in force, the image's included: what the engine runs. Empty when there is none. */
  readonly test: readonly string[];
  readonly testTimeoutMs: number;
  readonly memLimitBytes: number;
}

/** Narrows an inspect; what is missing or of another shape becomes empty, never a crash. */
export function readFacts(raw: JsonObject): ContainerFacts {
  const state = object(raw.State);
  const health = object(state.Health);
  const config = object(raw.Config);
  const check = object(config.Healthcheck);
  const test = list(check.Test).filter((word) => typeof word === 'string');
  const status = text(health.Status);
  const timeoutNs = number(check.Timeout);
  return {
    id: text(raw.Id),
    name: text(raw.Name).replace(/^\//, ''),
    state: text(state.Status),
    health: status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : 'none',
    exitCode: number(state.ExitCode),
    oomKilled: state.OOMKilled === true,
    restartCount: number(raw.RestartCount),
    error: text(state.Error),
    probes: list(health.Log).map((entry) => {
      const probe = object(entry);
      return { exitCode: number(probe.ExitCode), output: text(probe.Output) };
    }),
    test: test[0] === 'NONE' ? [] : test,
    // Engine default, docs of HEALTHCHECK: 30 s.
    testTimeoutMs: timeoutNs > 0 ? timeoutNs / 1e6 : 30_000,
    memLimitBytes: number(object(raw.HostConfig).Memory),
  };
}

export function object(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
export function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
