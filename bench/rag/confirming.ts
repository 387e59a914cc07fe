/**
 * Questions of manuals that nothing was tuned with, asked once all that could be chosen had been chosen. Their figures
 * are worth something only as long as nobody chooses anything by them.
 */
import { bringIn } from './ingestion.ts';
import { type Asked, askQuestions, type Ranked, rankQuestions } from './quality.ts';
import type { QuestionSet } from './question-set.ts';
import type { BenchStack } from './stack.ts';

export interface Confirming {
  /** Passages that came with its pages. */
  readonly chunks: number;
  /** Those that the pages answer. */
  readonly ranked: readonly Ranked[];
  /** All of them. */
  readonly asked: readonly Asked[];
}

/** Reads the pages in beside what is there, then finds and asks. */
export async function measureConfirming(
  stack: BenchStack,
  { documents, questions }: QuestionSet,
  say: (what: string) => void,
): Promise<Confirming> {
  const passages = async (): Promise<number> =>
    (await stack.postgres.query<{ n: number }>('select count(*)::int as n from chunks')).rows[0]?.n ?? 0;
  const before = await passages();
  await bringIn(stack.api, documents, say);
  const chunks = (await passages()) - before;
  const answerable = questions.filter((one) => one.answerable);
  const ranked = await rankQuestions(stack.api, answerable, say);
  const others = questions.filter((one) => !one.answerable);
  return { chunks, ranked, asked: await askQuestions(stack.api, [...others, ...answerable], say) };
}
