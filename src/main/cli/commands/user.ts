import type { User } from '../../../shared/model/accounts.ts';
import { type Command, type Context, readyStack, usageError } from '../command.ts';
import { type ExitCode, exit } from '../exit-code.ts';
import { findUser } from '../find-user.ts';
import { table } from '../format.ts';
import { readSecretFrom } from '../read-secret.ts';
import { chooseVerb, textOption } from '../verbs.ts';

const verbs = {
  list: [0, 0],
  create: [1, 1],
  disable: [1, 1],
  enable: [1, 1],
  password: [1, 1],
  remove: [1, 1],
} as const;

export const user: Command = {
  name: 'user',
  usage:
    'list | create EMAIL --password-file FILE|- | disable USER | enable USER | password USER --password-file FILE|- | remove USER --yes',
  summary: 'people who may use the backend',
  help: [
    'list             everybody, and whether they may sign in',
    'create EMAIL     somebody who may sign in',
    '  --name NAME    how they are shown (the e-mail address unless told)',
    '  --owner        may change settings, providers and users as well',
    'disable USER     may not sign in any more; what is theirs stays',
    'enable USER      may sign in again',
    'password USER    sets another password',
    'remove USER      with their conversations, keys, knowledge bases and documents; --yes is needed, there is no way back',
    '  --password-file FILE  a file with the password on one line, or - for standard input; never an argument',
    '',
    'USER is an e-mail address or an id. With --json: { users }, { user }, { removed }.',
  ],
  options: {
    name: { type: 'string' },
    owner: { type: 'boolean' },
    'password-file': { type: 'string' },
    yes: { type: 'boolean' },
  },
  positionals: { min: 0, max: 2 },
  async run(context) {
    const { options } = context;
    const { verb, given } = chooseVerb('user', context.positionals, verbs, 'list');
    const [who = ''] = given;
    const file = textOption(options['password-file']);
    const needed = verb === 'create' || verb === 'password';
    if (needed && file === undefined) throw usageError('Give the password: --password-file FILE, or -.', 'user');
    const password = needed && file !== undefined ? await readSecretFrom(file) : '';
    if (verb === 'remove' && options.yes !== true)
      throw usageError(`"${who}" and all that is theirs would be gone for good: add --yes to remove them.`, 'user');
    await readyStack(context);
    const { accounts } = context.core.knowledge;
    if (verb === 'list') return list(context);
    if (verb === 'create') {
      const name = textOption(options.name);
      const role = options.owner === true ? 'owner' : 'user';
      const made = await accounts.createUser({ email: who, password, role, ...(name === undefined ? {} : { name }) });
      return show(context, made, `${made.email ?? made.name} may sign in`);
    }
    const { id } = await findUser(context, who);
    if (verb === 'remove') return remove(context, id, who);
    if (verb === 'password')
      return show(context, await accounts.changeUser({ id, password }), `${who} has another password`);
    const disabled = verb === 'disable';
    const after = await accounts.changeUser({ id, disabled });
    return show(context, after, disabled ? `${who} may not sign in any more` : `${who} may sign in again`);
  },
};

async function list({ core, terminal }: Context): Promise<ExitCode> {
  const users = await core.knowledge.accounts.users();
  if (terminal.json) await terminal.document({ users });
  else
    await terminal.print(
      table([
        ['E-MAIL', 'NAME', 'ROLE', 'STATE', 'ID'],
        ...users.map((one) => [
          one.email ?? '-',
          one.name,
          one.role,
          one.disabled ? 'disabled' : one.hasPassword ? 'may sign in' : 'this panel',
          one.id,
        ]),
      ]),
    );
  return exit.done;
}

async function remove({ core, terminal }: Context, id: string, who: string): Promise<ExitCode> {
  await core.knowledge.accounts.removeUser(id);
  if (terminal.json) await terminal.document({ removed: { id } });
  else await terminal.print(`✔ ${who} is gone, with all that was theirs`);
  return exit.done;
}

async function show({ terminal }: Context, one: User, words: string): Promise<ExitCode> {
  if (terminal.json) await terminal.document({ user: one });
  else await terminal.print(`✔ ${words}`);
  return exit.done;
}
