import { type Command, readyStack } from '../command.ts';
import { exit } from '../exit-code.ts';
import { table } from '../format.ts';
import { chooseVerb } from '../verbs.ts';

const verbs = { list: [0, 0], run: [1, 1] } as const;
const words = {
  off: 'n8n is off: switch it on with "quayside capability enable n8n", then "quayside up"',
  stopped: 'n8n is on, but does not answer',
  running: 'n8n is running',
} as const;

export const workflow: Command = {
  name: 'workflow',
  usage: 'list | run KEY',
  summary: 'what n8n does for the stack: see the last runs, run one now',
  help: [
    'list      every workflow, how often it ran and how the last run ended',
    'run KEY   have n8n run it now',
    '',
    'With --json: { workflows }, { started }.',
  ],
  options: {},
  positionals: { min: 0, max: 2 },
  async run(context) {
    const { core, terminal, positionals } = context;
    const { verb, given } = chooseVerb('workflow', positionals, verbs, 'list');
    await readyStack(context);
    if (verb === 'run') {
      const [key = ''] = given;
      await core.knowledge.workflows.run(key);
      if (terminal.json) await terminal.document({ started: key });
      else await terminal.print(`✔ ${key} runs`);
      return exit.done;
    }
    const workflows = await core.knowledge.workflows.get();
    if (terminal.json) await terminal.document({ workflows });
    else {
      if (workflows.items.length > 0)
        await terminal.print(
          table([
            ['KEY', 'WORKFLOW', 'STATE', 'DONE', 'FAILED', 'LAST RUN'],
            ...workflows.items.map(({ key, name, active, runs, lastRun }) => [
              key,
              name,
              active ? 'on' : 'off',
              String(runs.success),
              String(runs.error),
              lastRun === null ? '-' : `${lastRun.status} ${new Date(lastRun.atMs).toISOString().slice(0, 19)}`,
            ]),
          ]),
        );
      await terminal.print(words[workflows.state]);
    }
    return exit.done;
  },
};
