/** The ways to search in plain words, each with its technical name. */
import type { SearchMode } from '../../../shared/model/knowledge.ts';
import type { BenchMode } from './retrieval-store.ts';

export interface ModeWords {
  readonly label: string;
  readonly note: string;
  /** What it is good at. */
  readonly about: string;
}

export const modeWords: Readonly<Record<SearchMode, ModeWords>> = {
  hybrid: {
    label: 'Both together',
    note: 'hybrid',
    about: 'Passages that either way finds, those that both rank high first. Answers are made of these.',
  },
  dense: {
    label: 'By meaning',
    note: 'dense',
    about: 'Passages that mean the same, also when they use other words.',
  },
  bm25: {
    label: 'By words',
    note: 'BM25',
    about: 'Passages that hold the very words: names, numbers, error codes.',
  },
};

export const benchModeChoices: readonly { value: BenchMode; label: string; note?: string }[] = [
  { value: 'hybrid', label: modeWords.hybrid.label, note: modeWords.hybrid.note },
  { value: 'dense', label: modeWords.dense.label, note: modeWords.dense.note },
  { value: 'bm25', label: modeWords.bm25.label, note: modeWords.bm25.note },
  { value: 'compare', label: 'Side by side' },
];
