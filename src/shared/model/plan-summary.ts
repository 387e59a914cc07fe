/** A plan in one sentence. Apart from its schema, so that the window does not load a validator for it. */
import type { ContainerAction, PlanView } from './plan.ts';

/** One sentence: "2 to create, 1 to replace, 3 unchanged; 1 network to replace". */
export function planSummary(view: PlanView): string {
  const counts = new Map<ContainerAction, number>();
  for (const { containers } of view.services) {
    for (const { action } of containers) counts.set(action, (counts.get(action) ?? 0) + 1);
  }
  const of = (action: ContainerAction): number => counts.get(action) ?? 0;
  const containers = [
    [of('create'), 'to create'],
    [of('recreate'), 'to replace'],
    [of('restart'), 'to restart'],
    [of('start'), 'to start'],
    [of('unpause'), 'to unpause'],
    [view.removals.length, 'to remove'],
    [of('keep') + of('done'), 'unchanged'],
  ] as const;
  const many = (count: number, noun: string, verb: string): string =>
    count === 0 ? '' : `${count} ${noun}${count === 1 ? '' : 's'} to ${verb}`;
  const images = (action: 'pull' | 'build'): number =>
    new Set(view.images.filter((image) => image.action === action).map(({ ref }) => ref)).size;
  const networks = (action: 'create' | 'recreate'): number =>
    view.networks.filter((network) => network.action === action).length;
  const parts = [
    containers.flatMap(([count, words]) => (count === 0 ? [] : [`${count} ${words}`])).join(', '),
    many(images('pull'), 'image', 'pull'),
    many(images('build'), 'image', 'build'),
    many(networks('create'), 'network', 'create'),
    many(networks('recreate'), 'network', 'replace'),
    many(view.volumes.filter(({ action }) => action === 'create').length, 'volume', 'create'),
  ].filter((part) => part !== '');
  const said = parts.join('; ');
  if (view.writes) return said;
  return said === '' ? 'Nothing to do' : `Nothing to do: ${said}`;
}
