import { resolve } from 'node:path';
import type { Source } from '../../../shared/model/knowledge.ts';
import { type Command, type Context, nothingToActOn, readyStack, usageError } from '../command.ts';
import { type ExitCode, exit } from '../exit-code.ts';
import { followOperation } from '../follow-operation.ts';
import { table } from '../format.ts';
import { chooseVerb, textOption, wholeNumber } from '../verbs.ts';

const verbs = { list: [0, 0], add: [1, 1], sync: [1, 1], remove: [1, 1] } as const;
const usualSeconds = { folder: 900, url: 86_400 } as const;

export const source: Command = {
  name: 'source',
  usage: 'list | add PATH-or-URL [--kb NAME] | sync SOURCE | remove SOURCE [--delete-documents --yes]',
  summary: 'folders and pages that a knowledge base keeps up with',
  help: [
    'list            every source, or those of --kb NAME',
    'add PATH        keep up with a folder: files that come, change or go are followed. The backend starts again for it',
    'add URL         keep up with a page',
    '  --kb NAME     the knowledge base, by name or id (the default one unless told)',
    '  --every S     look again after so many seconds, 60 or more; "never" for only when asked to',
    'sync SOURCE     look at it now; --allow-large goes on with one that paused for too many changes',
    'remove SOURCE   stop keeping up; its documents stay, or go with --delete-documents --yes',
    '',
    'SOURCE is its id, its folder or its address. With --json: { sources }, { operation, source }, { source }, { removed }.',
    '',
    'Example: quayside source add ~/papers --kb Papers',
  ],
  options: {
    kb: { type: 'string' },
    every: { type: 'string' },
    'allow-large': { type: 'boolean' },
    'delete-documents': { type: 'boolean' },
    yes: { type: 'boolean' },
  },
  positionals: { min: 0, max: 2 },
  async run(context) {
    const { verb, given } = chooseVerb('source', context.positionals, verbs, 'list');
    const [place = ''] = given;
    const { options } = context;
    if (verb === 'remove' && options['delete-documents'] === true && options.yes !== true)
      throw usageError('Its documents would be gone for good: add --yes to delete them.', 'source');
    const every = everyOf(textOption(options.every));
    await readyStack(context);
    if (verb === 'list') return list(context);
    if (verb === 'add') return add(context, place, every);
    return verb === 'sync' ? sync(context, place) : remove(context, place);
  },
};

/** undefined: as is usual for its kind. */
function everyOf(given: string | undefined): number | null | undefined {
  return given === 'never' ? null : wholeNumber('source', 'every', given, 60, 31_622_400);
}

async function list({ core, terminal, options }: Context): Promise<ExitCode> {
  const sources = await core.knowledge.sources.list(textOption(options.kb));
  if (terminal.json) await terminal.document({ sources });
  else if (sources.length === 0) await terminal.print('There is no source yet');
  else
    await terminal.print(
      table([
        ['SOURCE', 'STATE', 'FILES', 'ID'],
        ...sources.map((one) => [one.uri, stateOf(one), String(one.items), one.id]),
      ]),
    );
  return exit.done;
}

function stateOf({ state, error, failedItems }: Source): string {
  if (error !== null) return `${state}: ${error.message}`;
  return failedItems === 0 ? state : `${state}, ${failedItems} failed`;
}

async function add(context: Context, place: string, every: number | null | undefined): Promise<ExitCode> {
  const { core, terminal, options } = context;
  const kb = textOption(options.kb) ?? 'default';
  if (/^https?:\/\//i.test(place)) {
    const made = await core.knowledge.sources.addPage({
      kb,
      url: place,
      everySeconds: every === undefined ? usualSeconds.url : every,
    });
    if (terminal.json) await terminal.document({ source: made });
    else await terminal.print(`✔ ${made.uri} is being read in`);
    return exit.done;
  }
  const id = await core.folderSources.add({
    kb,
    path: resolve(place),
    everySeconds: every === undefined ? usualSeconds.folder : every,
  });
  const { operation, code } = await followOperation(context, id);
  if (terminal.json) {
    const made = (await core.knowledge.sources.list(kb)).find(({ uri }) => uri === resolve(place)) ?? null;
    await terminal.document({ operation, source: made });
  }
  return code;
}

/** By id, by its folder or its address. */
async function found({ core }: Context, given: string): Promise<Source> {
  const sources = await core.knowledge.sources.list();
  const one = sources.find(({ id, uri }) => id === given || uri === given || uri === resolve(given));
  if (one !== undefined) return one;
  throw nothingToActOn(
    'There is no such source',
    `"${given.slice(0, 200)}" is none.`,
    'See what there is',
    'quayside source list',
  );
}

async function sync(context: Context, given: string): Promise<ExitCode> {
  const { core, terminal, options } = context;
  const one = await found(context, given);
  await core.knowledge.sources.sync(one.id, options['allow-large'] === true);
  if (terminal.json) await terminal.document({ source: await core.knowledge.sources.get(one.id) });
  else await terminal.print(`✔ ${one.uri} is being looked at`);
  return exit.done;
}

async function remove(context: Context, given: string): Promise<ExitCode> {
  const { core, terminal, options } = context;
  const one = await found(context, given);
  const documents = options['delete-documents'] === true ? 'delete' : 'keep';
  await core.folderSources.remove(one.id, documents);
  if (terminal.json) await terminal.document({ removed: { id: one.id, uri: one.uri, documents } });
  else
    await terminal.print(
      `✔ ${one.uri} is no longer kept up with; its documents ${documents === 'delete' ? 'are being deleted' : 'stay'}`,
    );
  return exit.done;
}
