/** Starts the containers that are there, in the order their labels tell: for a stack whose files are not on this machine. */
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { ActualContainer } from '../compose/actual.ts';
import { runInOrder } from '../compose/graph.ts';
import type { TeardownOptions } from './teardown.ts';

/** Answers a sentence. @throws {ProblemError} `nothing-to-start` when there is no container; the first refusal of a start. */
export async function startExisting(
  { engine, project, report, signal }: TeardownOptions,
  containers: readonly ActualContainer[],
  services: readonly string[] | undefined,
): Promise<string> {
  const chosen = containers.filter(({ service }) => services === undefined || services.includes(service));
  if (chosen.length === 0) {
    throw new ProblemError(
      problem(
        'nothing-to-start',
        'There is no container to start',
        `No container of ${project} is on the engine, and its Compose files are not on this machine.`,
        { remedies: [{ action: 'advice', label: 'Open its Compose file from disk to create them' }] },
      ),
    );
  }
  const byService = grouped(chosen);
  const graph = new Map(
    [...byService].map(([name, all]) => [
      name,
      [...new Set(all.flatMap(({ dependsOn }) => dependsOn.map(({ service }) => service)))].filter((dependency) =>
        byService.has(dependency),
      ),
    ]),
  );
  for (const name of byService.keys()) report(name).phase('waiting');
  await runInOrder(graph, async (name) => {
    signal.throwIfAborted();
    const shown = report(name);
    shown.phase('starting');
    try {
      await Promise.all(
        (byService.get(name) ?? []).map(async ({ id, state }) => {
          if (state === 'paused') await engine.unpauseContainer(id, { project });
          else if (state !== 'running') await engine.startContainer(id, { project });
        }),
      );
      shown.phase('ready');
      shown.done();
    } catch (error) {
      shown.fail(error);
      throw error;
    }
  });
  return `${chosen.length} of ${chosen.length} containers are started`;
}

function grouped(containers: readonly ActualContainer[]): Map<string, ActualContainer[]> {
  const groups = new Map<string, ActualContainer[]>();
  for (const container of containers) {
    groups.set(container.service, [...(groups.get(container.service) ?? []), container]);
  }
  return groups;
}
