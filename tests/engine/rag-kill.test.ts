/**
 * Twenty times in the middle of reading documents in, one service is killed without a word, each of the five in turn and
 * each at other moments of a document's way. When all has settled every passage has exactly one vector, and no vector is
 * without its passage.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type RagStack, type Service, startRagStack } from './rag-stack.ts';

let stack: RagStack;
beforeAll(async () => {
  stack = await startRagStack();
}, 900_000);
afterAll(async () => stack?.close());

const services: readonly Service[] = ['nlp', 'redis', 'postgres', 'qdrant', 'backend'];
const kills = 20;
/** Three of the backend's batches: some are stored, some on their way, some not begun. */
const sections = 40;
/** Passages of the document that have their vector when the blow falls: just begun, after the first batch, further on. */
const moments = [1, 0, 17, 1, 0, 17];

const match = (key: string, value: string | number): unknown => ({ key, match: { value } });
const name = (at: number): string => `Vessel-${String.fromCharCode(65 + at)}${at}`;
const text = (at: number, edition: number): string =>
  `# ${name(at)}\n\n${Array.from(
    { length: sections },
    (_, n) =>
      `## Berth ${n} of ${name(at)}\n\nIn edition ${edition} the vessel ${name(at)} lies at berth ${n}, moored with ${n + 2} ropes of hemp.`,
  ).join('\n\n')}\n`;

/** Every point of the collection: id and document. */
async function points(): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for (let offset: unknown = null; ; ) {
    const { json } = await stack.qdrant('POST', '/collections/chunks/points/scroll', {
      limit: 500,
      with_payload: true,
      with_vector: false,
      ...(offset === null ? {} : { offset }),
    });
    for (const point of json.result.points) {
      expect(all.has(point.id)).toBe(false);
      all.set(point.id, point.payload.doc);
    }
    offset = json.result.next_page_offset;
    if (offset == null) return all;
  }
}

it('no passage is lost, doubled or orphaned', { timeout: 600_000 }, async () => {
  const jobs: { id: string; document: number; edition: number }[] = [];
  const killed: string[] = [];
  let inTheMiddle = 0;
  for (let at = 0; at < kills; at += 1) {
    const service = services[at % services.length] ?? 'backend';
    const moment = moments[at % moments.length] ?? 0;
    // The last five replace the first five: versions that give way are on their way out while something dies.
    const edition = at < 15 ? 1 : 2;
    const document = at % 15;
    // What died before is on its way back still, and so are the documents that it was needed for: nobody waits for them.
    const json = await vi.waitFor(
      async () => {
        const answer = await stack.upload(`${name(document)}.md`, text(document, edition));
        expect([answer.status, answer.json.job?.id]).toEqual([202, expect.any(String)]);
        return answer.json;
      },
      { timeout: 60_000, interval: 100 },
    );
    jobs.push({ id: json.job.id, document, edition });
    const reached = await vi.waitFor(
      async () => {
        const filter = { must: [match('doc', json.document.id), match('ver', edition)] };
        const [count, now] = await Promise.all([
          stack.qdrant('POST', '/collections/chunks/points/count', { exact: true, filter }),
          stack.call('GET', `/v1/jobs/${json.job.id}`),
        ]);
        const { state } = now.json.job;
        // In the middle, not before it began.
        expect(state).not.toBe('queued');
        const vectors: number = count.json.result.count;
        expect(vectors).toBeGreaterThanOrEqual(moment);
        return { vectors, state };
      },
      { timeout: 120_000, interval: 50 },
    );
    if (reached.state === 'running') inTheMiddle += 1;
    await stack.kill(service);
    killed.push(`${service} at ${reached.vectors} of ${sections}`);
    await stack.start(service);
  }
  // A fast machine may be done before it is seen to be on its way; most are caught.
  expect(inTheMiddle, killed.join(', ')).toBeGreaterThanOrEqual(kills * 0.75);
  await stack.healthy();

  // A first edition whose service was away until the second one came gives way to it; nothing else is given up.
  for (const { id, document, edition } of jobs) {
    const { state, error } = await stack.jobEnds(id, 180_000);
    const mayGiveWay = edition === 1 && document < kills - 15;
    expect([id, state, error]).toEqual([id, mayGiveWay ? expect.stringMatching(/^(done|cancelled)$/) : 'done', null]);
  }
  // Versions that gave way are removed by jobs of their own.
  await expect
    .poll(() => stack.sql("select kind, state, error_code from jobs where state in ('queued','running')"), {
      timeout: 60_000,
      interval: 300,
    })
    .toEqual([]);

  const { items } = (await stack.call('GET', '/v1/documents?limit=200')).json;
  expect(items).toHaveLength(15);
  const stored = await points();
  const byDocument = new Map<string, string[]>();
  for (const [id, document] of stored) byDocument.set(document, [...(byDocument.get(document) ?? []), id]);
  let total = 0;
  for (const document of items) {
    expect([document.title, document.state]).toEqual([document.title, 'ready']);
    const rows = await stack.sql(`select id from chunks where doc_id = '${document.id}' order by id`);
    expect([document.title, rows.length, document.chunks]).toEqual([document.title, sections, sections]);
    expect([document.title, (byDocument.get(document.id) ?? []).sort()]).toEqual([document.title, rows]);
    // In order and without a gap.
    const numbers = await stack.sql(`select no from chunks where doc_id = '${document.id}' order by no`);
    expect(numbers).toEqual(numbers.map((_, at) => String(at)));
    total += rows.length;
  }
  // Nothing else is in the store, and nothing of versions that gave way is in the database.
  expect(stored.size).toBe(total);
  expect(await stack.sql('select count(*) from chunks')).toEqual([String(total)]);
  expect(await stack.sql('select count(*) from document_versions')).toEqual(['15']);

  for (const document of items) {
    const at = Array.from({ length: 15 }, (_, n) => n).find((n) => document.sourceName === `${name(n)}.md`) ?? -1;
    const { hits } = (
      await stack.call('POST', '/v1/search', { body: { query: `At which berth lies ${name(at)}?`, topK: 5 } })
    ).json;
    expect(hits.map((hit: { documentId: string }) => hit.documentId)).toContain(document.id);
    const own = hits.find((hit: { documentId: string }) => hit.documentId === document.id);
    expect(own.text).toContain(`In edition ${at < 5 ? 2 : 1} `);
  }
});
