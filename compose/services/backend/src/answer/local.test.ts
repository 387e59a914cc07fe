import { describe, expect, it } from 'vitest';
import { resolve } from '../config/resolve.ts';
import { firstProfile } from '../embedding/profiles.ts';
import { BackendProblem, type ProblemCode } from '../http/problem.ts';
import { createLocal } from './local.ts';
import type { AnswerEvent, Answerer, Support } from './provider.ts';

const settings = resolve({ commandLine: {}, environment: {}, envFile: {}, database: {} }).values;
const found = {
  hits: [],
  vector: new Float32Array(384),
  profile: firstProfile,
  dropped: 0,
  timings: { embedMs: 0, qdrantMs: 0, hydrateMs: 0, totalMs: 0 },
};
type Request = Parameters<Answerer['answer']>[0];
const request: Request = {
  question: 'Which port?',
  query: 'Which port?',
  history: [{ role: 'user', text: 'Before' }],
  found,
  settings,
};

const citation = (support: Support): AnswerEvent => ({
  kind: 'citations',
  citations: [{ n: 1, answerStart: 0, answerEnd: 4, markStart: 5, markEnd: 8, support }],
});
/** Answers with these events, then fails with the code, if there is one. */
function model(events: readonly AnswerEvent[], code?: ProblemCode, seen: Request[] = []): Answerer {
  return {
    name: 'local',
    model: 'tiny',
    async *answer(asked) {
      seen.push(asked);
      yield* events;
      if (code !== undefined) throw new BackendProblem(code, 'It failed.');
    },
  };
}
const quotes: Answerer = {
  name: 'embedded',
  model: 'extractive',
  async *answer(asked) {
    expect(asked).toBe(request);
    yield { kind: 'delta', text: 'A quote.' };
  },
};
async function answer(of: Answerer): Promise<AnswerEvent[]> {
  const events: AnswerEvent[] = [];
  for await (const event of createLocal(of, quotes).answer(request, new AbortController().signal)) events.push(event);
  return events;
}
const text = (events: readonly AnswerEvent[]): string =>
  events.map((event) => (event.kind === 'delta' ? event.text : '')).join('');

describe('the model of the stack itself', () => {
  const said: AnswerEvent = { kind: 'delta', text: 'Port 3000 [1].' };

  it.each(['strong', 'medium'] as const)('is shown when its citation has %s support', async (support) => {
    expect(await answer(model([said, citation(support)]))).toEqual([said, citation(support)]);
  });

  it.each<[string, AnswerEvent[]]>([
    ['cites nothing', [said]],
    ['cites what does not bear it out', [said, citation('unsupported')]],
    ['is borne out only weakly', [said, citation('weak')]],
    ['gives up although passages are near', [{ kind: 'abstain' }]],
  ])('makes way for quotes when it %s, before a word of it was shown', async (_what, events) => {
    const shown = await answer(model(events));
    expect(text(shown)).toBe('A quote.');
    expect(shown.slice(0, 2)).toMatchObject([
      { kind: 'notice', notice: { code: 'fallback_provider', from: 'local', to: 'embedded', why: 'unsupported' } },
      { kind: 'provider', name: 'embedded' },
    ]);
  });

  it('makes way when it says nothing, and says that it is away when it is', async () => {
    expect(text(await answer(model([said], 'provider-error')))).toBe('A quote.');
    await expect(answer(model([], 'provider-unreachable'))).rejects.toMatchObject({ code: 'provider-unreachable' });
  });

  it('is given little to read, nothing of what was said before, and no freedom', async () => {
    const seen: Request[] = [];
    await answer(model([said, citation('strong')], undefined, seen));
    expect(seen[0]?.history).toEqual([]);
    expect(seen[0]?.settings['retrieval.maxContextTokens']).toBeLessThanOrEqual(1500);
    expect(seen[0]?.settings['llm.maxOutputTokens']).toBeLessThanOrEqual(300);
    expect(seen[0]?.settings['llm.temperature']).toBe(0);
  });
});
