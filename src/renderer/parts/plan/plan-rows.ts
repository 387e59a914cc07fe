/** A plan arranged for reading: what changes first, containers with one fate on one line, differences taken apart. */
import type { PlanContainer, PlanImage, PlanView } from '../../../shared/model/plan.ts';

/** Containers of one service that meet the same fate for the same reason. */
export interface ContainerGroup {
  readonly action: PlanContainer['action'];
  readonly names: readonly string[];
  readonly reason: string | null;
  readonly diff: readonly string[];
}

export interface ServiceRow {
  readonly name: string;
  readonly job: boolean;
  readonly groups: readonly ContainerGroup[];
}

const settledActions: readonly PlanContainer['action'][] = ['keep', 'done'];

function groupsOf(containers: readonly PlanContainer[]): ContainerGroup[] {
  const groups = new Map<string, { first: PlanContainer; names: string[] }>();
  for (const container of containers) {
    const key = JSON.stringify([container.action, container.reason, container.diff]);
    const held = groups.get(key);
    if (held === undefined) groups.set(key, { first: container, names: [container.name] });
    else held.names.push(container.name);
  }
  return [...groups.values()].map(({ first, names }) => ({
    action: first.action,
    names,
    reason: first.reason,
    diff: first.diff,
  }));
}

/** Services that something happens to, in the order of the file, and those that stay as they are. */
export function serviceRows(view: PlanView): { readonly changing: ServiceRow[]; readonly settled: ServiceRow[] } {
  const rows = view.services.map(({ name, job, containers }) => ({ name, job, groups: groupsOf(containers) }));
  const isSettled = (row: ServiceRow): boolean => row.groups.every(({ action }) => settledActions.includes(action));
  return { changing: rows.filter((row) => !isSettled(row)), settled: rows.filter(isSettled) };
}

/** Each image once, with the services that use it; those already there are left out. */
export function imageRows(view: PlanView): { readonly image: PlanImage; readonly services: readonly string[] }[] {
  const rows = new Map<string, { image: PlanImage; services: string[] }>();
  for (const image of view.images) {
    if (image.action === 'none') continue;
    const key = `${image.action} ${image.ref}`;
    const held = rows.get(key);
    if (held === undefined) rows.set(key, { image, services: [image.service] });
    else held.services.push(image.service);
  }
  return [...rows.values()];
}

export interface Difference {
  /** `environment.WORKERS`; null for a line that is a sentence. */
  readonly path: string | null;
  readonly before: string;
  readonly after: string;
}

const arrow = ' -> ';
const imageId = /^sha256:[0-9a-f]{12,64}$/;

/** Ids of images are told apart by their beginning. */
function short(value: string): string {
  return imageId.test(value) ? `${value.slice(7, 19)}` : value;
}

/** A value as the core prints it: JSON, or words in brackets such as "(not set)". */
function isValue(text: string): boolean {
  if (/^\([^()]*\)$/.test(text) || imageId.test(text)) return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Takes `path: "old" -> "new"` apart. A value may hold the arrow itself, so the cut is where both sides are values. */
export function differenceOf(line: string): Difference {
  const colon = line.indexOf(': ');
  if (colon > 0) {
    const rest = line.slice(colon + 2);
    for (let at = rest.indexOf(arrow); at !== -1; at = rest.indexOf(arrow, at + 1)) {
      const before = rest.slice(0, at);
      const after = rest.slice(at + arrow.length);
      if (isValue(before) && isValue(after))
        return { path: line.slice(0, colon), before: short(before), after: short(after) };
    }
  }
  return { path: null, before: '', after: line };
}
