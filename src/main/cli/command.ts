/** What a command is, and what it gets to work with. */
import type { ParseArgsConfig } from 'node:util';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { Core } from '../core.ts';
import type { StackHandle } from '../stack-handles.ts';
import type { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

export interface Context {
  readonly terminal: Terminal;
  readonly core: Core;
  /** The stack the command is about: the environment's own, or the Compose project that --file or --project names. */
  readonly stack: StackHandle;
  /** Options of this command, as parsed. */
  readonly options: Readonly<Record<string, string | boolean | string[] | undefined>>;
  readonly positionals: readonly string[];
  /** Aborted by Ctrl-C, and when nobody reads standard output any more. */
  readonly signal: AbortSignal;
  /** While an operation is followed Ctrl-C means "cancel it", not "leave". Answers how to give Ctrl-C back. */
  onInterrupt(handler: () => void): () => void;
}

export interface Command {
  readonly name: string;
  /** After the name: `[service..] [--follow]`. */
  readonly usage: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Lines for `--help`: each option of its own, what `--json` holds, an example. */
  readonly help: readonly string[];
  readonly options: NonNullable<ParseArgsConfig['options']>;
  readonly positionals: { readonly min: number; readonly max: number };
  /** Works on any Compose project, with --file, --project, --env-file and --profile. */
  readonly anyStack?: true;
  run(context: Context): Promise<ExitCode>;
}

/** Wrong use of the command line: exit code 2, and where to read on. */
export function usageError(cause: string, command?: string): ProblemError {
  const see = command === undefined ? 'quayside --help' : `quayside ${command} --help`;
  return new ProblemError(
    problem('usage', 'The command is not right', cause, {
      remedies: [{ action: 'copy-command', label: 'See how it is used', command: see }],
    }),
  );
}

/** There is nothing the command could act on: exit code 4. */
export function nothingToActOn(title: string, cause: string, label: string, command: string): ProblemError {
  return new ProblemError(
    problem('nothing-to-act-on', title, cause, { remedies: [{ action: 'copy-command', label, command }] }),
  );
}

/** The engine, usable, and the state as it says. @throws {ProblemError} `engine-…` */
export async function readyStack({ core, stack }: Context): Promise<Awaited<ReturnType<Core['stack']['refresh']>>> {
  await core.monitor.ready();
  return stack.state.refresh();
}

/** As readyStack, but refuses where not one container is there. */
export async function existingStack(context: Context): ReturnType<typeof readyStack> {
  const state = await readyStack(context);
  if (state.services.some((service) => service.containers.length > 0)) return state;
  throw nothingToActOn(
    'The stack is not there',
    `No container of ${state.project} exists on this engine.`,
    'Start the stack',
    `quayside up${projectOption(context)}`,
  );
}

/** What a suggested command needs to mean the same stack. */
export function projectOption({ core, stack }: Pick<Context, 'core' | 'stack'>): string {
  return stack.project === core.environment.project ? '' : ` -p ${stack.project}`;
}
