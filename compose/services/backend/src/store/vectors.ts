/**
 * Qdrant: a collection for each embedding profile, with a dense vector and BM25 (computed inside Qdrant) per passage.
 * It holds no text, only ids to look up in Postgres. Requests as measured on 1.16 (see the project's notes on
 * retrieval).
 */
import { z } from 'zod';
import type { Settings } from '../config/settings.ts';
import { BackendProblem } from '../http/problem.ts';
import { type Fusion, fuse } from '../retrieval/fusion.ts';
import { createJsonHttp, type JsonAnswer } from './json-http.ts';

/** Mean length of a passage in words; BM25 without it loses about a tenth of its quality. */
const averageWords = 130;

export interface Point {
  readonly id: string;
  readonly vector: Float32Array;
  /** What BM25 sees. */
  readonly text: string;
  readonly kb: string;
  readonly doc: string;
  readonly ver: number;
  readonly no: number;
}
export const searchModes = ['hybrid', 'dense', 'bm25'] as const;
export type SearchMode = (typeof searchModes)[number];
export interface Hit {
  readonly id: string;
  readonly score: number;
  /** Cosine with the question; null when the passage came from BM25 alone. */
  readonly dense: number | null;
  readonly bm25: number | null;
}
/** One collection. */
export interface Vectors {
  /** Makes it, for vectors of this many figures, when it is not there; true when it had to. Not safe from two processes at once. */
  ensure(dim: number): Promise<boolean>;
  upsert(points: readonly Point[], signal?: AbortSignal): Promise<void>;
  /** Exact. */
  count(filter: { doc: string; ver?: number } | null): Promise<number>;
  /** Deletes all of a document, or one version of it, or all but one. */
  remove(doc: string, which?: { only?: number; but?: number }): Promise<void>;
  /** Which versions of which documents it holds passages of. */
  versions(signal?: AbortSignal): Promise<{ doc: string; ver: number }[]>;
  search(
    query: {
      text: string;
      /** Not looked at for `bm25`. */
      vector: Float32Array;
      kbIds: readonly string[];
      /** Only these documents; null for all of the knowledge bases. */
      documentIds: readonly string[] | null;
      mode: SearchMode;
      limit: number;
      /** Candidates of each leg, and how they become one list. */
      prefetch: number;
      fusion: Fusion;
    },
    signal?: AbortSignal,
  ): Promise<Hit[]>;
}
/** All methods, those of the collections too, throw {BackendProblem} `vector-store-unavailable`. */
export interface VectorStore {
  of(collection: string): Vectors;
  /** Points the alias at a collection, in one call that no reader falls into the middle of. */
  pointAlias(collection: string): Promise<void>;
  /** Dropping what is not there changes nothing. */
  drop(collection: string): Promise<void>;
  /** @throws when it does not answer, or has no such collection to search in */
  ping(collection: string, signal: AbortSignal): Promise<void>;
}

/**
 * The collection of the active profile, for whoever looks into the vector store from outside. Searches name their
 * collection themselves: it has to be the one of the model that made the question's vector.
 */
const alias = 'chunks';
const aliasesAnswer = z.object({
  result: z.object({ aliases: z.array(z.object({ alias_name: z.string(), collection_name: z.string() })) }),
});

const pointsAnswer = z.object({
  result: z.array(z.object({ points: z.array(z.object({ id: z.string(), score: z.number() })) })),
});
const existsAnswer = z.object({ result: z.object({ exists: z.boolean() }) });
const scrollAnswer = z.object({
  result: z.object({
    points: z.array(z.object({ payload: z.object({ doc: z.string(), ver: z.number() }) })),
    next_page_offset: z.union([z.string(), z.number()]).nullable(),
  }),
});
const countAnswer = z.object({ result: z.object({ count: z.number() }) });

/** Text that is mostly not Latin needs Qdrant's other tokenizer, or BM25 finds nothing in it. */
export function bm25Options(text: string): Record<string, string | number> {
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0;
  const foreign = letters > 0 && latin / letters < 0.5;
  return foreign
    ? { avg_len: averageWords, tokenizer: 'multilingual', language: 'none' }
    : { avg_len: averageWords, language: 'english' };
}

const bm25 = (text: string): Record<string, unknown> => ({ text, model: 'qdrant/bm25', options: bm25Options(text) });

/** Seven digits are all that single precision holds; more would only make the request longer. */
const figures = (vector: Float32Array): number[] => Array.from(vector, (x) => Number(x.toPrecision(7)));

const match = (key: string, value: string | number): unknown => ({ key, match: { value } });
const documentFilter = (filter: { doc: string; ver?: number } | null): unknown =>
  filter === null
    ? undefined
    : { must: [match('doc', filter.doc), ...(filter.ver === undefined ? [] : [match('ver', filter.ver)])] };

type Call = (
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
  signal?: AbortSignal,
) => Promise<unknown>;

