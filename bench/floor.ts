/**
 * The floor of a start: the same calls of the Engine API, fired by hand in dependency order with everything known
 * beforehand. Dependents start at the first success of the probe's command, looked for without a pause worth
 * mentioning; it ends when the engine calls all healthy.
 */
import { readActual } from '../src/main/compose/actual.ts';
import { readFacts } from '../src/main/compose/container-facts.ts';
import { createBody } from '../src/main/compose/create-body.ts';
import { probeCommand } from '../src/main/compose/early-probe.ts';
import { containerName } from '../src/main/compose/labels.ts';
import type { ComposeProject } from '../src/main/compose/model.ts';
import { networkBody } from '../src/main/compose/network-body.ts';
import type { EngineClient } from '../src/main/engine/engine-client.ts';
import { projectLabel, serviceLabel } from '../src/shared/model/compose-labels.ts';

const lookEveryMs = 20;

export async function startByHand(engine: EngineClient, project: ComposeProject): Promise<void> {
  const owner = { project: project.name };
  const labels = { [projectLabel]: project.name };
  for (const network of Object.values(project.networks)) {
    await engine.createNetwork(networkBody(network, { ...labels, 'com.docker.compose.network': 'default' }, '1.41'));
  }
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
      return [name, engine.createContainer(containerName(project.name, name, 1), body)] as const;
    }),
  );
  const usable = new Map<string, Promise<void>>();
  const healthy: Promise<void>[] = [];
  const start = (name: string): Promise<void> => {
    const known = usable.get(name);
    if (known !== undefined) return known;
    const own = (async () => {
      const dependencies = Object.keys(project.services[name]?.depends_on ?? {});
      const made = await created.get(name);
      const id = made?.id ?? '';
      await Promise.all(dependencies.map(start));
      await engine.startContainer(id, owner);
      healthy.push(untilHealthy(engine, id));
      const needed = Object.values(project.services).some((other) => other.depends_on?.[name] !== undefined);
      const cmd = probeCommand(project.services[name]?.healthcheck?.test ?? []);
      while (needed && cmd !== null && (await engine.exec(id, owner, { cmd })).exitCode !== 0) await pause();
    })();
    usable.set(name, own);
    return own;
  };
  await Promise.all(Object.keys(project.services).map(start));
  await Promise.all(healthy);
}

async function untilHealthy(engine: EngineClient, id: string): Promise<void> {
  for (;;) {
    const raw = await engine.inspectContainer(id);
    if (raw === null) throw new Error('a container of the floor is gone');
    if (readFacts(raw).health === 'healthy') return;
    await pause();
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, lookEveryMs));

/** All of the project's containers at once, without an order. */
export async function removeByHand(engine: EngineClient, project: string): Promise<void> {
  const { containers, networks } = await readActual(engine, project, [], false);
  await Promise.all(
    containers.map(({ id }) => engine.removeContainer(id, { project }, { force: true, volumes: true })),
  );
  await Promise.all(networks.map(({ id }) => engine.removeNetwork(id, { project })));
}
