/** What the person searched, found and chose on this page: kept while other pages are looked at. */
import { create } from 'zustand';
import type { SearchAnswer, SearchMode, SearchRequest } from '../../../shared/model/knowledge.ts';
import type { Problem } from '../../../shared/model/problem.ts';
import { call } from '../../app/bridge.ts';
import { announce } from '../../ui/announce.ts';
import { count } from '../../ui/format.ts';

export const retrievalTabs = ['bench', 'evaluation', 'embedding'] as const;
export type RetrievalTab = (typeof retrievalTabs)[number];

export const benchModes = ['hybrid', 'dense', 'bm25', 'compare'] as const;
export type BenchMode = (typeof benchModes)[number];

export interface Asked {
  readonly query: string;
  readonly answers: readonly SearchAnswer[];
  /** Set when one of the searches was refused; what came before it is kept. */
  readonly problem: Problem | null;
}

export interface RetrievalState {
  readonly tab: RetrievalTab;
  readonly query: string;
  /** Ids; empty: the default one. */
  readonly kbIds: readonly string[];
  readonly mode: BenchMode;
  readonly topK: number;
  /** As typed, separated by commas. */
  readonly tags: string;
  readonly searching: boolean;
  /** null before the first search. */
  readonly asked: Asked | null;
  /** The chosen question set and run; null: the newest. */
  readonly setId: string | null;
}

export const useRetrieval = create<RetrievalState>(() => ({
  tab: 'bench',
  query: '',
  kbIds: [],
  mode: 'hybrid',
  topK: 10,
  tags: '',
  searching: false,
  asked: null,
  setId: null,
}));

export function change(
  part: Partial<Pick<RetrievalState, 'tab' | 'query' | 'kbIds' | 'mode' | 'topK' | 'tags' | 'setId'>>,
): void {
  useRetrieval.setState(part);
}

export function tagsOf(typed: string): string[] {
  return [...new Set(typed.split(',').map((tag) => tag.trim().slice(0, 64)))].filter((tag) => tag !== '').slice(0, 20);
}

/** The search that was begun last: an answer to an older one is not shown any more. */
let latest = 0;

/** Searches as set up. Side by side, one after another: at the same time they would slow each other down and the times mean nothing. */
export async function runSearch(): Promise<void> {
  const { query, kbIds, mode, topK, tags } = useRetrieval.getState();
  const text = query.trim();
  if (text === '') return;
  latest += 1;
  const mine = latest;
  const modes: readonly SearchMode[] = mode === 'compare' ? ['hybrid', 'dense', 'bm25'] : [mode];
  const tagList = tagsOf(tags);
  useRetrieval.setState({ searching: true });
  const answers: SearchAnswer[] = [];
  let problem: Problem | null = null;
  for (const one of modes) {
    const request: SearchRequest = {
      query: text,
      mode: one,
      topK,
      ...(kbIds.length === 0 ? {} : { kbs: [...kbIds] }),
      ...(tagList.length === 0 ? {} : { tags: tagList }),
    };
    const answer = await call('search.run', request);
    if (mine !== latest) return;
    if (!answer.ok) {
      problem = answer.problem;
      break;
    }
    answers.push(answer.value);
  }
  useRetrieval.setState({ searching: false, asked: { query: text, answers, problem } });
  const [first] = answers;
  if (problem === null && first !== undefined) announce(`${count(first.hits.length, 'passage')} found`);
}
