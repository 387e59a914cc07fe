/** A plan as it is shown: plain data within the bounds of its schema, with nothing secret in it. */
import type { PlanImage, PlanView } from '../../shared/model/plan.ts';
import { configFilesLabel } from './labels.ts';
import { hideSecrets } from './model-diff.ts';
import type { Plan } from './plan.ts';

/** @param images what has to be got for it; those that are here may be left out. */
export function planView(plan: Plan, images: readonly PlanImage[]): PlanView {
  return {
    project: cut(plan.project.name, 128),
    writes: plan.writes || images.some(({ action }) => action !== 'none'),
    images: images.slice(0, 2000).map(({ service, ref, action, reason }) => ({
      service: name(service),
      ref: cut(ref, 512),
      action,
      reason: reasonOf(reason),
    })),
    networks: plan.networks.slice(0, 2000).map((network) => ({
      name: name(network.name),
      action: network.action,
      reason: reasonOf(network.reason),
      diff: lines(network.diff),
      disconnects:
        network.action === 'recreate' ? network.moves.slice(0, 2000).map((container) => name(container.name)) : [],
    })),
    volumes: plan.volumes.slice(0, 2000).map((volume) => ({
      name: name(volume.name),
      action: volume.action,
      note: reasonOf(volume.note),
    })),
    services: plan.services.slice(0, 2000).map((service) => ({
      name: name(service.name),
      job: service.job,
      dependsOn: service.dependsOn.slice(0, 2000).map((dependency) => name(dependency.service)),
      containers: service.containers.slice(0, 1000).map((container) => ({
        name: name(container.name),
        number: container.number,
        action: container.action,
        reason: reasonOf(container.reason),
        diff: lines(container.diff),
      })),
    })),
    removals: plan.removals.slice(0, 2000).map(({ container, reason }) => ({
      name: name(container.name),
      service: name(container.service),
      reason: safe(reason, 1000),
    })),
    orphans: plan.orphans.slice(0, 2000).map((container) => ({
      name: name(container.name),
      service: name(container.service),
      files: cut(container.labels[configFilesLabel] ?? '', 4000),
    })),
    warnings: plan.warnings.slice(0, 200).map((warning) => safe(warning, 2000)),
  };
}

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);
const name = (text: string): string => cut(text, 256);
/** Roughly cut first, so that no length costs time. */
const safe = (text: string, most: number): string => cut(hideSecrets(text.slice(0, 2 * most)), most);
const reasonOf = (text: string | null): string | null => (text === null ? null : safe(text, 1000));
const lines = (texts: readonly string[]): string[] => texts.slice(0, 40).map((text) => safe(text, 2000));
