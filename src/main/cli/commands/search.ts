import { type SearchAnswer, type SearchMode, searchModes } from '../../../shared/model/knowledge.ts';
import { type Command, readyStack, usageError } from '../command.ts';
import { exit } from '../exit-code.ts';
import { clip, duration } from '../format.ts';
import { printable } from '../printable.ts';
import { listOption, textOption, wholeNumber } from '../verbs.ts';

export const search: Command = {
  name: 'search',
  usage: 'QUERY [--kb NAME] [--mode hybrid|dense|bm25] [--top-k N]',
  summary: 'what retrieval finds for a query, best first, with scores and times',
  help: [
    '--kb NAME    where to look, by name or id; several times for several (the default one unless told)',
    '--mode MODE  hybrid (words and meaning together), dense (meaning alone) or bm25 (words alone)',
    '--top-k N    how many passages, 1 to 100 (10 unless told)',
    '--tag TAG    only documents with this tag; several times for several',
    '',
    'With --json: { query, mode, chunks: [{ rank, document, source, headingPath, page, text, scores, chunkId, documentId }],',
    'timings: { embedMs, qdrantMs, hydrateMs, totalMs }, embeddingProfile }.',
    '',
    'Example: quayside search "notice period" --kb Contracts --top-k 5',
  ],
  options: {
    kb: { type: 'string', multiple: true },
    mode: { type: 'string' },
    'top-k': { type: 'string' },
    tag: { type: 'string', multiple: true },
  },
  positionals: { min: 1, max: 100 },
  async run(context) {
    const { core, terminal, options, signal } = context;
    const query = context.positionals.join(' ').trim();
    if (query === '') throw usageError('The query is empty.', 'search');
    const mode = modeOf(textOption(options.mode));
    const topK = wholeNumber('search', 'top-k', options['top-k'], 1, 100) ?? 10;
    const kbs = listOption(options.kb);
    const tags = listOption(options.tag);
    await readyStack(context);
    const answer = await core.knowledge.search(
      {
        query,
        topK,
        ...(mode === undefined ? {} : { mode }),
        ...(kbs === undefined ? {} : { kbs: [...kbs] }),
        ...(tags === undefined ? {} : { tags: [...tags] }),
      },
      signal,
    );
    if (terminal.json) await terminal.document(documentOf(query, answer));
    else await terminal.print(pageOf(answer, terminal.columns));
    return exit.done;
  },
};

function modeOf(given: string | undefined): SearchMode | undefined {
  if (given === undefined) return undefined;
  const mode = searchModes.find((one) => one === given);
  if (mode === undefined) throw usageError(`--mode takes ${searchModes.join(', ')}, not "${given}".`, 'search');
  return mode;
}

function documentOf(query: string, { mode, hits, timings, embeddingProfile }: SearchAnswer) {
  const chunks = hits.map(({ title, sourceName, headingPath, page, text, scores, chunkId, documentId }, at) => ({
    rank: at + 1,
    document: title,
    source: sourceName,
    headingPath,
    page,
    text,
    scores,
    chunkId,
    documentId,
  }));
  return { query, mode, chunks, timings, embeddingProfile };
}

/** Each passage with where it stands and its beginning. */
function pageOf({ mode, hits, timings }: SearchAnswer, columns: number): string {
  const score = (name: string, value: number | null): string[] =>
    value === null ? [] : [`${name} ${value.toFixed(3)}`];
  const blocks = hits.map(({ sourceName, headingPath, page, text, scores }, at) => {
    const place = [sourceName, ...(page === null ? [] : [`page ${page}`]), ...headingPath].join(' > ');
    const figures = [
      `score ${scores.fused.toFixed(4)}`,
      ...score('dense', scores.dense),
      ...score('bm25', scores.bm25),
    ].join(', ');
    const lines = [`${String(at + 1).padStart(3)}  ${place}`, `     ${figures}`];
    return [...lines, `     ${clip(text.replace(/\s+/g, ' ').trim(), Math.max(40, 3 * (columns - 6)))}`].join('\n');
  });
  const took = `${duration(timings.totalMs)} (${mode}: embedding ${duration(timings.embedMs)}, search ${duration(timings.qdrantMs)}, texts ${duration(timings.hydrateMs)})`;
  const found =
    hits.length === 0 ? 'Nothing was found' : `${hits.length} ${hits.length === 1 ? 'passage' : 'passages'}`;
  return printable([...blocks, '', `${found} in ${took}`].join('\n').replace(/^\n/, ''), false);
}
