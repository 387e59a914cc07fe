/**
 * Reading in, finding and answering, on the product's own stack and a hundred thousand passages: quality on questions
 * from manuals, times against the same work asked of the services by hand, all in one run.
 */
import { measureConfirming } from './rag/confirming.ts';
import { fillUpTo } from './rag/filling.ts';
import { ingestionRows, measureIngestion } from './rag/ingestion.ts';
import { quantile } from './rag/measures.ts';
import { abstentionRows, askQuestions, qualityRows, rankQuestions } from './rag/quality.ts';
import { type BenchQuestion, type QuestionSet, readQuestionSet } from './rag/question-set.ts';
import {
  crowdRows,
  firstWordRows,
  measureCrowd,
  measureFirstWord,
  measureSearch,
  searchRows,
  withMockProvider,
} from './rag/speed.ts';
import { openBenchStack } from './rag/stack.ts';

export { packagesNeeded } from './rag/manuals.ts';

interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly note: string;
}

const total = 100_000;
const searches = 560;
const answers = 120;

/** Documents read in while twenty people ask: pieces of others, so that their bytes are new. */
const more = (set: QuestionSet): QuestionSet['documents'] =>
  set.documents.slice(0, 40).map(({ source, text }) => ({
    source: source.replace('/', '/once-more-'),
    text: `${text.slice(0, 200)}\n\n${text.slice(text.length / 2)}`,
  }));

/** For a slow machine: QUAYSIDE_BENCH_PAGES leaves so many of the pages that are asked about, of all lengths alike, and their questions. */
function smaller<Of extends QuestionSet>(set: Of): Of {
  const pages = Number(process.env.QUAYSIDE_BENCH_PAGES ?? 0);
  if (!(pages > 0)) return set;
  const asked = new Set(set.questions.map(({ source }) => source));
  const byLength = set.documents
    .filter(({ source }) => asked.has(source))
    .sort((a, b) => a.text.length - b.text.length);
  const step = byLength.length / Math.min(pages, byLength.length);
  const documents = byLength.filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step));
  const kept = new Set(documents.map(({ source }) => source));
  const questions = set.questions.filter(({ answerable, source }) => !answerable || kept.has(source));
  return { ...set, documents, questions };
}

const manualsOf = (results: readonly { readonly question: BenchQuestion }[]): number =>
  new Set(results.map(({ question }) => question.manual)).size;

/** @param manuals folder with the packages of `packagesNeeded`, one folder each */
export async function ragBench(options: {
  root: string;
  manuals: string;
  say: (what: string) => void;
}): Promise<Table[]> {
  const { root, say } = options;
  const set = smaller(await readQuestionSet(options.manuals));
  const later = smaller(set.confirming);
  const reported = set.questions.filter((question) => question.part === 'reported');
  const of = (answerable: boolean): BenchQuestion[] => reported.filter((entry) => entry.answerable === answerable);
  say('starting the stack');
  const stack = await openBenchStack(root);
  try {
    const ingestion = await measureIngestion(stack, set.documents, say);
    const ranked = await rankQuestions(stack.api, of(true), say);
    const asked = await askQuestions(
      stack.api,
      [...of(false), ...of(true).filter((one) => one.kind === 'question')],
      say,
    );
    const confirming = await measureConfirming(stack, later, say);
    const real = ingestion.chunks + confirming.chunks;
    await fillUpTo(stack, total, say);
    const wordings = set.questions.map((entry) => entry.question);
    const times = await measureSearch(stack, wordings.slice(0, searches), say);
    const some = set.questions.filter((entry) => entry.answerable).map((entry) => entry.question);
    const embedded = await measureFirstWord(stack.api, some.slice(0, answers), say);
    // Other questions than before: theirs are in the cache by now.
    const others = wordings.slice(-answers);
    const mock = await withMockProvider(stack, () => measureFirstWord(stack.api, others, say));
    const crowd = await measureCrowd(stack, wordings.slice(searches), more(set), say);
    const [first] = crowd.failures;
    return [
      {
        title: 'Passages for questions from manuals',
        columns: ['', 'nDCG@10', 'recall@1', 'recall@5', 'recall@10', 'against the better of the two', 'to reach'],
        rows: qualityRows(ranked),
        note: `${ranked.length} questions that are headings of manuals, or say what a command is for; ${ingestion.chunks} passages of ${ingestion.documents} pages without those words. The right answer is the section below, counted once. 95 % intervals by bootstrap. Settings were chosen with other questions of the same manuals.`,
      },
      {
        title: 'Passages for questions that nothing was tuned with',
        columns: ['', 'nDCG@10', 'recall@1', 'recall@5', 'recall@10', 'against the better of the two', 'to reach'],
        rows: qualityRows(confirming.ranked),
        note: `${confirming.ranked.length} questions that are headings of ${manualsOf(confirming.ranked)} other manuals, read in after the questions above were asked: ${confirming.chunks} passages of ${later.documents.length} pages more. Nothing was tuned with them or chosen by them. Else as above.`,
      },
      {
        title: 'When the documents do not answer',
        columns: ['', 'questions', 'share', 'to reach'],
        rows: [...abstentionRows(asked), ...abstentionRows(confirming.asked, 'nothing tuned with: ')],
        note: `The embedded provider, each question in a conversation of its own. No weight was fitted to the questions of the first two rows, but they were looked at while signal and threshold were chosen (docs/adr/0010). Nothing was tuned with those of the last two, nor chosen by them: ${confirming.asked.length} questions of ${manualsOf(confirming.asked)} other manuals, asked when the pages of ${manualsOf(confirming.ranked)} of these had been read in as well.`,
      },
      {
        title: 'Reading in, searching, answering',
        columns: ['', 'Quayside', 'by hand', 'ratio', 'to reach'],
        rows: [
          ...ingestionRows(ingestion),
          ...searchRows(times),
          ...firstWordRows(embedded, mock, quantile(times.product, 0.5)),
          ...crowdRows(crowd, quantile(times.product, 0.95)),
        ],
        note: `Searches, answers and people at ${total.toLocaleString('en')} passages, all but ${real} of them made of two real ones each, vectors mixed alike. By hand: the embedding service alone; for a search the question embedded and one hybrid query of the vector store. One client, every question once.${first === undefined ? '' : ` First error: ${first.slice(0, 200)}`}`,
      },
    ];
  } finally {
    say('taking the stack down');
    await stack.close();
  }
}
