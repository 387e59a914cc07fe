import { type Command, existingStack } from '../command.ts';
import { followOperation } from '../follow-operation.ts';

export const restart: Command = {
  name: 'restart',
  usage: '[service..] [--file FILE.. | -p PROJECT]',
  summary: 'stop services and start them again as the files say now',
  help: ['All of them when none is named. With --json: { operation } once it has ended.'],
  options: {},
  positionals: { min: 0, max: 500 },
  anyStack: true,
  async run(context) {
    const { core, stack, terminal, positionals } = context;
    await existingStack(context);
    const begun = await core.handles.change(stack.project, (lifecycle) => lifecycle.restart({ services: positionals }));
    const { operation, code } = await followOperation(context, begun.operationId);
    if (terminal.json) await terminal.document({ operation });
    return code;
  },
};
