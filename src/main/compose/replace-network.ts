/**
 * Makes a network anew under its containers: Docker cannot change one. They keep their ids and go on running; only
 * their connections through this network break. Compose stops them all for it.
 */
import { asObject, asText, asTexts } from '../../shared/model/json.ts';
import type { EngineClient, Json, JsonObject, Owner } from '../engine/engine-client.ts';
import type { Plan } from './plan.ts';

/**
 * Goes on to the end once begun, whatever fails on the way: a container left without its network is found by the next
 * plan. Those about to be replaced are only taken off; their successors come onto the new network by themselves.
 * @throws {ProblemError} the first failure
 */
export async function replaceNetwork(
  context: { readonly engine: EngineClient; readonly owner: Owner; readonly plan: Plan },
  network: Plan['networks'][number],
  create: () => Promise<void>,
): Promise<void> {
  const { engine, owner, plan } = context;
  if (network.id === null) return create();
  const id = network.id;
  const replaced = new Set(
    plan.services.flatMap(({ containers }) =>
      containers.flatMap(({ action, existing }) => (action === 'recreate' && existing ? [existing.id] : [])),
    ),
  );
  const moved = await Promise.all(
    network.moves.map(async (container) => {
      const raw = replaced.has(container.id) ? null : await engine.inspectContainer(container.id);
      return { container, endpoint: raw === null ? null : endpointOf(raw, network.name, container.id) };
    }),
  );
  const off = await Promise.allSettled(moved.map(({ container }) => engine.disconnectNetwork(id, owner, container.id)));
  const stuck = off.find((result) => result.status === 'rejected');
  if (stuck === undefined) {
    await engine.removeNetwork(id, owner);
    await create();
  }
  // With the old network where one could not be taken off it.
  const on = await Promise.allSettled(
    moved.map(async ({ container, endpoint }) => {
      if (endpoint === null) return;
      await engine.connectNetwork(network.name, owner, { Container: container.id, EndpointConfig: endpoint });
    }),
  );
  const failed = stuck ?? on.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** What was asked for when it was connected; the rest of an inspect is what the engine made of it. */
function endpointOf(raw: JsonObject, network: string, id: string): JsonObject {
  const endpoint = asObject(asObject(asObject(raw.NetworkSettings).Networks)[network]);
  const aliases = asTexts(endpoint.Aliases).filter((alias) => !(alias.length === 12 && id.startsWith(alias)));
  const kept: Record<string, Json> = {};
  if (aliases.length > 0) kept.Aliases = aliases;
  for (const key of ['IPAMConfig', 'Links', 'DriverOpts'] as const) {
    const value = endpoint[key];
    if (value !== null && value !== undefined) kept[key] = value;
  }
  const priority = endpoint.GwPriority;
  if (typeof priority === 'number' && priority !== 0) kept.GwPriority = priority;
  // Only what the person chose: the engine's own follows from the address.
  const chosen = asText(asObject(raw.Config).MacAddress);
  if (chosen !== '' && chosen === endpoint.MacAddress) kept.MacAddress = chosen;
  return kept;
}
