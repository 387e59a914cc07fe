/** Which model turns text into vectors, and a change to another. */
import { z } from 'zod';
import type { EmbeddingState } from '../../shared/model/knowledge.ts';
import type { BackendAccess } from '../backend/backend-access.ts';
import type { BackendClient } from '../backend/backend-client.ts';
import { createTouch, watchBackend } from '../backend/live.ts';
import { cutText, nothing, share, wireFailure } from '../backend/wire-fields.ts';

const busyMs = 1000;
const idleMs = 10_000;

const count = z.int().nonnegative();
const profile = z.object({
  id: cutText(100),
  model: cutText(200),
  dim: z.int().positive(),
  maxTokens: z.int().positive(),
  chunks: count,
});
const wireEmbedding = z
  .object({
    active: profile,
    models: z.array(
      z.object({ model: cutText(200), dim: z.int().positive(), maxTokens: z.int().positive(), active: z.boolean() }),
    ),
    change: z
      .object({
        from: cutText(200),
        to: cutText(200),
        state: z.enum(['building', 'failed']),
        progress: share,
        documentsDone: count,
        documentsTotal: count,
        remainingMs: z.number().nullable(),
        error: wireFailure.nullable(),
      })
      .nullable(),
    undo: z.object({ profile: z.object({ model: cutText(200) }), untilMs: z.number().nullable() }).nullable(),
  })
  .transform(
    ({ undo, models, ...rest }): EmbeddingState => ({
      ...rest,
      models: models.slice(0, 20),
      undo: undo === null ? null : { model: undo.profile.model, untilMs: undo.untilMs },
    }),
  );

export interface Embedding {
  get(): Promise<EmbeddingState>;
  /** Silent while there is no backend, or one that knows no change of the model. */
  watch(fn: (state: EmbeddingState) => void): () => void;
  /** A second index is built beside the first, then takes its place. */
  change(model: string): Promise<EmbeddingState>;
  cancel(): Promise<EmbeddingState>;
  undo(): Promise<EmbeddingState>;
}

export function createEmbedding(client: BackendClient, access: BackendAccess): Embedding {
  const get = (signal?: AbortSignal): Promise<EmbeddingState> =>
    client.call('GET', '/v1/embedding', wireEmbedding, undefined, signal);
  const own = createTouch();
  const after = async (path: string, body?: unknown): Promise<EmbeddingState> => {
    await client.call('POST', path, nothing, body);
    own.touch();
    return get();
  };
  return {
    get: () => get(),
    watch: (fn) =>
      watchBackend<EmbeddingState | null>(
        {
          client,
          access,
          empty: null,
          byDocuments: false,
          own,
          read: get,
          againMs: (state) => (state?.change?.state === 'building' ? busyMs : idleMs),
        },
        (state) => {
          if (state !== null) fn(state);
        },
      ),
    change: (model) => after('/v1/embedding/change', { model }),
    cancel: () => after('/v1/embedding/change/cancel'),
    undo: () => after('/v1/embedding/undo'),
  };
}
