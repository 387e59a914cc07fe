/** Whom a knowledge base is shared with, on a terminal. */
import { userTitle } from '../../../shared/model/accounts.ts';
import type { Member } from '../../../shared/model/knowledge.ts';
import { type Context, nothingToActOn } from '../command.ts';
import { type ExitCode, exit } from '../exit-code.ts';
import { findUser, isNamed } from '../find-user.ts';
import { table } from '../format.ts';

const mayWords: Readonly<Record<Member['access'], string>> = { read: 'read', write: 'read and change' };

async function show({ terminal }: Context, members: readonly Member[], words: string): Promise<ExitCode> {
  if (terminal.json) await terminal.document({ members });
  else await terminal.print(words);
  return exit.done;
}

export async function listMembers(context: Context, kb: string): Promise<ExitCode> {
  const { knowledge } = context.core;
  const { id, name } = await knowledge.bases.get(kb);
  const members = await knowledge.members.list(id);
  const rows = members.map((one) => [one.email ?? '-', one.name, mayWords[one.access], one.userId]);
  return show(
    context,
    members,
    rows.length === 0 ? `${name} is shared with nobody` : table([['E-MAIL', 'NAME', 'MAY', 'ID'], ...rows]),
  );
}

/** Again with other rights: changes them. */
export async function share(context: Context, kb: string, person: string): Promise<ExitCode> {
  const { knowledge } = context.core;
  const { id, name } = await knowledge.bases.get(kb);
  const user = await findUser(context, person);
  const access = context.options.write === true ? 'write' : 'read';
  const members = await knowledge.members.share(id, user.id, access);
  return show(context, members, `✔ ${userTitle(user)} may ${mayWords[access]} ${name}`);
}

export async function unshare(context: Context, kb: string, person: string): Promise<ExitCode> {
  const { knowledge } = context.core;
  const { id, name } = await knowledge.bases.get(kb);
  const before = await knowledge.members.list(id);
  const member = before.find(({ userId, email }) => isNamed(person, { id: userId, email }));
  if (member === undefined)
    throw nothingToActOn(
      'It is not shared with them',
      `${name} is not shared with "${person.slice(0, 200)}".`,
      'See whom it is shared with',
      `quayside kb members ${id}`,
    );
  const members = await knowledge.members.unshare(id, member.userId);
  return show(context, members, `✔ ${name} is no longer shared with ${userTitle(member)}`);
}
