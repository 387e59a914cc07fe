import { join } from 'node:path';
import type { Backup } from '../../../shared/model/backup.ts';
import { formatBytes } from '../../../shared/model/bytes.ts';
import { ProblemError, problem } from '../../../shared/model/problem.ts';
import { type Command, type Context, existingStack, readyStack, usageError } from '../command.ts';
import { type ExitCode, exit } from '../exit-code.ts';
import { followOperation } from '../follow-operation.ts';
import { table } from '../format.ts';

export const backup: Command = {
  name: 'backup',
  usage: 'create | list | verify [ID]',
  summary: 'one archive of the whole stack, with checksums',
  help: [
    'create        make a backup of the running stack',
    'list          the backups of this environment, newest first',
    'verify [ID]   read an archive again and compare every checksum; the newest unless told',
    '',
    'With --json: create and verify { operation, backup }, list { folder, backups }.',
  ],
  options: {},
  positionals: { min: 1, max: 2 },
  async run(context) {
    const [action, id] = context.positionals;
    if (action === 'create' && id === undefined) return create(context);
    if (action === 'list' && id === undefined) return list(context);
    if (action === 'verify') return verify(context, id);
    throw usageError(`"backup ${context.positionals.join(' ')}" is not a command.`, 'backup');
  },
};

async function create(context: Context): Promise<ExitCode> {
  const { core, terminal } = context;
  await existingStack(context);
  const before = new Set((await core.backups.list()).map(({ id }) => id));
  const { operation, code } = await followOperation(context, await core.backups.create());
  const made = (await core.backups.list()).find(({ id }) => !before.has(id)) ?? null;
  if (terminal.json) await terminal.document({ operation, backup: made });
  else if (made !== null)
    await terminal.print(`  ${join(core.backups.folder, made.fileName)} (${formatBytes(made.bytes)})`);
  return code;
}

async function list({ core, terminal }: Context): Promise<ExitCode> {
  const backups = newestFirst(await core.backups.list());
  if (terminal.json) await terminal.document({ folder: core.backups.folder, backups });
  else if (backups.length === 0) await terminal.print(`There is no backup yet in ${core.backups.folder}`);
  else {
    await terminal.print(
      table([
        ['ID', 'MADE', 'SIZE', 'VERIFIED'],
        ...backups.map((one) => [one.id, localTime(one.atMs), formatBytes(one.bytes), verifiedWords(one)]),
      ]),
    );
  }
  return exit.done;
}

async function verify(context: Context, given: string | undefined): Promise<ExitCode> {
  const { core, terminal } = context;
  const backups = newestFirst(await core.backups.list());
  const chosen =
    given === undefined ? backups[0] : backups.find(({ id, fileName }) => id === given || fileName === given);
  if (chosen === undefined) {
    const cause = given === undefined ? 'No backup has been made yet.' : `There is no backup named "${given}".`;
    throw new ProblemError(
      problem(given === undefined ? 'no-backups' : 'backup-unknown', 'There is nothing to verify', cause, {
        remedies: [{ action: 'copy-command', label: 'See what is there', command: 'quayside backup list' }],
      }),
    );
  }
  // A running database reads its own dumps too; without an engine the checksums alone are checked.
  await readyStack(context).catch(() => undefined);
  const { operation, code } = await followOperation(context, await core.backups.verify(chosen.id));
  const after = (await core.backups.list()).find(({ id }) => id === chosen.id) ?? null;
  if (terminal.json) await terminal.document({ operation, backup: after });
  return code;
}

function newestFirst(backups: readonly Backup[]): Backup[] {
  return [...backups].sort((a, b) => b.atMs - a.atMs);
}

function verifiedWords({ verified }: Backup): string {
  if (verified === null) return 'not yet';
  return verified.ok ? `✔ ${localTime(verified.atMs)}` : `✖ ${verified.detail}`;
}

function localTime(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}
