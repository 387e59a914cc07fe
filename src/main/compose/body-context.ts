/** What the parts of a create body are made from. */
import type { Json, JsonObject } from '../engine/engine-client.ts';
import type { ComposeProject, ComposeService } from './model.ts';

export interface BodyContext {
  readonly project: ComposeProject;
  readonly serviceName: string;
  readonly service: ComposeService;
  /** The final name: networks know the container by it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly imageRef: string;
  /** Full id of another service's container, for shared namespaces and `volumes_from`. */
  readonly containerId: (service: string) => string;
  /** Links, resolved by the planner: "P-db-1:alias". */
  readonly links: readonly string[];
  /** Anonymous volumes of the container that is replaced, by their target. */
  readonly inherited: readonly { readonly name: string; readonly target: string }[];
  /** The engine's, as in "1.41". */
  readonly apiVersion: string;
}

/** Drops what is undefined, so that a body holds only what was asked for. */
export function compact(entries: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as JsonObject;
}
