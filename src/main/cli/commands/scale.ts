import { changeStack } from '../change-stack.ts';
import { type Command, usageError } from '../command.ts';

export const scale: Command = {
  name: 'scale',
  usage: 'SERVICE=NUMBER [--file FILE.. | -p PROJECT]',
  summary: 'set how many containers of a service run',
  help: [
    'Remembered: a later "up" keeps the number. The ones that run are not touched; a service that can run only once',
    'refuses and says why. With --json: { operation } once it has ended.',
    '',
    'Example: quayside scale nlp=3',
  ],
  options: {},
  positionals: { min: 1, max: 1 },
  anyStack: true,
  async run(context) {
    const [given = ''] = context.positionals;
    const match = /^([a-zA-Z0-9][a-zA-Z0-9_.-]{0,62})=(\d{1,3})$/.exec(given);
    const [service, replicas] = [match?.[1], Number(match?.[2])];
    if (service === undefined || !(replicas <= 100)) {
      throw usageError(`scale takes SERVICE=NUMBER with a number from 0 to 100, not "${given}".`, 'scale');
    }
    await context.core.monitor.ready();
    return changeStack(context, (lifecycle) => lifecycle.scale({ service, replicas }));
  },
};
