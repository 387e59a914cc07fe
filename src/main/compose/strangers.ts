/** What of others stands in a plan's way. Found before anything is made, where Compose fails in the middle. */
import { projectLabel } from '../../shared/model/compose-labels.ts';
import { ProblemError, problem, type Remedy } from '../../shared/model/problem.ts';
import type { ContainerSummary } from '../engine/engine-client.ts';
import { networksOf } from './actual.ts';
import type { Plan } from './plan.ts';

/** Whether any other container could be in the way; if not, nobody has to ask for all of them. */
export function mayMeetStrangers(plan: Plan): boolean {
  return newNames(plan).size > 0 || plan.networks.some(({ action }) => action === 'recreate');
}

/**
 * @param everyone all containers of the engine
 * @throws {ProblemError} `name-taken`, or `network-in-use` for a network that has to be replaced under others
 */
export function assertNoStrangers(plan: Plan, everyone: readonly ContainerSummary[]): void {
  assertNamesFree(plan, everyone);
  assertNetworksOurs(plan, everyone);
}

/** Names that a container of the plan takes and does not have yet, and the service it is for. */
function newNames(plan: Plan): Map<string, string> {
  const names = new Map<string, string>();
  for (const { name: service, containers } of plan.services) {
    for (const { name, existing } of containers) if (existing?.name !== name) names.set(name, service);
  }
  return names;
}

function assertNamesFree(plan: Plan, everyone: readonly ContainerSummary[]): void {
  const names = newNames(plan);
  // What is removed or replaced lets go of its name first.
  const leaving = new Set([
    ...plan.removals.map(({ container }) => container.id),
    ...plan.services.flatMap(({ containers }) =>
      containers.flatMap(({ action, existing }) => (action === 'recreate' && existing ? [existing.id] : [])),
    ),
  ]);
  const taken = everyone.filter(({ id, name }) => names.has(name) && !leaving.has(id));
  const [first] = taken;
  if (first === undefined) return;
  const service = names.get(first.name) ?? '';
  const orphan = plan.orphans.some(({ id }) => id === first.id);
  const remedies: Remedy[] = [
    ...(orphan
      ? [{ action: 'advice', label: 'Start again and let containers go that the file no longer names' } as const]
      : []),
    {
      action: 'copy-command',
      label: 'Give the other container another name',
      command: `docker rename ${first.name} ${first.name}-old`,
    },
    { action: 'copy-command', label: 'Or remove it, if nobody needs it', command: `docker rm ${first.name}` },
    { action: 'advice', label: `Or give ${service} another container_name, or the project another name` },
    { action: 'retry', label: 'Try again once the name is free' },
  ];
  throw new ProblemError(
    problem(
      'name-taken',
      `The name ${first.name} is taken`,
      `${service} is to be called ${first.name}, and so is a container that belongs to ${whose(plan, first)}. Nothing was created.`,
      {
        evidence: taken.map((one) => `${one.name}: ${one.state}, of ${whose(plan, one)} (${one.id.slice(0, 12)})`),
        remedies,
        service,
      },
    ),
  );
}

function assertNetworksOurs(plan: Plan, everyone: readonly ContainerSummary[]): void {
  const leaving = new Set(plan.removals.map(({ container }) => container.id));
  for (const network of plan.networks) {
    if (network.action !== 'recreate') continue;
    const moved = new Set(network.moves.map(({ id }) => id));
    const foreign = everyone.filter(({ id, raw }) => {
      const networks = networksOf(raw) ?? {};
      const on = Object.hasOwn(networks, network.name) ? networks[network.name] : undefined;
      return on !== undefined && (on === network.id || on === '') && !moved.has(id) && !leaving.has(id);
    });
    if (foreign.length === 0) continue;
    const names = foreign.map(({ name }) => name).join(', ');
    const [first] = foreign;
    throw new ProblemError(
      problem(
        'network-in-use',
        `The network ${network.name} cannot be replaced`,
        `Its settings changed, so it has to be made anew, but containers of others are on it: ${names}. Nothing was touched.`,
        {
          evidence: [
            ...network.diff,
            ...foreign.map((one) => `${one.name}: ${one.state}, of ${whose(plan, one)} (${one.id.slice(0, 12)})`),
          ],
          remedies: [
            {
              action: 'copy-command',
              label: 'Take them off the network',
              command: `docker network disconnect ${network.name} ${first?.name ?? ''}`,
            },
            { action: 'advice', label: `Or undo the change of the network ${network.key} in the file` },
            { action: 'retry', label: 'Try again once they are off it' },
          ],
        },
      ),
    );
  }
}

function whose(plan: Plan, { labels }: ContainerSummary): string {
  const project = labels[projectLabel];
  if (project === undefined) return 'no Compose project';
  return project === plan.project.name ? 'this project' : `the project ${project}`;
}
