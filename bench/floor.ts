/**
 * The floors: the same calls of the Engine API, fired by hand in dependency order with everything known beforehand,
 * without a look at what is there, a label check, a progress line or a deadline.
 *
 * Start: dependents start at the first success of the probe's command, looked for without a pause worth mentioning; it
 * ends when the engine calls all healthy. Stop: a service is told to stop as soon as the processes of its dependents
 * are gone. Down: each container is removed once it is stopped, the networks once all containers are.
 */
import { createBody } from '../src/main/compose/create-body.ts';
import { probeCommand } from '../src/main/compose/early-probe.ts';
import { reverse, runInOrder } from '../src/main/compose/graph.ts';
import { containerName } from '../src/main/compose/labels.ts';
import type { ComposeProject } from '../src/main/compose/model.ts';
import { networkBody } from '../src/main/compose/network-body.ts';
import { graphOf } from '../src/main/compose/plan.ts';
import type { EngineClient } from '../src/main/engine/engine-client.ts';
import { removeNetworks } from '../src/main/stack/teardown.ts';
import { projectLabel, serviceLabel } from '../src/shared/model/compose-labels.ts';
import type { BareEngine } from './bare-engine.ts';

const lookEveryMs = 20;

/** @returns the ids of the containers, by service */
export async function startByHand(engine: BareEngine, project: ComposeProject): Promise<Map<string, string>> {
  const labels = { [projectLabel]: project.name };
  await Promise.all(
    Object.values(project.networks).map((network) =>
      engine.call('POST', '/networks/create', networkBody(network, labels, '1.41')),
    ),
  );
  const ids = new Map<string, string>();
  const created = new Map(
    Object.entries(project.services).map(([name, service]) => {
      const { body } = createBody({
        project,
        serviceName: name,
        service,
        name: containerName(project.name, name, 1),
        labels: { ...labels, [serviceLabel]: name },
        imageRef: service.image ?? '',
        containerId: (other) => other,
        links: [],
        inherited: [],
        apiVersion: '1.41',
      });
      const path = `/containers/create?name=${containerName(project.name, name, 1)}`;
      return [name, engine.call('POST', path, body) as Promise<{ Id: string }>] as const;
    }),
  );
  const healthy: Promise<void>[] = [];
  await runInOrder(graphOf(project), async (name) => {
    const id = (await created.get(name))?.Id ?? '';
    ids.set(name, id);
    const test = project.services[name]?.healthcheck?.test ?? [];
    if (test.length > 0) healthy.push(engine.event(id, 'health_status: healthy'));
    await engine.call('POST', `/containers/${id}/start`);
    const needed = Object.values(project.services).some((other) => other.depends_on?.[name] !== undefined);
    const cmd = probeCommand(test);
    while (needed && cmd !== null && !(await succeeds(engine, id, cmd))) await pause();
  });
  await Promise.all(healthy);
  return ids;
}

async function succeeds(engine: BareEngine, id: string, cmd: readonly string[]): Promise<boolean> {
  const body = { AttachStdout: true, AttachStderr: true, Cmd: cmd };
  const exec = (await engine.call('POST', `/containers/${id}/exec`, body)) as { Id: string };
  await engine.call('POST', `/exec/${exec.Id}/start`, { Detach: false, Tty: false });
  const { ExitCode } = (await engine.call('GET', `/exec/${exec.Id}/json`)) as { ExitCode: number };
  return ExitCode === 0;
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, lookEveryMs));

/** @param remove what is stopped is removed too, and the networks after it */
export async function stopByHand(
  engine: BareEngine,
  project: ComposeProject,
  ids: ReadonlyMap<string, string>,
  remove: boolean,
): Promise<void> {
  const ends: Promise<unknown>[] = [];
  await runInOrder(reverse(graphOf(project)), async (name) => {
    const path = `/containers/${ids.get(name)}`;
    const died = engine.event(ids.get(name) ?? '', 'die');
    const stopped = engine.call('POST', `${path}/stop`);
    ends.push(remove ? stopped.then(() => engine.call('DELETE', `${path}?force=1`)) : stopped);
    await Promise.race([died, stopped]);
  });
  await Promise.all(ends);
  if (!remove) return;
  await Promise.all(Object.values(project.networks).map(({ name }) => engine.call('DELETE', `/networks/${name}`)));
}

/** Not measured: all of the project's containers at once, killed, without an order. */
export async function clear(engine: EngineClient, project: string): Promise<void> {
  const containers = await engine.listContainers([`${projectLabel}=${project}`]);
  await Promise.all(
    containers.map(({ id }) => engine.removeContainer(id, { project }, { force: true, volumes: true })),
  );
  await removeNetworks(engine, project);
}
