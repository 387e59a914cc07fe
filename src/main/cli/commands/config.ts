import type { ConfigEntry, ConfigValue, RagConfig } from '../../../shared/model/rag-config.ts';
import { type Command, type Context, nothingToActOn, readyStack, usageError } from '../command.ts';
import { type ExitCode, exit } from '../exit-code.ts';
import { table } from '../format.ts';
import { chooseVerb } from '../verbs.ts';

const verbs = { list: [0, 0], get: [1, 1], set: [2, 2], reset: [1, 1], history: [0, 0] } as const;

export const config: Command = {
  name: 'config',
  usage: 'list | get KEY | set KEY VALUE | reset KEY | history',
  summary: 'settings of the backend: value, where it comes from, change, reset',
  help: [
    'list           every setting: its value, its source, and whether it is fixed there',
    'get KEY        one of them, with what it does and what fits',
    'set KEY VALUE  takes effect within a second; refused where the setting is fixed on the command line or in the environment',
    'reset KEY      back to the default',
    'history        changes, the newest first',
    '',
    'With --json: { config }, { entry }, { changes }.',
    '',
    'Example: quayside config set retrieval.topK 12',
  ],
  options: {},
  positionals: { min: 0, max: 3 },
  async run(context) {
    const { verb, given } = chooseVerb('config', context.positionals, verbs, 'list');
    const [key = '', value = ''] = given;
    const { core } = context;
    await readyStack(context);
    if (verb === 'history') return history(context);
    const now = await core.knowledge.config.get();
    if (verb === 'list') return list(context, now);
    const entry = entryOf(now, key);
    if (verb === 'get') return show(context, now, key);
    const after =
      verb === 'set'
        ? await core.knowledge.config.change({ [key]: parsedValue(entry, value) }, now.revision)
        : await core.knowledge.config.reset(key);
    const code = await show(context, after, key);
    if (entry.reindexRequired && after.affectedDocuments > 0)
      context.terminal.note(`${after.affectedDocuments} documents were read with other settings.`);
    return code;
  },
};

const text = (value: ConfigValue): string => (value === null ? '-' : String(value));

function entryOf(all: RagConfig, key: string): ConfigEntry {
  const entry = all.items.find((one) => one.key === key);
  if (entry !== undefined) return entry;
  throw nothingToActOn(
    'There is no such setting',
    `"${key.slice(0, 100)}" is none.`,
    'See what there is',
    'quayside config list',
  );
}

function parsedValue({ key, kind }: ConfigEntry, given: string): ConfigValue {
  if (kind.type === 'number') {
    const number = Number(given);
    if (given.trim() !== '' && Number.isFinite(number)) return number;
    throw usageError(`${key} takes a number, not "${given}".`, 'config');
  }
  if (kind.type === 'switch') {
    if (given === 'true' || given === 'on') return true;
    if (given === 'false' || given === 'off') return false;
    throw usageError(`${key} takes true or false, not "${given}".`, 'config');
  }
  if (kind.type === 'choice' && !kind.options.includes(given))
    throw usageError(`${key} takes ${kind.options.join(', ')}, not "${given}".`, 'config');
  return given;
}

async function list({ terminal }: Context, all: RagConfig): Promise<ExitCode> {
  if (terminal.json) await terminal.document({ config: all });
  else
    await terminal.print(
      table([
        ['SETTING', 'VALUE', 'FROM', 'DEFAULT', ''],
        ...all.items.map((one) => [
          one.key,
          text(one.value),
          one.source,
          text(one.default),
          one.locked ? 'fixed there' : '',
        ]),
      ]),
    );
  return exit.done;
}

function fits({ kind }: ConfigEntry): string {
  if (kind.type === 'choice') return kind.options.join(', ');
  if (kind.type === 'switch') return 'true or false';
  if (kind.type === 'text') return kind.maxLength === null ? 'a text' : `a text of up to ${kind.maxLength} characters`;
  const bounds = [kind.min === null ? '' : ` from ${kind.min}`, kind.max === null ? '' : ` to ${kind.max}`].join('');
  return `${kind.whole ? 'a whole number' : 'a number'}${bounds}`;
}

async function show({ terminal }: Context, all: RagConfig, key: string): Promise<ExitCode> {
  const entry = entryOf(all, key);
  if (terminal.json) await terminal.document({ entry });
  else
    await terminal.print(
      [
        `${entry.key} = ${text(entry.value)}`,
        `  ${entry.help}`,
        `  From: ${entry.source}${entry.locked ? ', where it is fixed' : ''}. Default: ${text(entry.default)}. Takes ${fits(entry)}.`,
        `  In the environment: ${entry.env}`,
      ].join('\n'),
    );
  return exit.done;
}

async function history({ core, terminal }: Context): Promise<ExitCode> {
  const changes = await core.knowledge.config.history();
  if (terminal.json) await terminal.document({ changes });
  else if (changes.length === 0) await terminal.print('Nothing was changed yet');
  else
    await terminal.print(
      table([
        ['WHEN', 'SETTING', 'FROM', 'TO', 'BY'],
        ...changes.map((one) => [
          new Date(one.changedAtMs).toISOString().slice(0, 19).replace('T', ' '),
          one.key,
          one.oldValue === null ? 'default' : text(one.oldValue),
          one.newValue === null ? 'default' : text(one.newValue),
          one.changedBy ?? 'somebody who is gone',
        ]),
      ]),
    );
  return exit.done;
}
