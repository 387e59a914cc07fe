import { type EvalRun, type EvalRunSummary, evalMetricNames } from '../../../shared/model/evaluation.ts';
import { type SearchMode, searchModes } from '../../../shared/model/knowledge.ts';
import { problem } from '../../../shared/model/problem.ts';
import { readEvalSet } from '../../knowledge/eval-set-file.ts';
import { type Command, type Context, readyStack, usageError } from '../command.ts';
import { type ExitCode, exit } from '../exit-code.ts';
import { followOperation } from '../follow-operation.ts';
import { duration, table } from '../format.ts';
import { chooseVerb, listOption, textOption, wholeNumber } from '../verbs.ts';

const verbs = { list: [0, 0], run: [1, 1] } as const;
const gate = 'ndcg@10';

export const evaluate: Command = {
  name: 'eval',
  usage: 'run FILE [--kb NAME] [--min-ndcg X] | list',
  summary: 'how well retrieval finds what a set of questions asks for',
  help: [
    'run FILE       ask every question of a set; a set of the same name is replaced',
    '  --kb NAME    where to look, by name or id; several times for several (the default one unless told)',
    '  --mode MODE  hybrid, dense or bm25; several times for several (all three unless told)',
    '  --top-k N    how many passages count, 1 to 100 (10 unless told)',
    '  --min-ndcg X exit code 1 unless the first mode reaches this nDCG@10 (0 to 1)',
    'list           sets and runs, the newest first',
    '',
    'FILE is JSON: { "name", "description", "items": [{ "question", "expected": [{ "source", "heading", "text" }],',
    '"answerable" }] }. A passage is a right one when it fits one of "expected"; "answerable": false means that the',
    'documents do not say. With --json: { set, run } and { sets, runs }; intervals are 95 %, by bootstrap.',
    '',
    'Example: quayside eval run questions.json --min-ndcg 0.7',
  ],
  options: {
    kb: { type: 'string', multiple: true },
    mode: { type: 'string', multiple: true },
    'top-k': { type: 'string' },
    'min-ndcg': { type: 'string' },
  },
  positionals: { min: 0, max: 2 },
  async run(context) {
    const { verb, given } = chooseVerb('eval', context.positionals, verbs, 'list');
    return verb === 'list' ? list(context) : run(context, given[0] ?? '');
  },
};

async function list(context: Context): Promise<ExitCode> {
  const { core, terminal } = context;
  await readyStack(context);
  const [sets, runs] = await Promise.all([core.knowledge.evaluation.sets(), core.knowledge.evaluation.runs()]);
  if (terminal.json) {
    await terminal.document({ sets, runs });
    return exit.done;
  }
  await terminal.print(
    table([
      ['SET', 'QUESTIONS', 'ANSWERABLE', 'ID'],
      ...sets.map(({ name, items, answerable, id }) => [name, String(items), String(answerable), id]),
    ]),
  );
  await terminal.print('');
  await terminal.print(
    table([
      ['RUN OF', 'STATE', 'NDCG@10', 'ID'],
      ...runs.map((one) => [one.setName, one.state, figure(one, one.modes[0]?.mode, gate), one.id]),
    ]),
  );
  return exit.done;
}

async function run(context: Context, path: string): Promise<ExitCode> {
  const { core, terminal, options } = context;
  const { evaluation } = core.knowledge;
  const least = leastOf(textOption(options['min-ndcg']));
  const modes = listOption(options.mode)?.map(modeOf);
  const topK = wholeNumber('eval', 'top-k', options['top-k'], 1, 100);
  const file = await readEvalSet(path);
  await readyStack(context);
  const set = await evaluation.saveByName(file);
  const { operationId, runId } = await evaluation.run({ setId: set.id, kbs: listOption(options.kb), modes, topK });
  const { code } = await followOperation(context, operationId);
  const result = await evaluation.result(runId);
  if (terminal.json) await terminal.document({ set, run: result });
  else if (result.state === 'done') await terminal.print(report(result));
  if (code !== exit.done) return code;
  return reached(context, result, least);
}

function leastOf(given: string | undefined): number | null {
  if (given === undefined) return null;
  const value = Number(given);
  if (given.trim() === '' || !(value >= 0 && value <= 1))
    throw usageError(`--min-ndcg takes a number from 0 to 1, not "${given}".`, 'eval');
  return value;
}

function modeOf(given: string): SearchMode {
  const mode = searchModes.find((one) => one === given);
  if (mode === undefined) throw usageError(`--mode takes ${searchModes.join(', ')}, not "${given}".`, 'eval');
  return mode;
}

function reached({ terminal }: Context, run: EvalRun, least: number | null): ExitCode {
  if (least === null) return exit.done;
  const first = run.modes[0];
  const value = first?.metrics.find(({ name }) => name === gate)?.value ?? 0;
  if (value >= least) return exit.done;
  terminal.problem(
    problem(
      'eval-missed',
      'The questions were answered less well than asked for',
      `nDCG@10 of ${first?.mode ?? 'the run'} is ${value.toFixed(3)}, less than ${least}.`,
      { remedies: [{ action: 'advice', label: 'See which questions were missed in the run’s items (--json)' }] },
    ),
  );
  return exit.failed;
}

function figure(run: EvalRunSummary, mode: SearchMode | undefined, name: (typeof evalMetricNames)[number]): string {
  const found = run.modes.find((one) => one.mode === mode)?.metrics.find((metric) => metric.name === name);
  return found === undefined ? '-' : `${found.value.toFixed(3)} (${found.low.toFixed(3)} to ${found.high.toFixed(3)})`;
}

/** A row for each mode, then how questions without an answer were met. */
function report(run: EvalRun): string {
  const rows = run.modes.map(({ mode, p50Ms, p95Ms }) => [
    mode,
    ...evalMetricNames.map((name) => figure(run, mode, name)),
    `${duration(p50Ms)} / ${duration(p95Ms)}`,
  ]);
  const lines = ['', table([['MODE', ...evalMetricNames.map((name) => name.toUpperCase()), 'P50 / P95'], ...rows])];
  const { abstention } = run;
  if (abstention !== null) {
    const { unanswerable, abstained, answerable, wronglyAbstained } = abstention;
    lines.push('', `Of ${unanswerable} questions without an answer, ${abstained} were left unanswered.`);
    lines.push(`Of ${answerable} others, ${wronglyAbstained} were left unanswered wrongly.`);
  }
  return lines.join('\n');
}
