import { formatBytes } from '../../../shared/model/bytes.ts';
import { type Command, type Context, readyStack, usageError } from '../command.ts';
import { type ExitCode, exit } from '../exit-code.ts';
import { table } from '../format.ts';
import { chooseVerb, textOption } from '../verbs.ts';
import { listMembers, share, unshare } from './kb-sharing.ts';

const verbs = {
  list: [0, 0],
  create: [1, 1],
  delete: [1, 1],
  members: [1, 1],
  share: [2, 2],
  unshare: [2, 2],
} as const;

export const kb: Command = {
  name: 'kb',
  usage:
    'list | create NAME [--description TEXT] | delete NAME --yes | members NAME | share NAME PERSON [--write] | unshare NAME PERSON',
  summary: 'knowledge bases: see them, make one, delete one, share one',
  help: [
    'list                  every knowledge base with what is in it',
    'create NAME           an empty one; documents come in with "ingest --kb NAME"',
    'delete NAME           with all its documents; --yes is needed, there is no way back but a backup',
    'members NAME          whom it is shared with, and what they may do',
    'share NAME PERSON     may read it from now on; again with other rights changes them',
    '  --write             may add to it and take from it as well',
    'unshare NAME PERSON   may not read it any more',
    '',
    'A knowledge base may be given by its name or its id, a person by e-mail address or id ("quayside user list").',
    'Only your own can be shared. With --json: { kbs }, { kb }, { deleted }; { members } as they are afterwards.',
    '',
    'Examples: quayside kb create Contracts',
    '          quayside kb share Contracts ada@example.org --write',
  ],
  options: { description: { type: 'string' }, yes: { type: 'boolean' }, write: { type: 'boolean' } },
  positionals: { min: 0, max: 3 },
  async run(context) {
    const { verb, given } = chooseVerb('kb', context.positionals, verbs, 'list');
    const [name = '', person = ''] = given;
    if (verb === 'delete' && context.options.yes !== true)
      throw usageError(`"${name}" and all its documents would be gone for good: add --yes to delete it.`, 'kb');
    await readyStack(context);
    if (verb === 'list') return list(context);
    if (verb === 'create') return create(context, name);
    if (verb === 'delete') return remove(context, name);
    if (verb === 'members') return listMembers(context, name);
    return verb === 'share' ? share(context, name, person) : unshare(context, name, person);
  },
};

async function list({ core, terminal }: Context): Promise<ExitCode> {
  const kbs = await core.knowledge.bases.list();
  if (terminal.json) await terminal.document({ kbs });
  else
    await terminal.print(
      table([
        ['NAME', 'DOCUMENTS', 'PASSAGES', 'SIZE', 'SOURCES', 'ID'],
        ...kbs.map((one) => [
          one.isDefault ? `${one.name} (default)` : one.name,
          [
            `${one.documents}`,
            ...(one.pending > 0 ? [`${one.pending} being read`] : []),
            ...(one.failed > 0 ? [`${one.failed} failed`] : []),
          ].join(', '),
          String(one.chunks),
          formatBytes(one.bytes),
          String(one.sources),
          one.id,
        ]),
      ]),
    );
  return exit.done;
}

async function create({ core, terminal, options }: Context, name: string): Promise<ExitCode> {
  const description = textOption(options.description);
  const made = await core.knowledge.bases.create({ name, ...(description === undefined ? {} : { description }) });
  if (terminal.json) await terminal.document({ kb: made });
  else await terminal.print(`✔ ${made.name} is there (${made.id})`);
  return exit.done;
}

async function remove({ core, terminal }: Context, name: string): Promise<ExitCode> {
  const { id, name: known, documents } = await core.knowledge.bases.get(name);
  await core.knowledge.bases.remove(id);
  if (terminal.json) await terminal.document({ deleted: { id, name: known, documents } });
  else await terminal.print(`✔ ${known} is deleted, with ${documents} ${documents === 1 ? 'document' : 'documents'}`);
  return exit.done;
}
