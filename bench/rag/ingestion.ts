/**
 * Documents in through the product's own door, against the embedding service fed by hand with the same passages: a share
 * of the documents at a time and some of its passages by hand after each, so that neither what the documents are like
 * nor what else the machine is at falls on one of them alone. By hand it is the best of several sizes of batch, two
 * under way.
 */
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, must } from './http.ts';
import type { BenchDocument } from './question-set.ts';
import type { BenchStack } from './stack.ts';

export interface Ingestion {
  readonly documents: number;
  readonly chunks: number;
  readonly firstMs: number;
  readonly againMs: number;
  /** One after the other: passages per second as the product reads them in, and by hand. */
  readonly shares: readonly { readonly chunks: number; readonly rate: number; readonly raw: number }[];
  readonly bestBatch: number;
}

const clients = 3;
const askedAbout = 500;

async function eachOf<T>(items: readonly T[], workers: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: workers }, async () => {
      for (let at = next++; at < items.length; at = next++) await work(items[at] as T);
    }),
  );
}

const titleOf = (text: string): string => (/^# (.*)/.exec(text)?.[1] ?? 'Untitled').slice(0, 300);
/** Everything is read into the knowledge base that every person has. */
export const kb = 'default';

/** As a client does it: asks which are there unchanged, sends the others. Resolves when all are ready. @throws when one fails */
export async function bringIn(
  api: Client,
  documents: readonly BenchDocument[],
  say: (what: string) => void,
): Promise<void> {
  const known = new Set<string>();
  for (let at = 0; at < documents.length; at += askedAbout) {
    const files = documents.slice(at, at + askedAbout).map(({ source, text }) => ({
      sourceUri: source,
      sha256: createHash('sha256').update(text).digest('hex'),
    }));
    const { items } = must<{ items: { sourceUri: string }[] }>(
      await api.call('POST', `/v1/knowledge-bases/${kb}/documents/known`, { files }),
      'which are known',
    );
    for (const { sourceUri } of items) known.add(sourceUri);
  }
  const others = documents.filter((document) => !known.has(document.source));
  await eachOf(others, clients, async ({ source, text }) => {
    const body = { title: titleOf(text), text, sourceUri: source };
    must(await api.call('POST', `/v1/knowledge-bases/${kb}/documents`, body), source);
  });
  for (;;) {
    const { documents: states } = must<{ documents: Record<string, number> }>(
      await api.call('GET', `/v1/knowledge-bases/${kb}/stats`),
      'how far it is',
    );
    if ((states.failed ?? 0) > 0) throw new Error(`${states.failed} documents failed`);
    const all = Object.values(states).reduce((sum, count) => sum + count, 0);
    say(`${states.ready ?? 0} of ${all} documents so far are ready`);
    if (Object.keys(states).every((name) => name === 'ready')) return;
    await pause(250);
  }
}

/** Texts per second when the service is fed by hand. */
async function rawRate(nlp: Client, texts: readonly string[], size: number): Promise<number> {
  const batches = Array.from({ length: Math.ceil(texts.length / size) }, (_, at) =>
    texts.slice(at * size, (at + 1) * size),
  );
  const began = performance.now();
  await eachOf(batches, 2, async (inputs) => {
    must(await nlp.call('POST', '/v1/embed', { inputs, lane: 'ingest' }), 'the embedding service');
  });
  return (texts.length / (performance.now() - began)) * 1000;
}

/** Passages of the documents as they are embedded (title and headings before the text), and how many there are. */
async function embeddedTexts(
  stack: BenchStack,
  documents: readonly BenchDocument[],
  limit: number,
): Promise<{ texts: string[]; chunks: number }> {
  const { rows } = await stack.postgres.query<{ title: string; path: string[]; text: string; chunks: number }>(
    `select d.title, c.heading_path as path, c.text, count(*) over ()::int as chunks from chunks c
     join documents d on d.id = c.doc_id and d.current_version = c.version and d.deleted_at is null
     where d.source_uri = any($2) order by md5(c.id::text) limit $1`,
    [limit, documents.map(({ source }) => source)],
  );
  const texts = rows.map(
    ({ title, path, text }) =>
      `${[title, ...path].filter((part, at, all) => part !== all[at - 1]).join(' > ')}\n${text}`,
  );
  return { texts, chunks: rows[0]?.chunks ?? 0 };
}

const shareCount = 6;
/** Passages embedded by hand after each share. */
const byHand = 384;

/** Reads `documents` in, twice. */
export async function measureIngestion(
  stack: BenchStack,
  documents: readonly BenchDocument[],
  say: (what: string) => void,
): Promise<Ingestion> {
  const { api, nlp } = stack;
  const plain = documents.flatMap(({ text }) => text.match(/[\s\S]{1,700}/g) ?? []);
  const sample = plain.filter((_, at) => at % Math.ceil(plain.length / 512) === 0);
  say('the embedding service by hand');
  const sizes: { size: number; rate: number }[] = [];
  for (const size of [8, 16, 32, 64, 128]) sizes.push({ size, rate: await rawRate(nlp, sample, size) });
  const best = sizes.reduce((a, b) => (b.rate > a.rate ? b : a)).size;
  const shares: { chunks: number; rate: number; raw: number }[] = [];
  let firstMs = 0;
  for (let share = 0; share < shareCount; share += 1) {
    const those = documents.filter((_, at) => at % shareCount === share);
    if (those.length === 0) continue;
    const began = performance.now();
    await bringIn(api, those, say);
    const ms = performance.now() - began;
    firstMs += ms;
    say('the embedding service by hand, with the same passages');
    const { texts, chunks } = await embeddedTexts(stack, those, byHand);
    shares.push({ chunks, rate: (chunks / ms) * 1000, raw: await rawRate(nlp, texts, best) });
  }
  const began = performance.now();
  await bringIn(api, documents, say);
  const againMs = performance.now() - began;
  const chunks = shares.reduce((sum, share) => sum + share.chunks, 0);
  return { documents: documents.length, chunks, firstMs, againMs, shares, bestBatch: best };
}

export function ingestionRows(figures: Ingestion): string[][] {
  const { chunks, shares } = figures;
  const rate = (chunks / figures.firstMs) * 1000;
  const raw = chunks / shares.reduce((seconds, share) => seconds + share.chunks / share.raw, 0);
  const ratios = shares.map((share) => share.rate / share.raw);
  return [
    [
      'ingestion end to end',
      `${rate.toFixed(1)} passages/s`,
      `${raw.toFixed(1)} texts/s, ${figures.bestBatch} a batch`,
      `${(rate / raw).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)} of a sixth)`,
      '≥ 0.75',
    ],
    [
      'the same files again',
      `${(figures.againMs / 1000).toFixed(2)} s`,
      `${(figures.firstMs / 1000).toFixed(1)} s the first time`,
      `${(figures.firstMs / figures.againMs).toFixed(0)} times faster`,
      '≥ 50',
    ],
  ];
}