export function createVectors(settings: Settings): VectorStore {
  const http = createJsonHttp(settings.QDRANT_URL, { 'api-key': settings.qdrantApiKey });

  const call: Call = async (method, path, body, signal) => {
    const timeout = AbortSignal.timeout(30_000);
    let answer: JsonAnswer;
    try {
      answer = await http.call(method, path, {
        body,
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      if (answer.status >= 200 && answer.status < 300) return JSON.parse(answer.text);
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw new BackendProblem('vector-store-unavailable', 'The vector store does not answer.', {
        cause: error,
        retryAfter: 5,
        away: !(error instanceof SyntaxError),
      });
    }
    const { status } = answer;
    const said = answer.text.slice(0, 300);
    if (status === 400 && /dimension error|expected dim/i.test(said))
      throw new BackendProblem(
        'embedding-profile-mismatch',
        'The vector store holds vectors of another size than the embedding model makes.',
        { cause: new Error(said) },
      );
    throw new BackendProblem('vector-store-unavailable', `The vector store answered ${status}.`, {
      cause: new Error(said),
      ...(status >= 500 ? { retryAfter: 5 } : {}),
    });
  };

  async function aliasTarget(): Promise<string | null> {
    const { result } = aliasesAnswer.parse(await call('GET', '/aliases'));
    return result.aliases.find((entry) => entry.alias_name === alias)?.collection_name ?? null;
  }

  return {
    of: (collection) => collectionOf(call, collection),
    async pointAlias(collection) {
      const target = await aliasTarget();
      if (target === collection) return;
      await call('POST', '/collections/aliases', {
        actions: [
          ...(target === null ? [] : [{ delete_alias: { alias_name: alias } }]),
          { create_alias: { collection_name: collection, alias_name: alias } },
        ],
      });
    },
    async drop(collection) {
      await call('DELETE', `/collections/${collection}`);
    },
    async ping(collection, signal) {
      const { result } = existsAnswer.parse(await call('GET', `/collections/${collection}/exists`, undefined, signal));
      // A store that answers and has nothing to search in is as good as away.
      if (!result.exists) throw new Error('there is no collection to search in');
    },
  };
}

function collectionOf(call: Call, collection: string): Vectors {
  const base = `/collections/${collection}`;
  return {
    async ensure(dim) {
      const { result } = existsAnswer.parse(await call('GET', `${base}/exists`));
      if (result.exists) return false;
      await call('PUT', base, {
        vectors: { dense: { size: dim, distance: 'Cosine', on_disk: true } },
        sparse_vectors: { bm25: { modifier: 'idf' } },
        hnsw_config: { m: 16, ef_construct: 100, payload_m: 16 },
        quantization_config: { scalar: { type: 'int8', quantile: 0.99, always_ram: true } },
        strict_mode_config: {
          enabled: true,
          max_query_limit: 500,
          unindexed_filtering_retrieve: false,
          unindexed_filtering_update: false,
        },
      });
      for (const [field_name, field_schema] of [
        ['kb', { type: 'keyword', is_tenant: true }],
        ['doc', 'uuid'],
        ['ver', 'integer'],
      ])
        await call('PUT', `${base}/index?wait=true`, { field_name, field_schema });
      return true;
    },
    async upsert(points, signal) {
      const body = {
        points: points.map((point) => ({
          id: point.id,
          vector: { dense: figures(point.vector), bm25: bm25(point.text) },
          payload: { kb: point.kb, doc: point.doc, ver: point.ver, no: point.no },
        })),
      };
      await call('PUT', `${base}/points?wait=true`, body, signal);
    },
    async count(filter) {
      const answer = await call('POST', `${base}/points/count`, { filter: documentFilter(filter), exact: true });
      return countAnswer.parse(answer).result.count;
    },
    async remove(doc, which = {}) {
      const filter = {
        must: [match('doc', doc), ...(which.only === undefined ? [] : [match('ver', which.only)])],
        ...(which.but === undefined ? {} : { must_not: [match('ver', which.but)] }),
      };
      await call('POST', `${base}/points/delete?wait=true`, { filter });
    },
    async versions(signal) {
      const found = new Map<string, { doc: string; ver: number }>();
      for (let offset: string | number | null | undefined; offset !== null; ) {
        const body = { limit: 500, offset, with_payload: ['doc', 'ver'], with_vector: false };
        const { result } = scrollAnswer.parse(await call('POST', `${base}/points/scroll`, body, signal));
        for (const { payload } of result.points) found.set(`${payload.doc}:${payload.ver}`, payload);
        offset = result.next_page_offset;
      }
      return [...found.values()];
    },
    async search({ text, vector, kbIds, documentIds, mode, limit, prefetch, fusion }, signal) {
      const filter = {
        must: [
          { key: 'kb', match: { any: kbIds } },
          ...(documentIds === null ? [] : [{ key: 'doc', match: { any: documentIds } }]),
        ],
      };
      const depth = Math.max(prefetch, limit);
      const dense = {
        query: figures(vector),
        using: 'dense',
        filter,
        limit: depth,
        params: { quantization: { rescore: true, oversampling: 2 } },
      };
      const sparse = { query: bm25(text), using: 'bm25', filter, limit: depth };
      // One round trip: the legs are searched side by side, and fused here.
      const legs = { dense: mode !== 'bm25', bm25: mode !== 'dense' };
      const searches = [...(legs.dense ? [dense] : []), ...(legs.bm25 ? [sparse] : [])];
      const answer = pointsAnswer.parse(await call('POST', `${base}/points/query/batch`, { searches }, signal));
      const lists = answer.result.map((list) => list.points);
      const found = { dense: legs.dense ? (lists[0] ?? []) : [], bm25: legs.bm25 ? (lists.at(-1) ?? []) : [] };
      const ranked = mode === 'hybrid' ? fuse(found, fusion, limit) : (lists[0] ?? []).slice(0, limit);
      const scoresOf = (list: (typeof found)['dense']): Map<string, number> =>
        new Map(list.map((point) => [point.id, point.score]));
      const denseScores = scoresOf(found.dense);
      const sparseScores = scoresOf(found.bm25);
      return ranked.map((point) => ({
        id: point.id,
        score: point.score,
        dense: denseScores.get(point.id) ?? null,
        bm25: sparseScores.get(point.id) ?? null,
      }));
    },
  };
}
