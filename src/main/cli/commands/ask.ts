import type { ChatEvent, CitationSource } from '../../../shared/model/chat.ts';
import { ProblemError, problem } from '../../../shared/model/problem.ts';
import { type Command, type Context, readyStack } from '../command.ts';
import { type ExitCode, exit } from '../exit-code.ts';
import { duration } from '../format.ts';
import { printable } from '../printable.ts';
import { listOption } from '../verbs.ts';

export const ask: Command = {
  name: 'ask',
  usage: 'QUESTION [--kb NAME]',
  summary: 'ask your documents; the answer comes with its sources',
  help: [
    '--kb NAME   what to ask, by name or id; several times for several (the default one unless told)',
    '',
    'The conversation is kept and shows in the window. Ctrl-C stops the answer.',
    'With --json: { question, answer, status, provider, sources, timings, conversationId }.',
    '',
    'Example: quayside ask "What does the contract say about notice?"',
  ],
  options: { kb: { type: 'string', multiple: true } },
  positionals: { min: 1, max: 100 },
  async run(context) {
    const { core, terminal, signal } = context;
    const question = context.positionals.join(' ').trim();
    if (question === '') throw new ProblemError(problem('usage', 'There is no question', 'The question is empty.'));
    await readyStack(context);
    const kbs = listOption(context.options.kb);
    const asked = await Promise.all((kbs ?? ['default']).map((kb) => core.knowledge.bases.get(kb)));
    if (!asked.some(({ chunks }) => chunks > 0)) throw noDocuments();

    const conversation = await core.chat.createConversation(kbs === undefined ? undefined : asked.map(({ id }) => id));
    const answer = collect(context);
    const give = context.onInterrupt(() => {
      if (answer.runId !== '') void core.chat.stop(answer.runId).catch(() => undefined);
    });
    try {
      await core.chat.ask({ conversationId: conversation.id, question }, answer.take, signal);
    } finally {
      give();
    }
    if (terminal.json) {
      const { text, status, provider, sources, timings } = answer;
      await terminal.document({
        question,
        answer: text,
        status,
        provider,
        sources,
        timings,
        conversationId: conversation.id,
      });
    } else {
      await terminal.print(answer.ending());
    }
    return codes[answer.status];
  },
};

const codes: Readonly<Record<(ChatEvent & { type: 'done' })['status'], ExitCode>> = {
  completed: exit.done,
  abstained: exit.done,
  stopped: exit.cancelled,
  error: exit.failed,
};

/** Gathers an answer while its text streams to the terminal. */
function collect({ terminal }: Context) {
  const all = {
    runId: '',
    text: '',
    provider: '',
    status: 'error' as (ChatEvent & { type: 'done' })['status'],
    sources: [] as readonly CitationSource[],
    timings: null as { retrievalMs: number; ttftMs: number; totalMs: number } | null,
    nearest: [] as readonly string[],
    notices: [] as string[],
    take(event: ChatEvent): void {
      switch (event.type) {
        case 'run':
          all.runId = event.runId;
          all.provider = event.provider;
          break;
        case 'sources':
          all.sources = event.sources;
          break;
        case 'delta':
          all.text += event.text;
          if (!terminal.json) terminal.raw(printable(event.text, false));
          break;
        case 'abstain':
          all.nearest = event.nearest;
          if (all.text === '') {
            all.text = event.reason;
            if (!terminal.json) terminal.raw(printable(event.reason, false));
          }
          break;
        case 'usage':
          all.timings = { retrievalMs: event.retrievalMs, ttftMs: event.ttftMs, totalMs: event.totalMs };
          break;
        case 'done':
          all.status = event.status;
          break;
        case 'notice':
          all.notices.push(event.message);
          break;
        case 'status':
        case 'citation':
          break;
      }
    },
    /** What follows the streamed text: sources (only those the text cites, where it cites any) and times. */
    ending(): string {
      const cited = all.sources.filter(({ n }) => all.text.includes(`[${n}]`));
      const lines = (cited.length > 0 ? cited : all.status === 'completed' ? all.sources : []).map((source) => {
        const place = [
          source.page === null ? '' : `page ${source.page}`,
          source.headingPath.length === 0 ? '' : source.headingPath.join(' > '),
        ].filter((part) => part !== '');
        return `  [${source.n}] ${source.sourceName}${place.length === 0 ? '' : ` (${place.join(', ')})`}`;
      });
      const blocks = ['', ''];
      if (lines.length > 0) blocks.push('Sources', ...lines);
      if (all.status === 'abstained' && all.nearest.length > 0)
        blocks.push('Nearest', ...all.nearest.map((n) => `  ${n}`));
      if (all.notices.length > 0) blocks.push('Note', ...all.notices.map((text) => `  ${text}`));
      if (all.timings !== null) blocks.push(`Answered in ${duration(all.timings.totalMs)} by ${all.provider}`);
      return printable(blocks.join('\n'), false);
    },
  };
  return all;
}

function noDocuments(): ProblemError {
  return new ProblemError(
    problem('no-documents', 'There is no document to answer from', 'No document has been read in yet.', {
      remedies: [{ action: 'copy-command', label: 'Read in documents', command: 'quayside ingest PATH' }],
    }),
  );
}
