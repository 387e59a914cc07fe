import type { Command } from '../command.ts';
import { exit } from '../exit-code.ts';
import { table } from '../format.ts';

const origins = { bundled: 'Quayside', opened: 'opened', engine: 'seen on the engine' } as const;

export const stacks: Command = {
  name: 'stacks',
  usage: '[--forget PROJECT]',
  summary: 'every Compose project that was opened or runs on the engine',
  help: [
    '--forget PROJECT   take an opened project off the list; its containers stay',
    '',
    'A project is opened with "up --file FILE". With --json: { stacks }.',
  ],
  options: { forget: { type: 'string' } },
  positionals: { min: 0, max: 0 },
  async run({ core, stack, terminal, options }) {
    await core.monitor.ready();
    if (typeof options.forget === 'string') await core.stacks.forget(options.forget);
    await stack.state.refresh();
    const list = await core.stacks.list();
    if (terminal.json) {
      await terminal.document({ stacks: list });
      return exit.done;
    }
    const rows = list.map((one) => [
      one.id,
      one.status,
      `${one.running}/${one.containers}`,
      origins[one.origin],
      one.files.join(', ') || '-',
    ]);
    await terminal.print(table([['PROJECT', 'STATUS', 'RUNNING', 'ORIGIN', 'FILES'], ...rows]));
    return exit.done;
  },
};
