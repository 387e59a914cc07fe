/** The vector of a question, from the cache when it was asked before. */
import { createHash } from 'node:crypto';
import type { RagConfig } from '../config/service.ts';
import { cacheRequests } from '../observability/metrics.ts';
import type { Cache } from '../store/cache.ts';
import { type Nlp, vectorSize } from '../store/nlp.ts';

const keyOf = (text: string): string => `emb:minilm384:${createHash('sha256').update(text).digest('base64url')}`;

function fromBuffer(buffer: Buffer | null): Float32Array | null {
  if (buffer === null || buffer.length !== vectorSize * 4) return null;
  return new Float32Array(buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.length));
}

/** One unit vector per text, in order. The cache being away costs time, never the answer. */
export async function embedCached(
  parts: { cache: Cache; nlp: Nlp; config: Pick<RagConfig, 'values'> },
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const keys = texts.map(keyOf);
  const { values, reachable } = await parts.cache.getMany(keys);
  const known = values.map(fromBuffer);
  const missing = texts.flatMap((text, at) => (known[at] === null ? [{ text, at }] : []));
  cacheRequests.inc({ cache: 'embedding', result: 'hit' }, texts.length - missing.length);
  cacheRequests.inc({ cache: 'embedding', result: reachable ? 'miss' : 'error' }, missing.length);
  if (missing.length > 0) {
    const made = await parts.nlp.embed(
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
  return known.map((vector) => vector ?? new Float32Array(vectorSize));
}
