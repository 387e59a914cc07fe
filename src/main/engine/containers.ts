/** Containers: list, inspect and the changes of their life. */

import { asList, asNumber, asObject, asText, asTextMap, asTexts } from '../../shared/model/json.ts';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { ContainerSummary, EngineClient, JsonObject, Owner } from './engine-client.ts';
import { guard } from './label-guard.ts';
import type { Requester } from './request.ts';

/** Creating and starting wait for the disk and for network set-up; the engine is silent meanwhile. */
const slowMs = 120_000;
/** Docker's own default when a container names no stop time-out. */
const defaultStopS = 10;

type Containers = Pick<
  EngineClient,
  | 'listContainers'
  | 'inspectContainer'
  | 'createContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'removeContainer'
  | 'unpauseContainer'
  | 'renameContainer'
>;

export const containerPath = (id: string) => `/containers/${encodeURIComponent(id)}`;

export async function inspectContainer(
  { json }: Requester,
  id: string,
  signal?: AbortSignal,
): Promise<JsonObject | null> {
  const what = `inspect the container ${id.slice(0, 64)}`;
  const answer = await json({ method: 'GET', path: `${containerPath(id)}/json`, what, signal, accept: [404] });
  return answer.status === 404 ? null : asObject(answer.json);
}

/** The container, if it is the owner's. @throws {ProblemError} `not-ours`, or `container-gone` when there is none */
export async function ownContainer(
  requester: Requester,
  id: string,
  owner: Owner,
  signal?: AbortSignal,
): Promise<JsonObject> {
  const raw = guard(await inspectContainer(requester, id, signal), owner, `the container ${id.slice(0, 64)}`);
  if (raw !== null) return raw;
  throw new ProblemError(
    problem('container-gone', 'The container is no longer there', `The engine knows no container ${id.slice(0, 64)}.`, {
      remedies: [{ action: 'retry', label: 'Try again' }],
    }),
  );
}

export function createContainers(requester: Requester): Containers {
  const { json } = requester;

  return {
    async listContainers(labels, signal) {
      const { json: list } = await json({
        method: 'GET',
        path: '/containers/json',
        query: { all: '1', ...(labels.length > 0 ? { filters: JSON.stringify({ label: labels }) } : {}) },
        what: 'list its containers',
        signal,
      });
      return asList(list).map(asSummary);
    },

    inspectContainer: (id, signal) => inspectContainer(requester, id, signal),

    async createContainer(name, body, platform, signal) {
      const { json: created } = await json({
        method: 'POST',
        path: '/containers/create',
        query: { name, ...(platform ? { platform } : {}) },
        body,
        what: `create the container ${name}`,
        signal,
        deadlineMs: slowMs,
      });
      const answer = asObject(created);
      return { id: asText(answer.Id), warnings: asTexts(answer.Warnings) };
    },

    async startContainer(id, owner, signal) {
      const raw = await ownContainer(requester, id, owner, signal);
      const what = `start the container ${nameOf(raw)}`;
      await json({
        method: 'POST',
        path: `${containerPath(id)}/start`,
        what,
        signal,
        deadlineMs: slowMs,
        accept: [304],
      });
    },

    async stopContainer(id, owner, timeoutS) {
      const raw = guard(await inspectContainer(requester, id), owner, `the container ${id.slice(0, 64)}`);
      if (raw === null) return;
      const graceS = timeoutS ?? (asNumber(asObject(raw.Config).StopTimeout) || defaultStopS);
      await json({
        method: 'POST',
        path: `${containerPath(id)}/stop`,
        query: timeoutS === undefined ? {} : { t: String(timeoutS) },
        what: `stop the container ${nameOf(raw)}`,
        // The engine is silent for the whole grace period, then kills.
        deadlineMs: (Math.max(0, graceS) + 60) * 1000,
        accept: [304, 404],
      });
    },

    async removeContainer(id, owner, { force = false, volumes = false } = {}) {
      const raw = guard(await inspectContainer(requester, id), owner, `the container ${id.slice(0, 64)}`);
      if (raw === null) return;
      await json({
        method: 'DELETE',
        path: containerPath(id),
        query: { ...(force ? { force: '1' } : {}), ...(volumes ? { v: '1' } : {}) },
        what: `remove the container ${nameOf(raw)}`,
        deadlineMs: slowMs,
        accept: [404],
      }).catch((error: unknown) => {
        // Somebody else's removal is under way: the wish is met.
        if (error instanceof ProblemError && /already in progress/.test(error.problem.cause)) return;
        throw error;
      });
    },

    async unpauseContainer(id, owner) {
      const raw = await ownContainer(requester, id, owner);
      const what = `unpause the container ${nameOf(raw)}`;
      await json({ method: 'POST', path: `${containerPath(id)}/unpause`, what });
    },
    async renameContainer(id, owner, name) {
      const raw = await ownContainer(requester, id, owner);
      const what = `rename the container ${nameOf(raw)}`;
      await json({ method: 'POST', path: `${containerPath(id)}/rename`, query: { name }, what });
    },
  };
}

const nameOf = (raw: JsonObject) => asText(raw.Name).replace(/^\//, '');

function asSummary(value: unknown): ContainerSummary {
  const raw = asObject(value);
  return {
    id: asText(raw.Id),
    name: asText(asList(raw.Names)[0]).replace(/^\//, ''),
    image: asText(raw.Image),
    imageId: asText(raw.ImageID),
    labels: asTextMap(raw.Labels),
    state: asText(raw.State),
    createdAtMs: asNumber(raw.Created) * 1000,
    raw,
  };
}
