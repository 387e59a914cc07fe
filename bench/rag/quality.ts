/** How well passages are found, and how often "your documents do not answer this" is said when it should be. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, must } from './http.ts';
import { bootstrap, ndcg, recall } from './measures.ts';
import type { BenchQuestion } from './question-set.ts';

export const modes = ['dense', 'bm25', 'hybrid'] as const;
export type Mode = (typeof modes)[number];

export interface Ranked {
  readonly question: BenchQuestion;
  /** Place of the first passage of the right section among sections, from 1; null beyond the passages fetched. */
  readonly ranks: Readonly<Record<Mode, number | null>>;
}

interface Hit {
  readonly sourceName: string;
  readonly headingPath: readonly string[];
}
/** Passages fetched; several may be of one section. */
const fetched = 30;

const isRight = (hit: Hit, { source, heading }: BenchQuestion): boolean =>
  hit.sourceName === source && (heading === '' || hit.headingPath.includes(heading));

/** Sections in the order of their best passages: what TREC would call the ranked documents. */
export function sectionRank(hits: readonly Hit[], question: BenchQuestion): number | null {
  const seen = new Set<string>();
  for (const hit of hits) {
    const right = isRight(hit, question);
    const section = right ? 'right' : JSON.stringify([hit.sourceName, hit.headingPath]);
    seen.add(section);
    if (right) return seen.size;
  }
  return null;
}

export async function rankQuestions(
  api: Client,
  questions: readonly BenchQuestion[],
  say: (what: string) => void,
): Promise<Ranked[]> {
  const all: Ranked[] = [];
  for (const [at, question] of questions.entries()) {
    const ranks: Record<Mode, number | null> = { dense: null, bm25: null, hybrid: null };
    for (const mode of modes) {
      const body = { query: question.question, mode, topK: fetched };
      const { hits } = must<{ hits: Hit[] }>(await api.call('POST', '/v1/search', body), question.question);
      ranks[mode] = sectionRank(hits, question);
    }
    all.push({ question, ranks });
    if (at % 20 === 0) say(`${at} of ${questions.length} questions`);
  }
  return all;
}

export interface Asked {
  readonly question: BenchQuestion;
  readonly abstained: boolean;
}

/** Asks the embedded provider each question in a conversation of its own. */
export async function askQuestions(
  api: Client,
  questions: readonly BenchQuestion[],
  say: (what: string) => void,
): Promise<Asked[]> {
  const all: Asked[] = [];
  for (const [at, question] of questions.entries()) {
    const { id } = must<{ id: string }>(await api.call('POST', '/v1/conversations', {}), 'a conversation');
    const answer = await api.call('POST', `/v1/conversations/${id}/messages`, { question: question.question });
    const { message } = must<{ message: { status: string } }>(answer, question.question);
    all.push({ question, abstained: message.status === 'abstained' });
    if (at % 20 === 0) say(`${at} of ${questions.length} asked`);
    // What is written after an answer is not to pile up.
    if (at % 200 === 199) await pause(100);
  }
  return all;
}

const interval = (values: readonly number[]): string => {
  const { mean, low, high } = bootstrap(values);
  return `${mean.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
};
export const meanNdcg = (ranked: readonly Ranked[], mode: Mode): number =>
  bootstrap(ranked.map(({ ranks }) => ndcg(ranks[mode], 10))).mean;

/** One row per way of searching. */
export function qualityRows(ranked: readonly Ranked[]): string[][] {
  const best = Math.max(meanNdcg(ranked, 'dense'), meanNdcg(ranked, 'bm25'));
  return modes.map((mode) => {
    const of = (value: (rank: number | null) => number): number[] => ranked.map(({ ranks }) => value(ranks[mode]));
    const difference = meanNdcg(ranked, mode) - best;
    return [
      mode,
      interval(of((rank) => ndcg(rank, 10))),
      ...[1, 5, 10].map((cut) => interval(of((rank) => recall(rank, cut)))),
      mode === 'hybrid' ? `${difference >= 0 ? '+' : ''}${difference.toFixed(3)}` : '',
      mode === 'hybrid' ? '≥ −0.005' : '',
    ];
  });
}

/** @param whose said before what each row is */
export function abstentionRows(asked: readonly Asked[], whose = ''): string[][] {
  const row = (title: string, answerable: boolean, goal: string): string[] => {
    const those = asked.filter(({ question }) => question.answerable === answerable);
    const share = interval(those.map(({ abstained }) => (abstained ? 1 : 0)));
    return [`${whose}${title}`, String(those.length), share, goal];
  };
  return [
    row('abstained, manuals that answer left out', false, '≥ 0.80'),
    row('abstained, answer is there', true, '≤ 0.10'),
  ];
}
