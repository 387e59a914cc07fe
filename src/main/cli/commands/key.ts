import { type KeyScope, keyScopes } from '../../../shared/model/accounts.ts';
import { type Command, type Context, nothingToActOn, readyStack, usageError } from '../command.ts';
import { type ExitCode, exit } from '../exit-code.ts';
import { table } from '../format.ts';
import { chooseVerb, listOption, wholeNumber } from '../verbs.ts';

const verbs = { list: [0, 0], create: [1, 1], revoke: [1, 1] } as const;

export const key: Command = {
  name: 'key',
  usage: 'list | create NAME --scope SCOPE.. [--days N] | revoke ID',
  summary: 'keys by which programs use the backend',
  help: [
    'list          every key, by its last four letters',
    'create NAME   its secret is printed once and never again',
    `  --scope S   what it lets a program do; several times for several: ${keyScopes.join(', ')}`,
    '  --days N    how long it holds, 1 to 3650 (without end unless told)',
    'revoke ID     it opens nothing from then on; ID may be its name where only one has it',
    '',
    'With --json: { keys }, { key, secret }, { revoked }.',
  ],
  options: { scope: { type: 'string', multiple: true }, days: { type: 'string' } },
  positionals: { min: 0, max: 2 },
  async run(context) {
    const { verb, given } = chooseVerb('key', context.positionals, verbs, 'list');
    const [name = ''] = given;
    const scopes = verb === 'create' ? scopesOf(listOption(context.options.scope)) : [];
    const days = wholeNumber('key', 'days', context.options.days, 1, 3650);
    await readyStack(context);
    if (verb === 'list') return list(context);
    return verb === 'create' ? create(context, name, scopes, days) : revoke(context, name);
  },
};

function scopesOf(given: readonly string[] | undefined): KeyScope[] {
  if (given === undefined) throw usageError(`Say what it is for: --scope ${keyScopes.join(' | ')}.`, 'key');
  return given.map((one) => {
    const scope = keyScopes.find((known) => known === one);
    if (scope === undefined) throw usageError(`--scope takes ${keyScopes.join(', ')}, not "${one}".`, 'key');
    return scope;
  });
}

const day = (ms: number | null, none: string): string => (ms === null ? none : new Date(ms).toISOString().slice(0, 10));

async function list({ core, terminal }: Context): Promise<ExitCode> {
  const keys = await core.knowledge.accounts.keys();
  if (terminal.json) await terminal.document({ keys });
  else if (keys.length === 0) await terminal.print('There is no key yet');
  else
    await terminal.print(
      table([
        ['NAME', 'ENDS IN', 'MAY', 'HOLDS UNTIL', 'LAST USED', 'ID'],
        ...keys.map((one) => [
          one.name,
          one.last4,
          one.scopes.join(' '),
          day(one.expiresAtMs, 'without end'),
          day(one.lastUsedAtMs, 'never'),
          one.id,
        ]),
      ]),
    );
  return exit.done;
}

async function create(
  { core, terminal }: Context,
  name: string,
  scopes: KeyScope[],
  expiresInDays: number | undefined,
): Promise<ExitCode> {
  const made = await core.knowledge.accounts.createKey({ name, scopes, expiresInDays });
  if (terminal.json) await terminal.document(made);
  else {
    await terminal.print(made.secret);
    terminal.note('Keep it now: it is not shown again.');
  }
  return exit.done;
}

async function revoke({ core, terminal }: Context, given: string): Promise<ExitCode> {
  const keys = await core.knowledge.accounts.keys();
  const found = keys.filter(({ id, name }) => id === given || name === given);
  const [one] = found;
  if (found.length > 1) throw usageError(`Several keys are called "${given}": give the id of one.`, 'key');
  if (one === undefined)
    throw nothingToActOn('There is no such key', `"${given.slice(0, 100)}" is none.`, 'See them', 'quayside key list');
  await core.knowledge.accounts.revokeKey(one.id);
  if (terminal.json) await terminal.document({ revoked: { id: one.id, name: one.name } });
  else await terminal.print(`✔ ${one.name} opens nothing any more`);
  return exit.done;
}
