/** Stops and removes a project's containers, dependents first, by what the labels say: no file is needed for it. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { projectLabel } from '../../shared/model/compose-labels.ts';
import { asList, asObject, asText } from '../../shared/model/json.ts';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import { type ActualContainer, actualContainer } from '../compose/actual.ts';
import type { ServiceReport } from '../compose/apply.ts';
import { reverse, runInOrder } from '../compose/graph.ts';
import { allSettled } from '../compose/settle.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import { watchProcessEnds } from './process-ends.ts';

export interface TeardownOptions {
  readonly engine: EngineClient;
  readonly project: string;
  readonly report: (service: string) => ServiceReport;
  readonly signal: AbortSignal;
}

/** The project's containers as they are, one-off ones of `run` not among them. */
export async function projectContainers(engine: EngineClient, project: string): Promise<ActualContainer[]> {
  const listed = await engine.listContainers([`${projectLabel}=${project}`]);
  return listed.map(actualContainer).filter((container) => container !== null);
}

/**
 * Stops containers, each service once its dependents have stopped, in parallel otherwise; `remove` removes them too.
 * A cancel leaves what has not been begun. Answers how many there were.
 */
export async function stopContainers(
  options: TeardownOptions,
  containers: readonly ActualContainer[],
  remove: { readonly volumes: boolean } | null,
): Promise<number> {
  const { engine, project, report, signal } = options;
  const owner = { project };
  const byService = new Map<string, ActualContainer[]>();
  for (const container of containers)
    byService.set(container.service, [...(byService.get(container.service) ?? []), container]);
  const graph = new Map(
    [...byService].map(([name, all]) => [
      name,
      [...new Set(all.flatMap(({ dependsOn }) => dependsOn.map(({ service }) => service)))].filter((d) =>
        byService.has(d),
      ),
    ]),
  );
  for (const name of byService.keys()) report(name).phase('waiting');

  async function stopOne({ id, state }: ActualContainer): Promise<void> {
    if (state === 'running' || state === 'paused' || state === 'restarting') await engine.stopContainer(id, owner);
    if (remove !== null) await engine.removeContainer(id, owner, { force: true, volumes: remove.volumes });
  }

  async function stopService(name: string): Promise<void> {
    const shown = report(name);
    shown.phase('stopping');
    try {
      await allSettled((byService.get(name) ?? []).map(stopOne));
      shown.phase('stopped');
      shown.done();
    } catch (error) {
      shown.fail(error);
      throw error;
    }
  }

  const ordered = [...graph.values()].some((dependencies) => dependencies.length > 0);
  const ends = ordered ? watchProcessEnds(engine, project) : null;
  const stops: Promise<void>[] = [];
  try {
    const inOrder = runInOrder(reverse(graph), async (name) => {
      signal.throwIfAborted();
      const ended = ends === null ? [] : [Promise.all((byService.get(name) ?? []).map(({ id }) => ends.of(id)))];
      const stop = stopService(name);
      stops.push(stop);
      // The next may stop once these processes are gone; what the engine tidies up after them goes on meanwhile.
      await Promise.race([...ended, stop]);
    });
    const failed = [...(await Promise.allSettled([inOrder])), ...(await Promise.allSettled(stops))].find(
      (result) => result.status === 'rejected',
    );
    if (failed !== undefined) throw failed.reason;
  } finally {
    ends?.close();
  }
  return containers.length;
}

/** Removes the project's networks. @throws {ProblemError} `network-in-use` that names who still hangs on it. */
export async function removeNetworks(engine: EngineClient, project: string): Promise<void> {
  const networks = await engine.listNetworks([`${projectLabel}=${project}`]);
  await allSettled(
    networks.map(async (network) => {
      const id = asText(network.Id);
      try {
        await engine.removeNetwork(id, { project });
      } catch (error) {
        const inspected = await engine.inspectNetwork(id).catch(() => {
          throw error;
        });
        if (inspected === null) return;
        const users = Object.values(asObject(inspected.Containers)).map((entry) => asText(asObject(entry).Name));
        if (users.length === 0) throw miscounted(asText(network.Name), error);
        throw networkInUse(asText(network.Name), users);
      }
    }),
  );
}

/** Removes the project's named volumes. */
export async function removeVolumes(engine: EngineClient, project: string): Promise<void> {
  const volumes = asList(await engine.listVolumes([`${projectLabel}=${project}`]));
  await allSettled(volumes.map((volume) => engine.removeVolume(asText(asObject(volume).Name), { project })));
}

/** Deletes what lies in each folder below `folder`, the folders themselves stay: the stack mounts them. */
export async function emptyFolders(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((candidate) => candidate.isDirectory())) {
    const inside = join(folder, entry.name);
    for (const name of await readdir(inside)) await rm(join(inside, name), { recursive: true, force: true });
  }
}

/** Engines up to 24 at times lose count of a network's connections when many containers start and stop at once. */
function miscounted(network: string, error: unknown): unknown {
  if (!(error instanceof ProblemError) || !/has active endpoints/.test(error.problem.cause)) return error;
  return new ProblemError(
    problem(
      'network-in-use',
      `The engine does not let go of the network ${network}`,
      'It still counts connections of containers that are gone, until it restarts. Nothing runs on the network any more, and a next start of the stack uses it again.',
      {
        evidence: error.problem.evidence,
        remedies: [
          { action: 'advice', label: 'Restart the engine when nothing needs it, then remove the stack again' },
          { action: 'retry', label: 'Try again' },
        ],
      },
    ),
    { cause: error },
  );
}

function networkInUse(network: string, users: readonly string[]): ProblemError {
  return new ProblemError(
    problem(
      'network-in-use',
      `The network ${network} is still in use`,
      `Containers that do not belong to this stack are connected to it: ${users.join(', ')}.`,
      {
        evidence: users.map((name) => `connected: ${name}`),
        remedies: [
          { action: 'advice', label: 'Stop or disconnect them' },
          { action: 'retry', label: 'Try again' },
        ],
      },
    ),
  );
}
