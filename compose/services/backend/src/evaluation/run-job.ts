/** An evaluation: every question searched in every mode, and put to the gate that answers pass. */
import { judge } from '../answer/gate.ts';
import type { Principal } from '../auth/principal.ts';
import { checkedQuestion } from '../chat/question.ts';
import type { ConfigValues } from '../config/keys.ts';
import type { JobHandler } from '../jobs/worker.ts';
import { answerQuery, type SearchParts, search } from '../retrieval/search.ts';
import type { Nlp } from '../store/nlp.ts';
import type { SearchMode } from '../store/vectors.ts';
import { findPlaces } from './relevance.ts';
import { type EvalResult, reportOf } from './report.ts';
import type { EvaluationRepository } from './repository.ts';
import type { EvalItem } from './schemas.ts';

/** The deepest rank that a figure looks at. */
const leastDepth = 10;
const shownPassages = 3;

/** Questions of people go first: those of an evaluation take the lane of what is read in. */
const patient = (nlp: Nlp): Nlp => ({
  ...nlp,
  embed: (by, texts, _lane, signal) => nlp.embed(by, texts, 'ingest', signal),
});

async function evaluate(
  parts: SearchParts,
  who: Principal,
  item: EvalItem,
  task: { kbIds: readonly string[]; modes: readonly SearchMode[]; topK: number },
  settings: ConfigValues,
  signal: AbortSignal,
): Promise<EvalResult> {
  const text = checkedQuestion(item.question);
  const asAnswered = answerQuery(settings, text, task.kbIds);
  const modes: { mode: SearchMode; foundAt: (number | null)[]; ms: number }[] = [];
  let top: EvalResult['top'] = [];
  // The first search embeds the question and the others find its vector kept; each is charged for it.
  let embedMs: number | null = null;
  for (const mode of task.modes) {
    const query = { ...asAnswered, mode, topK: Math.max(task.topK, leastDepth) };
    const { hits, timings } = await search(parts, who, query, signal);
    if (mode !== 'bm25') embedMs ??= timings.embedMs;
    const ms = timings.qdrantMs + timings.hydrateMs + (mode === 'bm25' ? 0 : (embedMs ?? 0));
    modes.push({ mode, foundAt: [...findPlaces(hits, item.expected)], ms });
    if (modes.length === 1)
      top = hits.slice(0, shownPassages).map(({ documentId, chunkId, title, headingPath, scores }) => ({
        documentId,
        chunkId,
        title,
        headingPath: [...headingPath],
        score: scores.fused,
      }));
  }
  const found = await search(parts, who, asAnswered, signal);
  const abstained =
    found.hits.length === 0 ||
    (await judge(parts, text, found, settings['retrieval.minDense'], signal)).quotes.length === 0;
  const first = (foundAt: readonly (number | null)[]): number | null => {
    const ranks = foundAt.filter((rank) => rank !== null);
    return ranks.length === 0 ? null : Math.min(...ranks);
  };
  return {
    question: item.question,
    answerable: item.answerable,
    abstained,
    ranks: Object.fromEntries(modes.map(({ mode, foundAt }) => [mode, first(foundAt)])),
    top,
    modes,
  };
}

export function evaluationJobs(parts: SearchParts, evaluation: EvaluationRepository): Record<'eval', JobHandler> {
  const patiently = { ...parts, nlp: patient(parts.nlp) };
  return {
    eval: {
      apart: true,
      async perform(job, signal, progress) {
        const task = await evaluation.begin(job.id);
        if (task === undefined || job.userId === null) return;
        // What may be read is asked in SQL, by this id, in every search.
        const who: Principal = { userId: job.userId, role: 'user', via: 'session', scopes: null };
        const settings = parts.config.values();
        const results: EvalResult[] = [];
        for (const [no, item] of task.items.entries()) {
          signal.throwIfAborted();
          let result = task.done.get(no);
          if (result === undefined) {
            result = await evaluate(patiently, who, item, task, settings, signal);
            await evaluation.keepResult(task.id, no, result);
            await progress((no + 1) / task.items.length);
          }
          results.push(result);
        }
        await evaluation.keepReport(task.id, reportOf(results, task.modes));
      },
    },
  };
}
