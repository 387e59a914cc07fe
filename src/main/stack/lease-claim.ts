/** A claim on a stack as it stands on the engine: a volume that holds no data, only labels that say whose it is. */
import { asObject, asText, asTextMap } from '../../shared/model/json.ts';
import type { JsonObject } from '../engine/engine-client.ts';
import { leaseLabel } from '../engine/label-guard.ts';

const label = {
  holder: 'quayside.lease.holder',
  machine: 'quayside.lease.machine',
  host: 'quayside.lease.host',
  pid: 'quayside.lease.pid',
  started: 'quayside.lease.started',
  title: 'quayside.lease.operation',
  since: 'quayside.lease.since',
} as const;

/** The process that claims. */
export interface LeaseSelf {
  /** `machineIdentity()`; empty when unknown. */
  readonly machine: string;
  /** For people. */
  readonly host: string;
  readonly pid: number;
  /** As `ownProcess()` tells it. */
  readonly started: string;
}

export interface Claim {
  readonly volume: string;
  /** One for each taking: the same process may claim, give back and claim again. */
  readonly holder: string;
  readonly project: string;
  readonly self: LeaseSelf;
  /** Of the operation. */
  readonly title: string;
  /** By the holder's clock: to be shown, never to be counted with. */
  readonly since: string;
  /** By the engine's clock, in whole seconds; NaN when it does not say. */
  readonly createdAtMs: number;
}

/** The body of the volume. No label of Compose's is among these: no `docker compose` sees it. */
export function claimBody(claim: Omit<Claim, 'createdAtMs'>): JsonObject {
  return {
    Name: claim.volume,
    Driver: 'local',
    Labels: {
      [leaseLabel]: claim.project,
      [label.holder]: claim.holder,
      [label.machine]: claim.self.machine,
      [label.host]: claim.self.host,
      [label.pid]: String(claim.self.pid),
      [label.started]: claim.self.started,
      [label.title]: claim.title,
      [label.since]: claim.since,
    },
  };
}

export function readClaim(raw: JsonObject): Claim {
  const labels = asTextMap(asObject(raw.Labels));
  return {
    volume: asText(raw.Name),
    holder: labels[label.holder] ?? '',
    project: labels[leaseLabel] ?? '',
    self: {
      machine: labels[label.machine] ?? '',
      host: labels[label.host] ?? 'an unknown machine',
      pid: Number(labels[label.pid]) || 0,
      started: labels[label.started] ?? '',
    },
    title: labels[label.title] ?? 'something',
    since: labels[label.since] ?? '',
    createdAtMs: Date.parse(asText(raw.CreatedAt)),
  };
}
