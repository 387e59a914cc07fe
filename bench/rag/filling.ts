/**
 * From some thousand real passages to a hundred thousand. Embedding them all would take most of an hour, so the others
 * are made of real ones: the first half of one passage and the second half of another, and their vectors mixed alike
 * with a little noise. They are written as the product writes them, rows and points, into a knowledge base of the person.
 */
import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { must } from './http.ts';
import { seeded } from './measures.ts';
import type { BenchStack } from './stack.ts';

const chunksPerDocument = 200;
const rowsPerWrite = 1000;
const pointsPerWrite = 250;
const settledWithinMs = 300_000;

interface Seed {
  readonly id: string;
  readonly text: string;
  readonly title: string;
  readonly path: readonly string[];
  readonly vector: readonly number[];
}

/** An id that is the same in every run. */
function idOf(text: string): string {
  const hex = createHash('sha1').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

async function seedsOf(stack: BenchStack): Promise<Seed[]> {
  const { rows } = await stack.postgres.query<Omit<Seed, 'vector'>>(
    `select c.id, c.text, d.title, c.heading_path as path from chunks c
     join documents d on d.id = c.doc_id and d.current_version = c.version where length(c.text) > 200 order by c.id`,
  );
  const seeds: Seed[] = [];
  for (let at = 0; at < rows.length; at += 500) {
    const those = rows.slice(at, at + 500);
    const body = { ids: those.map((row) => row.id), with_vector: ['dense'] };
    const { result } = must<{ result: { id: string; vector: { dense: number[] } }[] }>(
      await stack.qdrant.call('POST', '/collections/chunks/points', body),
      'vectors of passages',
    );
    const vectors = new Map(result.map((point) => [point.id, point.vector.dense]));
    for (const row of those) {
      const vector = vectors.get(row.id);
      if (vector !== undefined) seeds.push({ ...row, vector });
    }
  }
  return seeds;
}

function mixed(a: readonly number[], b: readonly number[], random: () => number): number[] {
  const sum = a.map((x, at) => 0.7 * x + 0.3 * (b[at] ?? 0) + 0.02 * (random() - 0.5));
  const length = Math.sqrt(sum.reduce((total, x) => total + x * x, 0));
  return sum.map((x) => Number((x / length).toPrecision(7)));
}

/** A cut through a surrogate pair leaves what no encoding holds; the way through bytes mends it. */
const halves = (a: string, b: string): string =>
  Buffer.from(`${a.slice(0, a.length / 2)} ${b.slice(b.length / 2)}`)
    .toString()
    .replaceAll('\0', '');

/** Fills the knowledge base up until there are `total` passages, and waits until the vector store has settled. */
export async function fillUpTo(stack: BenchStack, total: number, say: (what: string) => void): Promise<void> {
  const { postgres, qdrant } = stack;
  const seeds = await seedsOf(stack);
  const there = (await postgres.query<{ n: number }>('select count(*)::int as n from chunks')).rows[0]?.n ?? 0;
  const { rows } = await postgres.query<{ id: string; pipeline: string }>(
    `select k.id, (select pipeline from document_versions limit 1) as pipeline from knowledge_bases k
     where k.is_default order by k.created_at limit 1`,
  );
  const [place] = rows;
  if (place === undefined || seeds.length === 0) throw new Error('there is nothing to make passages of');
  const random = seeded(7);
  const pick = (): Seed => seeds[Math.floor(random() * seeds.length)] as Seed;
  for (let made = 0; made < total - there; made += rowsPerWrite) {
    const count = Math.min(rowsPerWrite, total - there - made);
    const chunks = Array.from({ length: count }, (_, at) => {
      const number = made + at;
      const [a, b] = [pick(), pick()];
      const doc = idOf(`document ${Math.floor(number / chunksPerDocument)}`);
      const text = halves(a.text, b.text);
      const label = [a.title, ...a.path].join(' > ');
      return {
        id: idOf(`chunk ${number}`),
        doc,
        no: number % chunksPerDocument,
        text,
        path: a.path,
        label,
        vector: mixed(a.vector, b.vector, random),
      };
    });
    const docs = [...new Set(chunks.map((chunk) => chunk.doc))];
    await postgres.query(
      `insert into documents (id, kb_id, source_uri, title, mime, bytes, state, progress, current_version, last_version, chunk_count)
       select id, $2, 'made/' || id, 'Made of other passages', 'text/markdown', 1, 'ready', 1, 1, 1, $3 from unnest($1::uuid[]) as t(id)
       on conflict do nothing`,
      [docs, place.id, chunksPerDocument],
    );
    await postgres.query(
      `insert into document_versions (doc_id, version, content_sha256, pipeline, mime, original, text)
       select id, 1, sha256(id::text::bytea), $2, 'text/markdown', '', '' from unnest($1::uuid[]) as t(id) on conflict do nothing`,
      [docs, place.pipeline],
    );
    await postgres.query(
      `insert into chunks (id, doc_id, version, no, text, token_count, page, start_at, end_at, heading_path)
       select id, doc, 1, no, text, 150, null, 0, length(text), path
       from jsonb_to_recordset($1::jsonb) as r(id uuid, doc uuid, no int, text text, path jsonb)`,
      [JSON.stringify(chunks.map(({ id, doc, no, text, path }) => ({ id, doc, no, text, path })))],
    );
    for (let at = 0; at < chunks.length; at += pointsPerWrite) {
      const points = chunks.slice(at, at + pointsPerWrite).map(({ id, doc, no, text, label, vector }) => ({
        id,
        vector: {
          dense: vector,
          bm25: { text: `${label}\n${text}`, model: 'qdrant/bm25', options: { avg_len: 130, language: 'english' } },
        },
        payload: { kb: place.id, doc, ver: 1, no },
      }));
      must(await qdrant.call('PUT', '/collections/chunks/points?wait=true', { points }), 'writing points');
    }
    say(`${there + made + count} passages`);
  }
  await postgres.query('analyze chunks');
  await postgres.query('analyze documents');
  await settled(stack, say);
}

/** Waits until the vector store has built its graph over what was written. @throws Error when that takes too long */
async function settled({ qdrant }: BenchStack, say: (what: string) => void): Promise<void> {
  const until = Date.now() + settledWithinMs;
  for (let calm = 0; calm < 3; ) {
    const { result } = must<{ result: { status: string; indexed_vectors_count: number } }>(
      await qdrant.call('GET', '/collections/chunks'),
      'the collection',
    );
    calm = result.status === 'green' ? calm + 1 : 0;
    say(`the vector store settles: ${result.status}, ${result.indexed_vectors_count} vectors in its graph`);
    if (Date.now() > until) throw new Error('the vector store does not settle');
    await pause(500);
  }
}
