/** The vector of a question, from the cache when it was asked before. */
import { createHash } from 'node:crypto';
import type { RagConfig } from '../config/service.ts';
import type { EmbeddingProfile } from '../embedding/profiles.ts';
import { cacheRequests } from '../observability/metrics.ts';
import type { Cache } from '../store/cache.ts';
import type { Nlp } from '../store/nlp.ts';

/** Vectors of one model are worth nothing to another: the profile is part of the key. */
const keyOf = (profile: EmbeddingProfile, text: string): string =>
  `emb:${profile.id}:${createHash('sha256').update(text).digest('base64url')}`;

function fromBuffer(buffer: Buffer | null, dim: number): Float32Array | null {
  if (buffer === null || buffer.length !== dim * 4) return null;
  return new Float32Array(buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.length));
}

/** One unit vector per text, in order. The cache being away costs time, never the answer. */
export async function embedCached(
  parts: { cache: Cache; nlp: Nlp; config: Pick<RagConfig, 'values'> },
  profile: EmbeddingProfile,
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const keys = texts.map((text) => keyOf(profile, text));
  const { values, reachable } = await parts.cache.getMany(keys);
  const known = values.map((value) => fromBuffer(value, profile.dim));
  const missing = texts.flatMap((text, at) => (known[at] === null ? [{ text, at }] : []));
  cacheRequests.inc({ cache: 'embedding', result: 'hit' }, texts.length - missing.length);
  cacheRequests.inc({ cache: 'embedding', result: reachable ? 'miss' : 'error' }, missing.length);
  if (missing.length > 0) {
    const made = await parts.nlp.embed(
      profile,
      missing.map((entry) => entry.text),
      'query',
      signal,
    );
    for (const [index, { at }] of missing.entries()) known[at] = made[index] ?? null;
    void parts.cache.setMany(
      missing.flatMap(({ at }) => {
        const vector = known[at];
        return vector == null ? [] : [{ key: keys[at] ?? '', value: Buffer.from(vector.buffer) }];
      }),
      parts.config.values()['cache.ttlSec'],
    );
  }
  return known.map((vector) => vector ?? new Float32Array(profile.dim));
}
