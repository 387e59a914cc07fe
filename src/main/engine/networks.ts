/** Networks and volumes: what a stack creates besides containers. */

import { asList, asObject, asText } from '../../shared/model/json.ts';
import { inspectContainer, ownContainer } from './containers.ts';
import type { EngineClient, JsonObject, Owner } from './engine-client.ts';
import { guard } from './label-guard.ts';
import type { Requester } from './request.ts';

type Networks = Pick<
  EngineClient,
  | 'listNetworks'
  | 'inspectNetwork'
  | 'createNetwork'
  | 'connectNetwork'
  | 'disconnectNetwork'
  | 'removeNetwork'
  | 'listVolumes'
  | 'inspectVolume'
  | 'createVolume'
  | 'removeVolume'
>;

const labelFilter = (labels: readonly string[]): Record<string, string> =>
  labels.length > 0 ? { filters: JSON.stringify({ label: labels }) } : {};

export function createNetworks(requester: Requester): Networks {
  const { json } = requester;

  async function inspect(kind: 'network' | 'volume', name: string): Promise<JsonObject | null> {
    const path = `/${kind}s/${encodeURIComponent(name)}`;
    const answer = await json({ method: 'GET', path, what: `inspect the ${kind} ${name}`, accept: [404] });
    return answer.status === 404 ? null : asObject(answer.json);
  }

  async function remove(kind: 'network' | 'volume', name: string, owner: Owner): Promise<void> {
    if (guard(await inspect(kind, name), owner, `the ${kind} ${name}`) === null) return;
    const path = `/${kind}s/${encodeURIComponent(name)}`;
    await json({ method: 'DELETE', path, what: `remove the ${kind} ${name}`, deadlineMs: 60_000, accept: [404] });
  }

  return {
    async listNetworks(labels) {
      const what = 'list its networks';
      const { json: list } = await json({ method: 'GET', path: '/networks', query: labelFilter(labels), what });
      return asList(list).map(asObject);
    },
    inspectNetwork: (name) => inspect('network', name),
    async createNetwork(body) {
      const what = `create the network ${asText(body.Name)}`;
      const { json: created } = await json({
        method: 'POST',
        path: '/networks/create',
        body,
        what,
        deadlineMs: 60_000,
      });
      return asText(asObject(created).Id);
    },
    // The container decides whether this is ours: a stack may join a network that it did not make.
    async connectNetwork(id, owner, body) {
      await ownContainer(requester, asText(body.Container), owner);
      const what = `connect a container to the network ${id}`;
      await json({
        method: 'POST',
        path: `/networks/${encodeURIComponent(id)}/connect`,
        body,
        what,
        deadlineMs: 60_000,
      });
    },
    async disconnectNetwork(id, owner, containerId) {
      const container = await inspectContainer(requester, containerId);
      if (guard(container, owner, `the container ${containerId}`) === null) return;
      await json({
        method: 'POST',
        path: `/networks/${encodeURIComponent(id)}/disconnect`,
        body: { Container: containerId, Force: true },
        what: `disconnect a container from the network ${id}`,
        deadlineMs: 60_000,
        accept: [404],
      });
    },
    removeNetwork: (name, owner) => remove('network', name, owner),

    async listVolumes(labels) {
      const what = 'list its volumes';
      const { json: list } = await json({ method: 'GET', path: '/volumes', query: labelFilter(labels), what });
      return asList(asObject(list).Volumes).map(asObject);
    },
    inspectVolume: (name) => inspect('volume', name),
    async createVolume(body) {
      await json({ method: 'POST', path: '/volumes/create', body, what: `create the volume ${asText(body.Name)}` });
    },
    removeVolume: (name, owner) => remove('volume', name, owner),
  };
}
