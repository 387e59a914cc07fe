import type { LogLine } from '../../../shared/model/telemetry.ts';
import { redactLogs } from '../../handlers.ts';
import { type Command, type Context, existingStack, usageError } from '../command.ts';
import { exit } from '../exit-code.ts';
import { printable } from '../printable.ts';

const defaultTail = 100;
const palette = [36, 33, 32, 35, 34, 96, 93, 92];

export const logs: Command = {
  name: 'logs',
  usage: '[service..] [--follow] [--tail N]',
  summary: 'what the services print, merged by time',
  help: [
    `--tail N     last lines of each container to begin with (0 to 10000, ${defaultTail} unless told)`,
    '--follow     go on until Ctrl-C',
    '',
    'With --json: one object per line: { service, container, seq, atMs, source, text }.',
    'Passwords of this environment are blanked.',
  ],
  options: { follow: { type: 'boolean', short: 'f' }, tail: { type: 'string', short: 'n' } },
  positionals: { min: 0, max: 100 },
  anyStack: true,
  async run(context) {
    const { core, stack, terminal, options, signal } = context;
    const tail = readTail(options.tail);
    const state = await existingStack(context);
    const services = [...context.positionals];
    const known = state.services.map(({ name }) => name);
    const unknown = services.find((name) => !known.includes(name));
    if (unknown !== undefined) {
      throw usageError(`There is no service named "${unknown}". There are: ${known.join(', ')}.`, 'logs');
    }
    const show = writer(context, services.length === 0 ? known : services);
    if (options.follow !== true) {
      const lines = await stack.logs.read({ services, tail });
      for (const line of redactLogs({ lines, dropped: 0 }, core.redact).lines) await show(line);
      return exit.done;
    }
    return new Promise((resolve) => {
      const stop = stack.logs.follow({ services, tail }, (batch) => {
        if (batch.dropped > 0) terminal.note(`(${batch.dropped} lines were not shown: they came too fast)`);
        for (const line of redactLogs(batch, core.redact).lines) void show(line);
      });
      const keepAlive = setInterval(() => undefined, 60_000);
      const end = () => {
        stop();
        clearInterval(keepAlive);
        resolve(terminal.gone.aborted ? exit.done : exit.cancelled);
      };
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
    });
  },
};

function readTail(given: Context['options'][string]): number {
  if (given === undefined) return defaultTail;
  const count = typeof given === 'string' && /^\d{1,5}$/.test(given) ? Number(given) : Number.NaN;
  if (count >= 0 && count <= 10_000) return count;
  throw usageError(`--tail takes a number from 0 to 10000, not "${String(given)}".`, 'logs');
}

function writer({ terminal }: Context, services: readonly string[]): (line: LogLine) => Promise<void> {
  const width = Math.max(4, ...services.map((name) => name.length));
  return (line) => {
    if (terminal.json) return terminal.document(line);
    const name = line.service.padEnd(width);
    const colour = palette[Math.max(0, services.indexOf(line.service)) % palette.length];
    const prefix = terminal.colours ? `\u001b[${colour}m${name} |\u001b[0m` : `${name} |`;
    const reset = terminal.colours && line.text.includes('\u001b[') ? '\u001b[0m' : '';
    return terminal.print(`${prefix} ${printable(line.text, terminal.colours)}${reset}`);
  };
}
