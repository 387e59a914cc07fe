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
