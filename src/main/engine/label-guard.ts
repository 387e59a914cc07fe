/** Refuses to change what does not belong to the project that asks: the target's own labels decide, read anew each time. */

import { projectLabel } from '../../shared/model/compose-labels.ts';
import { asObject, asTextMap } from '../../shared/model/json.ts';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { JsonObject, Owner } from './engine-client.ts';

/** Ours, on the volumes by which panels agree who changes a project: its value is the project's name. */
export const leaseLabel = 'quayside.lease';

/**
 * @param raw an inspect of a container (labels under `Config`), network or volume (labels at the top); null when gone
 * @returns the inspect, or null when there is nothing to change
 * @throws {ProblemError} `not-ours`
 */
export function guard(raw: JsonObject | null, owner: Owner, what: string): JsonObject | null {
  if (raw === null) return null;
  const labels = asTextMap(asObject(raw.Config).Labels ?? raw.Labels);
  if (owner.project !== '' && labels[projectLabel] === owner.project) return raw;
  if (owner.project !== '' && raw.Config === undefined && labels[leaseLabel] === owner.project) return raw;
  const holder = labels[projectLabel];
  throw new ProblemError(
    problem(
      'not-ours',
      `Quayside leaves ${what} alone`,
      holder
        ? `It belongs to the Compose project ${holder}, not to ${owner.project}.`
        : `It does not carry the label of the project ${owner.project}.`,
    ),
  );
}
