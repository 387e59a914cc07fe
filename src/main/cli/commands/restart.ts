import { changeStack } from '../change-stack.ts';
import { type Command, existingStack } from '../command.ts';

export const restart: Command = {
  name: 'restart',
  usage: '[service..] [--file FILE.. | -p PROJECT]',
  summary: 'stop services and start them again as the files say now',
  help: ['All of them when none is named. With --json: { operation } once it has ended.'],
  options: {},
  positionals: { min: 0, max: 500 },
  anyStack: true,
  async run(context) {
    await existingStack(context);
    return changeStack(context, (lifecycle) => lifecycle.restart({ services: context.positionals }));
  },
};
