import { createInterface } from 'node:readline/promises';
import { projectLabel } from '../../../shared/model/compose-labels.ts';
import { ProblemError, problem } from '../../../shared/model/problem.ts';
import { changeStack } from '../change-stack.ts';
import { type Command, type Context, nothingToActOn, projectOption, readyStack } from '../command.ts';

export const down: Command = {
  name: 'down',
  usage: '[--volumes [--yes]]',
  summary: 'stop and remove the containers; the data stays',
  help: [
    '--volumes   delete the data of all services as well. There is no way back but a backup',
    '--yes       do not ask before deleting data (it is asked on a terminal only)',
    '',
    'Exit code 4 when there is nothing to remove. With --json: { operation } once it has ended.',
  ],
  options: { volumes: { type: 'boolean' }, yes: { type: 'boolean' } },
  positionals: { min: 0, max: 0 },
  anyStack: true,
  async run(context) {
    const { core, options } = context;
    const volumes = options.volumes === true;
    const state = await readyStack(context);
    const networks = await core.monitor.client().listNetworks([`${projectLabel}=${state.project}`]);
    const containers = await core.monitor.client().listContainers([`${projectLabel}=${state.project}`]);
    if (containers.length === 0 && networks.length === 0 && !volumes) {
      throw nothingToActOn(
        'There is nothing to remove',
        `${state.project} has no container and no network on this engine.`,
        'See what is there',
        `quayside status${projectOption(context)}`,
      );
    }
    if (volumes && options.yes !== true) await confirmDelete(context);
    return changeStack(context, (lifecycle) => lifecycle.down({ volumes }));
  },
};

async function confirmDelete({ core, stack, terminal, signal }: Context): Promise<void> {
  if (terminal.json || process.stdin.isTTY !== true) return;
  const own = stack.project === core.environment.project;
  const name = own ? core.environment.name : stack.project;
  terminal.note(
    own
      ? `This deletes all documents, conversations and vectors of "${name}" in ${core.environment.volumesDir}.`
      : `This deletes every volume of the Compose project "${name}".`,
  );
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`Type ${name} to go on: `, { signal });
    if (answer.trim() === name) return;
  } catch {
    // Ctrl-C at the question is a no.
  } finally {
    prompt.close();
  }
  throw new ProblemError(problem('cancelled', 'Nothing was deleted', 'The name was not confirmed.'));
}
