/**
 * Search against its two necessary parts asked by hand (the question embedded, the vector store queried), the first word
 * of an answer, and twenty people at once while documents are read in. Questions differ, so no cache can help.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, must } from './http.ts';
import { bringIn } from './ingestion.ts';
import { quantile } from './measures.ts';
import type { BenchDocument } from './question-set.ts';
import type { BenchStack } from './stack.ts';

const topK = 8;
const mockDelayMs = 50;

export interface SearchTimes {
  readonly product: number[];
  readonly floor: number[];
}

/** As the product asks for it, in one request: both legs and their fusion inside the vector store. */
function rawQuery(vector: readonly number[], text: string, kb: string): object {
  const filter = { must: [{ key: 'kb', match: { value: kb } }] };
  const limit = 60;
  const params = { quantization: { rescore: true, oversampling: 2 } };
  const bm25 = { text, model: 'qdrant/bm25', options: { avg_len: 130, language: 'english' } };
  return {
    prefetch: [
      { query: vector, using: 'dense', filter, limit, params },
      { query: bm25, using: 'bm25', filter, limit },
    ],
    query: { rrf: { k: 2 } },
    limit: topK,
    with_payload: true,
  };
}

/** One client, warm; product and floor take turns, who begins alternates. */
export async function measureSearch(
  { api, nlp, qdrant, postgres }: BenchStack,
  questions: readonly string[],
  say: (what: string) => void,
): Promise<SearchTimes> {
  const { rows } = await postgres.query<{ id: string }>(
    'select id from knowledge_bases where is_default order by created_at limit 1',
  );
  const kb = rows[0]?.id ?? '';
  const floor = async (text: string): Promise<number> => {
    const began = performance.now();
    const { vectors } = must<{ vectors: number[][] }>(
      await nlp.call('POST', '/v1/embed', { inputs: [text], lane: 'query' }),
      'the embedding service',
    );
    const query = rawQuery(vectors[0] ?? [], text, kb);
    must(await qdrant.call('POST', '/collections/chunks/points/query', query), 'the vector store');
    return performance.now() - began;
  };
  const product = async (query: string): Promise<number> => {
    const answer = await api.call('POST', '/v1/search', { query, topK });
    must(answer, query);
    return answer.ms;
  };
  const warm = 60;
  const times: SearchTimes = { product: [], floor: [] };
  for (const [at, question] of questions.entries()) {
    const pair = [
      async () => ({ to: times.floor, ms: await floor(question) }),
      async () => ({ to: times.product, ms: await product(question) }),
    ];
    for (const turn of at % 2 === 0 ? pair : pair.reverse()) {
      const { to, ms } = await turn();
      if (at >= warm) to.push(ms);
    }
    if (at % 50 === 0) say(`${at} of ${questions.length} searches`);
  }
  return times;
}

export interface FirstWord {
  /** From the request to the first word, as a reader sees it. */
  readonly ttft: number[];
  /** From the end of searching to the first word. */
  readonly afterSearch: number[];
}

/** Asks in one conversation after the other; what was abstained from has no first word and is left out. */
export async function measureFirstWord(
  api: Client,
  questions: readonly string[],
  say: (what: string) => void,
): Promise<FirstWord> {
  const times: FirstWord = { ttft: [], afterSearch: [] };
  for (const [at, question] of questions.entries()) {
    const { id } = must<{ id: string }>(await api.call('POST', '/v1/conversations', {}), 'a conversation');
    let searched: number | null = null;
    let first: number | null = null;
    const status = await api.stream(`/v1/conversations/${id}/messages`, { question }, (name, data, ms) => {
      if (name === 'status' && (data as { phase: string }).phase === 'generating') searched ??= ms;
      if (name === 'delta') first ??= ms;
      if (name === 'error') throw new Error(JSON.stringify(data));
    });
    if (status >= 300) throw new Error(`asking answered ${status}`);
    if (first !== null && searched !== null && at >= 5) {
      times.ttft.push(first);
      times.afterSearch.push(first - searched);
    }
    if (at % 20 === 0) say(`${at} of ${questions.length} answers`);
  }
  return times;
}

