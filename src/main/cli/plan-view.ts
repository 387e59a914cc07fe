/** A plan on a terminal: what would be done, a mark and a line each, and what was changed below it. Pure. */
import type { ContainerAction, PlanView } from '../../shared/model/plan.ts';
import { planSummary } from '../../shared/model/plan-summary.ts';
import { printable } from './printable.ts';

const marks: Readonly<Record<ContainerAction, string>> = {
  create: '+',
  recreate: '±',
  restart: '↻',
  start: '▸',
  unpause: '▸',
  keep: '=',
  done: '=',
};
const words: Readonly<Record<ContainerAction, string>> = {
  create: 'create',
  recreate: 'replace',
  restart: 'restart',
  start: 'start',
  unpause: 'unpause',
  keep: 'unchanged',
  done: 'has completed',
};

export function planLines(plan: PlanView): string[] {
  const lines = [`${plan.project}: ${planSummary(plan)}`];
  const add = (mark: string, what: string, reason: string | null, details: readonly string[] = []): void => {
    lines.push(`  ${mark} ${what}${reason === null ? '' : `: ${reason}`}`);
    lines.push(...details.map((detail) => `      ${detail}`));
  };
  for (const image of plan.images) {
    if (image.action !== 'none') add('↓', `image ${image.ref} of ${image.service}, ${image.action}`, image.reason);
  }
  for (const network of plan.networks) {
    if (network.action === 'keep') continue;
    const moved = network.disconnects.map((name) => `${name} is moved to the new one`);
    const word = network.action === 'create' ? 'create' : 'replace';
    add(network.action === 'create' ? '+' : '±', `network ${network.name}, ${word}`, network.reason, [
      ...network.diff,
      ...moved,
    ]);
  }
  for (const volume of plan.volumes) {
    if (volume.action === 'create') add('+', `volume ${volume.name}, create`, null);
    if (volume.note !== null) add('!', `volume ${volume.name}`, volume.note);
  }
  for (const service of plan.services) {
    for (const { name, action, reason, diff } of service.containers) {
      add(marks[action], `${name}, ${words[action]}`, reason, diff);
    }
  }
  for (const removal of plan.removals) add('-', `${removal.name}, remove`, removal.reason);
  const removed = new Set(plan.removals.map(({ name }) => name));
  for (const orphan of plan.orphans) {
    if (removed.has(orphan.name)) continue;
    const from = orphan.files === '' ? '' : `; it was made from ${orphan.files}`;
    add('?', `${orphan.name}, left alone`, `no file names its service ${orphan.service}${from}`);
  }
  for (const warning of plan.warnings) add('!', warning, null);
  return lines.map((line) => printable(line, false));
}
