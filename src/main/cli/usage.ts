/** Help texts: one for the whole, one for each command. */
import type { Command } from './command.ts';

const common = [
  '--env NAME       environment to act on (dev unless told)',
  '--data DIR       folder that holds the environments',
  '--engine URL     engine to use, e.g. unix:///var/run/docker.sock (found by itself unless told)',
  '--json           one JSON document (one per line for streams) on standard output; problems as JSON on standard error',
  '--help           this text',
];
const anyStack = [
  '--file FILE      a Compose file, or the folder that holds it; several are merged in order',
  '-p, --project P  the Compose project: as --file names it, or one that was opened before',
  '--env-file FILE  with --file: variables for the files, in place of .env',
  '--profile NAME   with --file: services of this profile too',
];
const codes = '0 done, 1 failed, 2 wrong usage, 3 no usable engine, 4 nothing to act on, 130 cancelled';

export function overview(commands: readonly Command[], version: string): string {
  const rows = commands.map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}`);
  return [
    `Quayside ${version}: a private RAG stack on your own machine`,
    '',
    'Usage: quayside COMMAND [options]',
    '',
    ...rows,
    '',
    'Options of every command:',
    ...common.map((line) => `  ${line}`),
    '  --version        the version',
    '',
    `Exit codes: ${codes}`,
  ].join('\n');
}

export function commandHelp(command: Command): string {
  return [
    `Usage: quayside ${command.name}${command.usage === '' ? '' : ` ${command.usage}`}`,
    '',
    `${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`,
    '',
    ...command.help.map((line) => (line === '' ? '' : `  ${line}`)),
    '',
    ...(command.anyStack === true
      ? ['On any other Compose project than the stack of the environment:', ...anyStack.map((line) => `  ${line}`), '']
      : []),
    'Options of every command:',
    ...common.map((line) => `  ${line}`),
    '',
    `Exit codes: ${codes}`,
  ].join('\n');
}
