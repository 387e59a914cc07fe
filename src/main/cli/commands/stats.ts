import { formatBytes } from '../../../shared/model/bytes.ts';
import type { StatSample } from '../../../shared/model/telemetry.ts';
import { type Command, type Context, existingStack } from '../command.ts';
import { exit } from '../exit-code.ts';
import { table } from '../format.ts';

/** A first sample has no rate: the engine sends one a second, so two take a little over one. */
const longestWaitMs = 6000;

export const stats: Command = {
  name: 'stats',
  usage: '[--follow]',
  summary: 'processor, memory and network of each service',
  help: [
    '--follow     a new table each second until Ctrl-C',
    '',
    'With --json: { samples } once, or one such object a second.',
    'CPU is in cores: 0.50 is half a core.',
  ],
  options: { follow: { type: 'boolean', short: 'f' } },
  positionals: { min: 0, max: 0 },
  anyStack: true,
  async run(context) {
    const { stack, terminal, options, signal } = context;
    const state = await existingStack(context);
    const running = new Set(
      state.services.flatMap(({ containers }) => containers.filter((c) => c.state === 'running').map((c) => c.name)),
    );
    const latest = new Map<string, StatSample>();
    const follow = options.follow === true;
    return new Promise((resolve) => {
      let ended = false;
      const finish = (code: typeof exit.done | typeof exit.cancelled) => {
        if (ended) return;
        ended = true;
        clearTimeout(late);
        stop();
        resolve(code);
      };
      const once = async () => {
        await show(context, [...latest.values()]);
        finish(exit.done);
      };
      const late = setTimeout(() => (follow ? undefined : void once()), longestWaitMs);
      const stop = stack.stats.watch((batch) => {
        for (const sample of batch.samples) latest.set(sample.container, sample);
        if (follow) {
          if (batch.samples.length > 0) void show(context, batch.samples);
        } else if ([...running].every((name) => latest.has(name))) void once();
      });
      const leave = () => finish(terminal.gone.aborted ? exit.done : exit.cancelled);
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    });
  },
};

async function show({ terminal }: Context, samples: readonly StatSample[]): Promise<void> {
  const sorted = [...samples].sort((a, b) => a.container.localeCompare(b.container));
  if (terminal.json) return terminal.document({ samples: sorted });
  const rows = sorted.map((sample) => [
    sample.service,
    sample.cpuCores.toFixed(2),
    sample.memLimitBytes > 0
      ? `${formatBytes(sample.memBytes)} of ${formatBytes(sample.memLimitBytes)}`
      : formatBytes(sample.memBytes),
    `${formatBytes(sample.rxBytesPerS)}/s`,
    `${formatBytes(sample.txBytesPerS)}/s`,
  ]);
  const clear = terminal.live ? '\u001b[H\u001b[2J' : '';
  await terminal.print(`${clear}${table([['SERVICE', 'CPU', 'MEMORY', 'IN', 'OUT'], ...rows])}`);
}
