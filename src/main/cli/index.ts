/**
 * The second door: the same core as the window, on a terminal. Parses, opens the core, runs one command, answers an
 * exit code. bin/quayside calls `main`; nothing here ends the process.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ProblemError, toProblem } from '../../shared/model/problem.ts';
import { stackIdSchema } from '../../shared/model/stacks.ts';
import { defaultDataDir } from '../config/environment.ts';
import { type Core, createCore } from '../core.ts';
import { type Command, usageError } from './command.ts';
import { ask } from './commands/ask.ts';
import { backup } from './commands/backup.ts';
import { capability } from './commands/capability.ts';
import { config } from './commands/config.ts';
import { conversation } from './commands/conversation.ts';
import { doctor } from './commands/doctor.ts';
import { down } from './commands/down.ts';
import { embedding } from './commands/embedding.ts';
import { evaluate } from './commands/eval.ts';
import { health } from './commands/health.ts';
import { ingest } from './commands/ingest.ts';
import { kb } from './commands/kb.ts';
import { key } from './commands/key.ts';
import { logs } from './commands/logs.ts';
import { provider } from './commands/provider.ts';
import { restart } from './commands/restart.ts';
import { scale } from './commands/scale.ts';
import { search } from './commands/search.ts';
import { source } from './commands/source.ts';
import { stacks } from './commands/stacks.ts';
import { stats } from './commands/stats.ts';
import { status } from './commands/status.ts';
import { stop } from './commands/stop.ts';
import { up } from './commands/up.ts';
import { user } from './commands/user.ts';
import { workflow } from './commands/workflow.ts';
import { type ExitCode, exit, exitCodeOf } from './exit-code.ts';
import { openTerminal, type Streams, type Terminal } from './terminal.ts';
import { commandHelp, overview } from './usage.ts';

const commands: readonly Command[] = [
  up,
  stop,
  restart,
  scale,
  capability,
  down,
  status,
  stacks,
  logs,
  stats,
  health,
  kb,
  ingest,
  source,
  search,
  ask,
  conversation,
  evaluate,
  provider,
  config,
  embedding,
  workflow,
  user,
  key,
  backup,
  doctor,
];

const commonOptions = {
  env: { type: 'string' },
  data: { type: 'string' },
  engine: { type: 'string' },
  'compose-dir': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Of the commands that work on any Compose project. No `-f`: that is --follow where logs are read. */
const stackOptions = {
  file: { type: 'string', multiple: true },
  project: { type: 'string', short: 'p' },
  'env-file': { type: 'string', multiple: true },
  profile: { type: 'string', multiple: true },
} as const;

/** Ends that one wait for the core to close; a stack operation that was cancelled has ended before. */
const closeTimeoutMs = 15_000;

export interface Installation {
  /** The folder that holds compose/ and resources/. */
  readonly root: string;
  readonly version: string;
  readonly streams: Streams;
}

/** Runs one command line to its end. Never rejects, never ends the process. */
export async function main(argv: readonly string[], installation: Installation): Promise<ExitCode> {
  const json = argv.includes('--json');
  let redact = (text: string) => text;
  const terminal = openTerminal(installation.streams, json, (text) => redact(text));
  try {
    const [name, ...rest] = argv;
    // Help is an answer, so it goes to standard output, whatever --json says.
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      terminal.raw(`${overview(commands, installation.version)}\n`);
      return name === undefined ? exit.usage : exit.done;
    }
    if (name === '--version' || name === '-v') {
      terminal.raw(`${installation.version}\n`);
      return exit.done;
    }
    const command = commands.find((candidate) => candidate.name === name);
    if (command === undefined) {
      throw usageError(
        name.startsWith('-')
          ? `Options come after the command: quayside COMMAND ${name}.`
          : `There is no command "${name}". There are: ${commands.map((one) => one.name).join(', ')}.`,
      );
    }
    const parsed = parse(command, rest);
    if (parsed.values.help === true) {
      terminal.raw(`${commandHelp(command)}\n`);
      return exit.done;
    }
    return await runCommand(command, parsed, installation, terminal, (fresh) => {
      redact = fresh;
    });
  } catch (error) {
    if (!(error instanceof ProblemError) && process.env.QUAYSIDE_DEBUG) throw error;
    const found = toProblem(error);
    terminal.problem(found);
    return exitCodeOf(found);
  }
}

