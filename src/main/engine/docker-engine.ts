/** The adapter: the EngineClient port on a Docker-compatible Engine API. */

import { asNumber, asObject, asText } from '../../shared/model/json.ts';
import { ProblemError } from '../../shared/model/problem.ts';
import { createArchives } from './archives.ts';
import { createConnection } from './connection.ts';
import { createContainers } from './containers.ts';
import type { ContainerSummary, EngineClient, EngineEndpoint, EngineVersion } from './engine-client.ts';
import { engineTooNew, engineTooOld, newestApi, oldestApi } from './engine-problems.ts';
import { createExecs } from './exec.ts';
import { createImages } from './images.ts';
import { createNetworks } from './networks.ts';
import { createRequester, type Requester } from './request.ts';
import { createStreams } from './streams.ts';

/** "1.9" is older than "1.41": parts are compared as numbers. */
export function compareApi(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  for (const index of [0, 1]) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The API to speak with an engine that knows `min` to `max`: the newest that both know, or why there is none. */
export function negotiate(max: string, min: string): { readonly api: string } | 'too-old' | 'too-new' {
  if (compareApi(max, oldestApi) < 0) return 'too-old';
  if (compareApi(min || '1.0', newestApi) > 0) return 'too-new';
  return { api: compareApi(max, newestApi) < 0 ? max : newestApi };
}

/** Adds to the status line what Docker writes there: "Up 2 seconds (healthy)". */
async function withHealth(
  one: ContainerSummary,
  containers: Pick<EngineClient, 'inspectContainer'>,
  signal?: AbortSignal,
): Promise<ContainerSummary> {
  if (one.state !== 'running') return one;
  const inspected = asObject((await containers.inspectContainer(one.id, signal))?.State);
  const health = asText(asObject(inspected.Health).Status);
  if (health === '' || health === 'none') return one;
  const shown = health === 'starting' ? '(health: starting)' : `(${health})`;
  return { ...one, raw: { ...one.raw, Status: `${asText(one.raw.Status)} ${shown}` } };
}

export interface DockerEngine extends EngineClient {
  /** Does it answer at all? The cheapest question there is. */
  ping(signal: AbortSignal): Promise<void>;
}

/**
 * Opens nothing until the first call. Every call that is not a stream fails with a Problem after a deadline without
 * progress; every call honours its AbortSignal by throwing the signal's reason.
 */
export function createDockerEngine(endpoint: EngineEndpoint, options: { deadlineMs?: number } = {}): DockerEngine {
  let api: string | undefined;
  /** Podman's list of containers says nothing of their health. */
  let listsWithoutHealth = false;
  let negotiating: Promise<void> | undefined;
  const connection = createConnection(endpoint, () => (api === undefined ? undefined : `v${api}`));
  const raw = createRequester(endpoint, connection);
  const deadline = options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs };

  async function agree(signal?: AbortSignal): Promise<Record<string, unknown>> {
    const ask = { method: 'GET', path: '/version', unversioned: true, what: 'tell its version' } as const;
    const { json } = await raw.json({ ...ask, signal, ...deadline });
    const answer = asObject(json);
    const spoken = asText(answer.ApiVersion);
    const min = asText(answer.MinAPIVersion);
    const agreed = negotiate(spoken, min);
    if (agreed === 'too-old') throw new ProblemError(engineTooOld(endpoint, asText(answer.Version), spoken));
    if (agreed === 'too-new') throw new ProblemError(engineTooNew(endpoint, asText(answer.Version), min));
    api = agreed.api;
    const components = Array.isArray(answer.Components) ? answer.Components : [];
    listsWithoutHealth = components.some((part) => /podman/i.test(asText(asObject(part).Name)));
    return answer;
  }

  /** Every other call speaks the agreed version, so the first one asks for it. */
  async function agreed(): Promise<void> {
    if (api !== undefined) return;
    negotiating ??= agree()
      .then(() => undefined)
      .finally(() => {
        negotiating = undefined;
      });
    await negotiating;
  }

  const requester: Requester = {
    endpoint,
    doing: raw.doing,
    json: (ask) => agreed().then(() => raw.json({ ...deadline, ...ask })),
    open: (ask) => agreed().then(() => raw.open({ ...deadline, ...ask })),
    upgrade: (ask) => agreed().then(() => raw.upgrade({ ...deadline, ...ask })),
  };

  const containers = createContainers(requester);
  return {
    endpoint,
    async version(signal): Promise<EngineVersion> {
      // Also after an engine was updated under us.
      const version = await agree(signal);
      const { json } = await raw.json({ method: 'GET', path: '/info', what: 'describe itself', signal, ...deadline });
      const info = asObject(json);
      return {
        serverVersion: asText(version.Version),
        apiVersion: asText(version.ApiVersion),
        os: asText(version.Os),
        arch: asText(version.Arch),
        cpus: asNumber(info.NCPU),
        memBytes: asNumber(info.MemTotal),
        engineId: asText(info.ID),
      };
    },
    async ping(signal) {
      // Not `_ping`: its "OK" is no JSON, and a web server could say that too.
      await raw.json({ method: 'GET', path: '/version', unversioned: true, what: 'answer', signal });
    },
    ...containers,
    async listContainers(labels, signal) {
      const listed = await containers.listContainers(labels, signal);
      if (!listsWithoutHealth) return listed;
      return Promise.all(listed.map((one) => withHealth(one, containers, signal)));
    },
    ...createNetworks(requester),
    ...createImages(requester),
    ...createStreams(requester),
    ...createExecs(requester),
    ...createArchives(requester),
    close: () => connection.close(),
  };
}
