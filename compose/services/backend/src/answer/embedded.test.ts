import fc from 'fast-check';
import { expect, it } from 'vitest';
import { resolve } from '../config/resolve.ts';
import { firstProfile } from '../embedding/profiles.ts';
import type { Passage, SearchParts } from '../retrieval/search.ts';
import { createEmbedded } from './embedded.ts';
import type { AnswerEvent } from './provider.ts';

const settings = resolve({ commandLine: {}, environment: {}, envFile: {}, database: {} }).values;
const vectorOf = (text: string): Float32Array => {
  const vector = new Float32Array(384);
  for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) {
    let hash = 7;
    for (const letter of word) hash = (hash * 31 + letter.charCodeAt(0)) % 384;
    vector[hash] = (vector[hash] ?? 0) + 1;
  }
  const norm = Math.hypot(...vector) || 1;
  return vector.map((x) => x / norm);
};
const lexemes = (text: string): string[] => [...new Set(text.toLowerCase().match(/[a-z0-9]+/g) ?? [])];
// The two services beside it: stems are lower-case words, vectors are counts of words.
const parts = {
  database: {
    rows: async (sql: string, [given]: [string | string[]]) =>
      Array.isArray(given)
        ? given.map((text) => ({ lexemes: lexemes(text) }))
        : lexemes(given).map((lexeme) => ({ lexeme, df: sql.length > 0 ? 1 : 0, total: 100, named: false })),
  },
  cache: {
    getMany: async (keys: string[]) => ({ values: keys.map(() => null), reachable: true }),
    setMany: async () => undefined,
  },
  nlp: { embed: async (_by: unknown, texts: string[]) => texts.map(vectorOf) },
  config: { values: () => settings },
} as unknown as SearchParts;

it('gives nothing but sentences that stand in the passage they cite, each with its citation (property)', async () => {
  const words = [
    'port',
    'disk',
    'backup',
    'the',
    'is',
    'full',
    'opens',
    'e.g.',
    'No.',
    '[3]',
    'v1.2',
    '(see',
    'it)',
    'naïve',
    '“so”',
  ];
  const sentence = fc
    .tuple(fc.array(fc.constantFrom(...words), { minLength: 3, maxLength: 12 }), fc.constantFrom('.', '!', '?', ''))
    .map(([list, end]) => `The ${list.join(' ')}${end}`);
  const line = fc.array(sentence, { minLength: 1, maxLength: 4 }).map((list) => list.join(' '));
  const passage = fc
    .tuple(fc.array(line, { minLength: 1, maxLength: 4 }), fc.constantFrom('\n', '\n\n', '\r\n'))
    .map(([lines, between]) => lines.join(between));
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(passage, { minLength: 1, maxLength: 8 }), line, async (texts, question) => {
      const hits = texts.map(
        (text, at): Passage => ({
          chunkId: `c${at}`,
          documentId: 'd',
          title: 'Handbook',
          sourceName: 'handbook.md',
          page: null,
          headingPath: [],
          text,
          start: 0,
          end: text.length,
          tokens: 10,
          scores: { fused: 1, dense: 0.7, bm25: 1 },
        }),
      );
      const found = {
        hits,
        vector: vectorOf(question),
        profile: firstProfile,
        dropped: 0,
        timings: { embedMs: 0, qdrantMs: 0, hydrateMs: 0, totalMs: 0 },
      };
      const events: AnswerEvent[] = [];
      const request = { question, query: question, history: [], found, settings };
      for await (const event of createEmbedded(parts).answer(request, new AbortController().signal)) events.push(event);
      const text = events.map((event) => (event.kind === 'delta' ? event.text : '')).join('');
      const sources = events.find((event) => event.kind === 'sources')?.sources ?? [];
      const citations = events.find((event) => event.kind === 'citations')?.citations ?? [];
      if (text !== '') answered += 1;
      // Nothing but quotes and their marks.
      const whole = citations.map((c) => `${text.slice(c.answerStart, c.answerEnd)} [${c.n}]`).join('\n\n');
      expect(text).toBe(whole);
      for (const { n, answerStart, answerEnd } of citations) {
        const cited = hits.find((hit) => hit.chunkId === sources[n - 1]?.chunkId);
        expect(sources[n - 1]?.n).toBe(n);
        expect(cited?.text).toContain(text.slice(answerStart, answerEnd));
      }
    }),
    { numRuns: 200 },
  );
  expect(answered).toBeGreaterThan(50);
});
