/** From a question to the events of its answer: looking for passages, then whoever answers. Stores nothing. */
import type { Turn } from '../answer/port.ts';
import type { AnswerEvent, Answerer } from '../answer/provider.ts';
import type { Principal } from '../auth/principal.ts';
import type { ConfigValues } from '../config/keys.ts';
import { abstentions } from '../observability/metrics.ts';
import { answerQuery, type SearchParts, search } from '../retrieval/search.ts';
import { searchText } from './question.ts';

export type AnsweringEvent =
  | Exclude<AnswerEvent, { kind: 'abstain' }>
  /** The search is over. */
  | { readonly kind: 'retrieved' }
  | { readonly kind: 'generating' }
  /** Instead of an answer; nothing comes after it. Sources that came before do not count. */
  | {
      readonly kind: 'abstain';
      readonly reason: 'no-documents' | 'not-in-documents';
      readonly nearest: readonly string[];
    };

export interface Asked {
  readonly question: string;
  /** Those that the caller may read. */
  readonly kbIds: readonly string[];
  /** What was said before, oldest first. */
  readonly turns: readonly Turn[];
  readonly answerer: Answerer;
  /** As they were when it was asked. */
  readonly settings: ConfigValues;
}

/** An aborted signal ends it within the current step. @throws {BackendProblem} */
export async function* answering(
  parts: SearchParts,
  who: Principal,
  { question, kbIds, turns, answerer, settings }: Asked,
  signal: AbortSignal,
): AsyncGenerator<AnsweringEvent> {
  const abstain = (reason: 'no-documents' | 'not-in-documents', nearest: readonly string[]): AnsweringEvent => {
    abstentions.inc({ reason });
    return { kind: 'abstain', reason, nearest };
  };
  const there = await parts.database.one(
    `select 1 as here from documents where kb_id = any($1::uuid[]) and deleted_at is null and current_version is not null limit 1`,
    [kbIds],
  );
  if (there === undefined) {
    yield abstain('no-documents', []);
    return;
  }
  const previous = turns.filter((turn) => turn.role === 'user').at(-1)?.text;
  const query = settings['chat.rewriteFollowUps'] === 'auto' ? searchText(question, previous) : question;
  const found = await search(parts, who, answerQuery(settings, query, kbIds), signal);
  yield { kind: 'retrieved' };
  const nearest = [...new Set(found.hits.map((hit) => hit.title))].slice(0, 3);
  if (found.hits.length === 0) {
    yield abstain('not-in-documents', nearest);
    return;
  }
  yield { kind: 'generating' };
  for await (const event of answerer.answer({ question, query, history: turns, found, settings }, signal)) {
    signal.throwIfAborted();
    if (event.kind === 'abstain') {
      yield abstain('not-in-documents', nearest);
      return;
    }
    yield event;
  }
}