interface Parsed {
  readonly values: Record<string, string | boolean | string[] | undefined>;
  readonly positionals: string[];
}

function parse(command: Command, args: readonly string[]): Parsed {
  let parsed: Parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      options: { ...commonOptions, ...(command.anyStack === true ? stackOptions : {}), ...command.options },
      allowPositionals: true,
      strict: true,
    }) as Parsed;
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error), command.name);
  }
  if (parsed.values.help === true) return parsed;
  const { min, max } = command.positionals;
  const count = parsed.positionals.length;
  if (count < min) throw usageError(`Something is missing: quayside ${command.name} ${command.usage}`, command.name);
  if (count > max) throw usageError(`"${parsed.positionals[max]}" is one too many.`, command.name);
  return parsed;
}

async function runCommand(
  command: Command,
  { values, positionals }: Parsed,
  installation: Installation,
  terminal: Terminal,
  onRedactor: (redact: (text: string) => string) => void,
): Promise<ExitCode> {
  const text = (key: string) => (typeof values[key] === 'string' ? (values[key] as string) : undefined);
  const core = await createCore({
    dataDir: resolve(text('data') ?? defaultDataDir()),
    environment: text('env') ?? 'dev',
    engine: text('engine'),
    composeDir: resolve(text('compose-dir') ?? join(installation.root, 'compose')),
    samplesDir: join(installation.root, 'resources', 'samples'),
    appVersion: installation.version,
    variables: process.env,
  });
  onRedactor(core.redact);
  for (const operation of core.interrupted) {
    terminal.note(`"${operation.title}" was interrupted when an earlier panel ended; what it did is kept.`);
  }
  const interrupts = watchInterrupts(terminal);
  let release = (): void => undefined;
  try {
    const used = core.handles.use(await chosenStack(core, values));
    release = used.release;
    return await command.run({
      terminal,
      core,
      stack: used.handle,
      options: values,
      positionals,
      signal: interrupts.signal,
      onInterrupt: interrupts.take,
    });
  } finally {
    interrupts.close();
    release();
    await withinTime(core.close(), closeTimeoutMs);
  }
}

/** The project that --file opens or --project names; undefined is the environment's own stack. */
async function chosenStack(core: Core, values: Parsed['values']): Promise<string | undefined> {
  const list = (key: string): string[] | undefined => (Array.isArray(values[key]) ? values[key] : undefined);
  const project = typeof values.project === 'string' ? values.project : undefined;
  const files = list('file');
  const [envFiles, profiles] = [list('env-file'), list('profile')];
  if (files === undefined) {
    if (envFiles !== undefined || profiles !== undefined) throw usageError('--env-file and --profile go with --file.');
    if (project !== undefined && !stackIdSchema.safeParse(project).success) {
      throw usageError(`"${project}" is no project name: small letters, digits, _ and -.`);
    }
    return project;
  }
  const { id } = await core.stacks.open(files, { project, envFiles, profiles });
  return id;
}

/** Ctrl-C and a polite kill: the first goes to whoever took it (or ends streams), the second leaves at once. */
function watchInterrupts(terminal: Terminal) {
  const abort = new AbortController();
  const handlers: (() => void)[] = [];
  let count = 0;
  const interrupt = () => {
    count += 1;
    if (count > 1) process.exit(exit.cancelled);
    const handler = handlers.at(-1);
    if (handler === undefined) abort.abort();
    else handler();
  };
  const lost = () => abort.abort();
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  terminal.gone.addEventListener('abort', lost, { once: true });
  return {
    signal: abort.signal,
    take(handler: () => void) {
      handlers.push(handler);
      return () => {
        handlers.splice(handlers.indexOf(handler), 1);
      };
    },
    close() {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      terminal.gone.removeEventListener('abort', lost);
    },
  };
}

async function withinTime(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve_) => {
    timer = setTimeout(resolve_, timeoutMs);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
