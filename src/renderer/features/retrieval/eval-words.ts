/** Figures and verdicts of an evaluation in words. */
import type { EvalRun, EvalRunSummary, evalMetricNames } from '../../../shared/model/evaluation.ts';
import type { SearchMode } from '../../../shared/model/knowledge.ts';
import type { Said } from '../../ui/words.ts';

export type MetricName = (typeof evalMetricNames)[number];
export type EvalMode = EvalRunSummary['modes'][number];
export type EvalQuestion = EvalRun['items'][number];

export const metricWords: Readonly<
  Record<MetricName, { readonly label: string; readonly note: string; readonly title: string }>
> = {
  'recall@1': {
    label: 'A right passage comes first',
    note: 'Recall@1',
    title: 'Share of questions with a right passage in the first place',
  },
  'recall@5': {
    label: 'A right one among the first 5',
    note: 'Recall@5',
    title: 'Share of questions with a right passage among the first five',
  },
  'recall@10': {
    label: 'A right one among the first 10',
    note: 'Recall@10',
    title: 'Share of questions with a right passage among the first ten',
  },
  'ndcg@10': {
    label: 'Right ones stand high',
    note: 'nDCG@10',
    title: '1 when the right passages stand first, less the lower they stand',
  },
  'mrr@10': {
    label: 'Place of the first right one',
    note: 'MRR@10',
    title: '1 for the first place, 1/2 for the second, 1/3 for the third, on average',
  },
};

export function metricOf(mode: EvalMode | undefined, name: MetricName): EvalMode['metrics'][number] | undefined {
  return mode?.metrics.find((metric) => metric.name === name);
}

/** The way that answers use, when the run tried it. */
export function mainMode(run: Pick<EvalRunSummary, 'modes'>): SearchMode {
  return run.modes.find(({ mode }) => mode === 'hybrid')?.mode ?? run.modes[0]?.mode ?? 'hybrid';
}

export const questionFilters = ['all', 'missed', 'wrongly-abstained', 'wrongly-answered'] as const;
export type QuestionFilter = (typeof questionFilters)[number];

/** Whether a question belongs to a filter. `mode` decides what was missed. */
export function fits(question: EvalQuestion, filter: QuestionFilter, mode: SearchMode): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'missed':
      return question.answerable && question.ranks[mode] === null;
    case 'wrongly-abstained':
      return question.answerable && question.abstained;
    case 'wrongly-answered':
      return !question.answerable && !question.abstained;
    default:
      return filter satisfies never;
  }
}

export function questionSaid(question: EvalQuestion, mode: SearchMode): Said {
  if (!question.answerable) {
    return question.abstained
      ? { word: 'Rightly not answered', tone: 'good' }
      : { word: 'Answered all the same', tone: 'warn' };
  }
  const rank = question.ranks[mode];
  if (rank === null) return { word: 'Missed', tone: 'bad' };
  if (question.abstained) return { word: 'Found, but not answered', tone: 'warn' };
  return rank === 1 ? { word: 'Found first', tone: 'good' } : { word: `Found at place ${rank}`, tone: 'good' };
}

const states: Readonly<Record<EvalRunSummary['state'], Said>> = {
  queued: { word: 'Waiting', tone: 'idle' },
  running: { word: 'Running', tone: 'busy' },
  done: { word: 'Done', tone: 'good' },
  failed: { word: 'Failed', tone: 'bad' },
  cancelled: { word: 'Cancelled', tone: 'idle' },
};
export const runSaid = (state: EvalRunSummary['state']): Said => states[state];

/** "+0.03", "-0.12", "no change". */
export function deltaWords(now: number, before: number): string {
  const delta = now - before;
  if (Math.abs(delta) < 0.0005) return 'no change';
  return `${delta > 0 ? '+' : '−'}${Math.abs(delta).toFixed(3)}`;
}
