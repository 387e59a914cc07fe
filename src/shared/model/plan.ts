/** What a start would do, to be shown before it is done: the window's preview and `up --dry-run` print the same. */
import { z } from 'zod';

const name = z.string().max(256);
const reason = z.string().max(1000).nullable();
/** Readable lines like `environment.WORKERS: "1" -> "2"`; secrets are masked. */
const diff = z.array(z.string().max(2000)).max(40);

export const containerActions = ['create', 'recreate', 'restart', 'start', 'unpause', 'keep', 'done'] as const;
export type ContainerAction = (typeof containerActions)[number];

export const planImageSchema = z.strictObject({
  service: name,
  ref: z.string().max(512),
  action: z.enum(['pull', 'build', 'none']),
  reason,
});
export type PlanImage = z.infer<typeof planImageSchema>;

export const planContainerSchema = z.strictObject({
  /** The name it has in the end. */
  name,
  /** Replica number, from 1. */
  number: z.int().min(1),
  /** `done`: a job that ended well and does not run again. */
  action: z.enum(containerActions),
  /** Why; null where nothing is done. */
  reason,
  /** What changed since the container was made; empty but for `recreate`. */
  diff,
});
export type PlanContainer = z.infer<typeof planContainerSchema>;

export const planViewSchema = z.strictObject({
  project: z.string().max(128),
  /** False: the engine holds it all already, a start would change nothing. Images count too. */
  writes: z.boolean(),
  /** Of each service that is part of this. */
  images: z.array(planImageSchema).max(2000),
  networks: z
    .array(
      z.strictObject({
        name,
        action: z.enum(['create', 'recreate', 'keep']),
        reason,
        diff,
        /** Containers that are taken off the old network and put onto the new one. */
        disconnects: z.array(name).max(2000),
      }),
    )
    .max(2000),
  /** Data is never deleted by a start: settings that differ are said in the note, the volume stays as it is. */
  volumes: z.array(z.strictObject({ name, action: z.enum(['create', 'keep']), note: reason })).max(2000),
  /** In the order of the file. */
  services: z
    .array(
      z.strictObject({
        name,
        /** Ends by itself, and exit 0 is its success. */
        job: z.boolean(),
        dependsOn: z.array(name).max(2000),
        containers: z.array(planContainerSchema).max(1000),
      }),
    )
    .max(2000),
  removals: z.array(z.strictObject({ name, service: name, reason: z.string().max(1000) })).max(2000),
  /** Containers of services that the file does not name. Left alone unless asked otherwise; then they are removals too. */
  orphans: z
    .array(
      z.strictObject({
        name,
        service: name,
        /** The Compose files that made it, comma-separated; empty when nobody knows. */
        files: z.string().max(4000),
      }),
    )
    .max(2000),
  warnings: z.array(z.string().max(2000)).max(200),
});
export type PlanView = z.infer<typeof planViewSchema>;

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
