/** From a question to the events of its answer: looking for passages, then whoever answers. Stores nothing. */
import type { Turn } from '../answer/port.ts';
import type { AnswerEvent, Answerer } from '../answer/provider.ts';
import type { Principal } from '../auth/principal.ts';
import type { ConfigValues } from '../config/keys.ts';
import { abstentions } from '../observability/metrics.ts';
import { answerQuery, type SearchParts, type SearchResult, search } from '../retrieval/search.ts';
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

/** What was searched for, and what came of it. */
export interface Retrieved {
  readonly query: string;
  readonly found: SearchResult;
}

/**
 * The first half of answering; may begin before the question is written down.
 * @returns a promise whose rejection may be looked at late @throws {BackendProblem}
 */
export function retrieve(
  parts: SearchParts,
  who: Principal,
  { question, kbIds, turns, settings }: Omit<Asked, 'answerer'>,
  signal: AbortSignal,
): Promise<Retrieved> {
  const previous = turns.filter((turn) => turn.role === 'user').at(-1)?.text;
  const query = settings['chat.rewriteFollowUps'] === 'auto' ? searchText(question, previous) : question;
  const retrieved = search(parts, who, answerQuery(settings, query, kbIds), signal).then((found) => ({ query, found }));
  // Whoever awaits it still gets the failure; until then it is nobody's.
  retrieved.catch(() => undefined);
  return retrieved;
}

/**
 * @param retrieved of the same question
 * An aborted signal ends it within the current step. @throws {BackendProblem}
 */
export async function* answering(
  parts: SearchParts,
  { question, kbIds, turns, answerer, settings }: Asked,
  retrieved: Promise<Retrieved>,
  signal: AbortSignal,
): AsyncGenerator<AnsweringEvent> {
  const abstain = (reason: 'no-documents' | 'not-in-documents', nearest: readonly string[]): AnsweringEvent => {
    abstentions.inc({ reason });
    return { kind: 'abstain', reason, nearest };
  };
  const { query, found } = await retrieved;
  yield { kind: 'retrieved' };
  const nearest = [...new Set(found.hits.map((hit) => hit.title))].slice(0, 3);
  if (found.hits.length === 0) {
    const there = await parts.database.one(
      `select 1 as here from documents where kb_id = any($1::uuid[]) and deleted_at is null and current_version is not null limit 1`,
      [kbIds],
    );
    yield abstain(there === undefined ? 'no-documents' : 'not-in-documents', nearest);
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
