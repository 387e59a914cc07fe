import { setTimeout as pause } from 'node:timers/promises';
import type { EmbeddingState } from '../../../shared/model/knowledge.ts';
import { type Command, type Context, readyStack } from '../command.ts';
import { type ExitCode, exit } from '../exit-code.ts';
import { duration, table } from '../format.ts';
import { chooseVerb } from '../verbs.ts';

const verbs = { status: [0, 0], change: [1, 1], cancel: [0, 0], undo: [0, 0] } as const;
const pollMs = 1000;

export const embedding: Command = {
  name: 'embedding',
  usage: 'status | change MODEL [--no-wait] | cancel | undo',
  summary: 'the model that turns text into vectors: see it, change it while people go on asking',
  help: [
    'status        which model is in use, which others there are, and a change that is under way',
    'change MODEL  build a second index beside the first, then go over to it. Waits for that unless --no-wait',
    'cancel        give up a change that is under way',
    'undo          go back to the model before, whose index was kept',
    '',
    'Ctrl-C leaves; the change goes on by itself. With --json: { embedding }.',
  ],
  options: { 'no-wait': { type: 'boolean' } },
  positionals: { min: 0, max: 2 },
  async run(context) {
    const { verb, given } = chooseVerb('embedding', context.positionals, verbs, 'status');
    const { embedding: calls } = context.core.knowledge;
    await readyStack(context);
    if (verb === 'change') return change(context, given[0] ?? '');
    const state = await (verb === 'status' ? calls.get() : verb === 'cancel' ? calls.cancel() : calls.undo());
    await show(context, state);
    return exit.done;
  },
};

async function change(context: Context, model: string): Promise<ExitCode> {
  const { core, terminal, options, signal } = context;
  let state = await core.knowledge.embedding.change(model);
  let said = '';
  while (options['no-wait'] !== true && state.change?.state === 'building' && !signal.aborted) {
    const { progress, remainingMs } = state.change;
    const left = remainingMs === null ? '' : `, about ${duration(remainingMs)} left`;
    const line = `Building the index of ${model}: ${Math.floor(progress * 100)} %${left}`;
    if (line !== said) terminal.note(line);
    said = line;
    await pause(pollMs, undefined, { signal }).catch(() => undefined);
    state = await core.knowledge.embedding.get();
  }
  await show(context, state);
  if (signal.aborted) return exit.cancelled;
  if (state.change?.state === 'failed') return exit.failed;
  return exit.done;
}

async function show({ terminal }: Context, state: EmbeddingState): Promise<void> {
  if (terminal.json) {
    await terminal.document({ embedding: state });
    return;
  }
  await terminal.print(
    table([
      ['', 'MODEL', 'NUMBERS', 'READS'],
      ...state.models.map(({ active, model, dim, maxTokens }) => [
        active ? '*' : '',
        model,
        String(dim),
        `${maxTokens} tokens`,
      ]),
    ]),
  );
  await terminal.print(`${state.active.model} is in use, with ${state.active.chunks} passages`);
  if (state.change !== null) {
    const { to, state: now, documentsDone, documentsTotal, error } = state.change;
    await terminal.print(
      now === 'failed'
        ? `✖ The change to ${to} failed: ${error?.message ?? 'no reason was given'}`
        : `Going over to ${to}: ${documentsDone} of ${documentsTotal} documents`,
    );
    if (now === 'building' && error !== null)
      await terminal.print(`  It was held up and is being tried again: ${error.message}`);
  }
  if (state.undo !== null) await terminal.print(`"quayside embedding undo" goes back to ${state.undo.model}`);
}