/** A model that takes exactly so long to its first word, as an OpenAI-compatible service. */
export async function withMockProvider<T>(stack: BenchStack, work: () => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.method === 'GET') {
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ data: [{ id: 'mock' }] }));
        return;
      }
      const part = (delta: object, finish: string | null): string =>
        `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
      setTimeout(() => {
        response.setHeader('content-type', 'text/event-stream');
        response.write(part({ content: 'This is what the first source says about it, in short [1].' }, null));
        response.end(`${part({}, 'stop')}data: [DONE]\n\n`);
      }, mockDelayMs);
    });
  });
  await new Promise<void>((listening) => server.listen(0, stack.host, listening));
  const { port } = server.address() as AddressInfo;
  try {
    const settings = { baseUrl: `http://${stack.host}:${port}/v1`, model: 'mock' };
    must(await stack.api.call('PUT', '/v1/providers/openai-compatible', settings), 'the mock provider');
    must(await stack.api.call('PUT', '/v1/providers/active', { name: 'openai-compatible' }), 'the mock provider');
    return await work();
  } finally {
    await stack.api.call('PUT', '/v1/providers/active', { name: 'embedded' });
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
}

export interface Crowd {
  readonly searches: number[];
  readonly answers: number;
  readonly failures: readonly string[];
}

/** Twenty people search and ask, each with a pause to think, for as long as documents are read in. */
export async function measureCrowd(
  { api }: BenchStack,
  questions: readonly string[],
  documents: readonly BenchDocument[],
  say: (what: string) => void,
): Promise<Crowd> {
  const searches: number[] = [];
  const failures: string[] = [];
  let answers = 0;
  let busy = true;
  let next = 0;
  const person = async (who: number): Promise<void> => {
    await pause(who * 100);
    while (busy) {
      const question = questions[next++ % questions.length] ?? '';
      const search = await api.call('POST', '/v1/search', { query: question, topK });
      searches.push(search.ms);
      if (search.status !== 200) failures.push(`search: ${search.status} ${JSON.stringify(search.json)}`);
      const made = await api.call('POST', '/v1/conversations', {});
      const id = (made.json as { id?: string }).id ?? '';
      const answer = await api.call('POST', `/v1/conversations/${id}/messages`, { question });
      if (answer.status >= 300) failures.push(`answer: ${answer.status} ${JSON.stringify(answer.json)}`);
      else answers += 1;
      await pause(2000);
    }
  };
  const people = Array.from({ length: 20 }, (_, who) =>
    person(who).catch((error: unknown) => void failures.push(String(error))),
  );
  const atLeast = pause(30_000);
  await bringIn(api, documents, say);
  await atLeast;
  busy = false;
  await Promise.all(people);
  return { searches, answers, failures };
}

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;

export function searchRows(times: SearchTimes): string[][] {
  return [['p50', 0.5, '≤ 1.5'] as const, ['p95', 0.95, '≤ 2.0'] as const].map(([name, share, goal]) => {
    const [product, floor] = [quantile(times.product, share), quantile(times.floor, share)];
    return [`search, ${name}`, ms(product), ms(floor), (product / floor).toFixed(2), goal];
  });
}

export function firstWordRows(embedded: FirstWord, mock: FirstWord, searchP50: number): string[][] {
  const overhead = quantile(mock.ttft, 0.5) - mockDelayMs - searchP50;
  return [
    ...([0.5, 0.95] as const).map((share) => [
      `first word after search, p${share * 100}`,
      ms(quantile(embedded.afterSearch, share)),
      '',
      '',
      '< 300 ms',
    ]),
    [
      'a provider that takes 50 ms: all else, p50',
      ms(quantile(mock.ttft, 0.5) - mockDelayMs),
      `${ms(searchP50)} (search)`,
      `${overhead >= 0 ? '+' : ''}${overhead.toFixed(1)} ms`,
      '≤ +15 ms',
    ],
  ];
}

export function crowdRows(crowd: Crowd, soloP95: number): string[][] {
  const p95 = quantile(crowd.searches, 0.95);
  return [
    [
      'twenty people while documents are read in: errors',
      `${crowd.failures.length} of ${crowd.searches.length + crowd.answers}`,
      '',
      '',
      '0',
    ],
    ['their searches, p95', ms(p95), `${ms(soloP95)} (alone)`, (p95 / soloP95).toFixed(2), ''],
  ];
}
