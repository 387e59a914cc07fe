/** Brings one container into existence as planned: created, replaced, renamed. Each ends in a state the next plan understands. */
import type { EngineClient, Owner } from '../engine/engine-client.ts';
import { type ActualContainer, anonymousVolumes } from './actual.ts';
import { createBody } from './create-body.ts';
import { imageRefOf } from './image-ref.ts';
import { writeGrants } from './inject-files.ts';
import { containerLabels, modelLabel } from './labels.ts';
import { describeModel } from './model-diff.ts';
import type { Plan, PlannedContainer, PlannedService } from './plan.ts';
import { readSeccomp } from './seccomp.ts';

export interface ConvergeContext {
  readonly engine: EngineClient;
  readonly owner: Owner;
  readonly plan: Plan;
  readonly apiVersion: string;
  /** The hash to write, once the containers it may refer to are known. */
  readonly hash: (service: string, ids: ReadonlyMap<string, string>) => string;
  /** Of the Compose whose hash is written. */
  readonly composeVersion: string;
  readonly environmentFiles: readonly string[];
  /** Local image ids by reference. */
  readonly imageIds: Readonly<Record<string, string | null>>;
  /** First container of each service, filled in as they come to be. */
  readonly ids: Map<string, string>;
}

/** Answers the container's id. A failed create or connect leaves nothing behind; a replaced one is stopped only once its successor exists. */
export async function convergeContainer(
  context: ConvergeContext,
  planned: PlannedService,
  container: PlannedContainer,
): Promise<string> {
  const { engine, owner } = context;
  const { existing } = container;
  if (container.action === 'create' || existing === null) return create(context, planned, container, container.name);
  if (container.action !== 'recreate') {
    if (existing.name !== container.name) {
      await engine.renameContainer(existing.id, owner, container.name);
    }
    return existing.id;
  }
  const id = await create(context, planned, container, `${existing.id.slice(0, 12)}_${container.name}`);
  await stopAny(context, existing);
  await engine.removeContainer(existing.id, owner, { force: true });
  await engine.renameContainer(id, owner, container.name);
  return id;
}

/** Stops a container in whatever state it is. A paused one hears no signal: it runs on first, so that it can end well. */
export async function stopAny(
  { engine, owner }: Pick<ConvergeContext, 'engine' | 'owner'>,
  { id, state }: ActualContainer,
): Promise<void> {
  if (state === 'paused') await engine.unpauseContainer(id, owner);
  await engine.stopContainer(id, owner);
}

async function create(
  context: ConvergeContext,
  planned: PlannedService,
  container: PlannedContainer,
  temporaryName: string,
): Promise<string> {
  const { engine, owner, plan, ids } = context;
  const { project } = plan;
  const service = await readSeccomp(planned.service);
  const old = container.existing === null ? null : await engine.inspectContainer(container.existing.id);
  const imageRef = imageRefOf(project, planned.name, service);
  const described = describeModel(planned.service);
  const labels = containerLabels(
    { ...service.labels, ...(described === '' ? {} : { [modelLabel]: described }) },
    {
      project: project.name,
      service: planned.name,
      number: container.number,
      configHash: context.hash(planned.name, ids),
      imageId: context.imageIds[imageRef] ?? '',
      dependsOn: planned.dependsOn,
      configFiles: project.files,
      workingDir: project.workingDir,
      environmentFiles: context.environmentFiles,
      version: context.composeVersion,
      ...(container.existing === null
        ? {}
        : { replaces: service.container_name ?? `${planned.name}-${container.number}` }),
    },
  );
  const { body, connect, platform } = createBody({
    project,
    serviceName: planned.name,
    service,
    name: container.name,
    labels,
    imageRef,
    containerId: (name) => ids.get(name) ?? name,
    links: linksOf(context, planned),
    inherited: old === null ? [] : anonymousVolumes(old),
    apiVersion: context.apiVersion,
  });
  const { id } = await engine.createContainer(temporaryName, body, platform);
  try {
    for (const { network, endpoint } of connect) {
      await engine.connectNetwork(network, owner, { Container: id, EndpointConfig: endpoint });
    }
    await writeGrants(engine, owner, id, project, planned.name, service);
  } catch (error) {
    await engine.removeContainer(id, owner, { force: true, volumes: true }).catch(() => undefined);
    throw error;
  }
  return id;
}

/** Compose 2.26 links every container of a linked service three times: by the alias, by `service-N` and by its name. */
function linksOf(context: ConvergeContext, planned: PlannedService): string[] {
  const { plan } = context;
  const own = (planned.service.links ?? []).flatMap((link) => {
    const [target = '', alias = target] = link.split(':');
    const containers = plan.services.find(({ name }) => name === target)?.containers ?? [];
    return containers.flatMap(({ name, number }) => [
      `${name}:${alias}`,
      `${name}:${target}-${number}`,
      `${name}:${name}`,
    ]);
  });
  const external = (planned.service.external_links ?? []).map((link) =>
    link.includes(':') ? link : `${link}:${link}`,
  );
  return [...own, ...external];
}
