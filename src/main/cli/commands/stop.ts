import { changeStack } from '../change-stack.ts';
import { type Command, existingStack } from '../command.ts';

export const stop: Command = {
  name: 'stop',
  usage: '[service..] [--file FILE.. | -p PROJECT]',
  summary: 'stop the containers and keep them',
  help: ['Services stop before what they depend on. With --json: { operation } once it has ended.'],
  options: {},
  positionals: { min: 0, max: 500 },
  anyStack: true,
  async run(context) {
    await existingStack(context);
    return changeStack(context, (lifecycle) => lifecycle.stop({ services: context.positionals }));
  },
};
