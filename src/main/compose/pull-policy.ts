/** When an image is got: the service's `pull_policy` against what the engine has. */

export type PullPolicy =
  | { readonly kind: 'missing' | 'always' | 'never' | 'build' }
  /** Pulled again once the local tag is older than this. */
  | { readonly kind: 'refresh'; readonly everyMs: number };

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** `every_12h`, `every_1w2d`: the last form a policy may have. */
export const everyPattern = /^every_(?:\d{1,9}[wdhms])+$/;

/** The policy a service's text stands for; absent, `if_not_present` and `missing` are one. The loader refused any other text. */
export function parsePullPolicy(text: string | undefined): PullPolicy {
  if (text === 'always' || text === 'never' || text === 'build') return { kind: text };
  if (text === 'daily') return { kind: 'refresh', everyMs: unitMs.d ?? 0 };
  if (text === 'weekly') return { kind: 'refresh', everyMs: unitMs.w ?? 0 };
  if (text === undefined || !everyPattern.test(text)) return { kind: 'missing' };
  const parts = text.slice('every_'.length).matchAll(/(\d+)([wdhms])/g);
  const everyMs = [...parts].reduce((sum, [, amount, unit]) => sum + Number(amount) * (unitMs[unit ?? ''] ?? 0), 0);
  return { kind: 'refresh', everyMs };
}

export interface ImageFacts {
  readonly policy: PullPolicy;
  /** The file names an image; without a name there is nothing to pull. */
  readonly named: boolean;
  /** This service, or another of the same image, can be built. */
  readonly buildable: boolean;
  /** Null: the engine does not have it, or only for another platform. */
  readonly present: {
    /** `Metadata.LastTagTime`; null where the engine does not know. */
    readonly taggedAtMs: number | null;
  } | null;
  readonly nowMs: number;
}

/** What is to be done for an image, and why; the same choice as Docker Compose's. */
export function chooseImageAction(facts: ImageFacts): {
  action: 'none' | 'pull' | 'build';
  reason: string | null;
} {
  const { policy, named, buildable, present } = facts;
  if (buildable && policy.kind === 'build') return { action: 'build', reason: 'the file says to build it every time' };
  if (named && policy.kind === 'always') return { action: 'pull', reason: 'the file says to pull it every time' };
  if (named && policy.kind === 'refresh' && present !== null) {
    if (present.taggedAtMs === null) return { action: 'pull', reason: 'the engine does not know how old it is' };
    const ageMs = facts.nowMs - present.taggedAtMs;
    if (ageMs > policy.everyMs) return { action: 'pull', reason: `it is ${ageWords(ageMs)} old` };
  }
  if (present !== null) return { action: 'none', reason: null };
  const mayPull = named && policy.kind !== 'never' && policy.kind !== 'build';
  if (mayPull) return { action: 'pull', reason: 'it is not here yet' };
  if (buildable) return { action: 'build', reason: 'it is not here yet' };
  return { action: 'none', reason: 'it is not here, and the file says never to pull it' };
}

function ageWords(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  if (hours < 1) return `${Math.max(1, Math.floor(ms / 60_000))} min`;
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}
