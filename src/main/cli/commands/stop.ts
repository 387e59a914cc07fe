import { type Command, existingStack } from '../command.ts';
import { followOperation } from '../follow-operation.ts';

export const stop: Command = {
  name: 'stop',
  usage: '[service..] [--file FILE.. | -p PROJECT]',
  summary: 'stop the containers and keep them',
  help: ['Services stop before what they depend on. With --json: { operation } once it has ended.'],
  options: {},
  positionals: { min: 0, max: 500 },
  anyStack: true,
  async run(context) {
    const { core, stack, terminal, positionals } = context;
    await existingStack(context);
    const begun = await core.handles.change(stack.project, (lifecycle) => lifecycle.stop({ services: positionals }));
    const { operation, code } = await followOperation(context, begun.operationId);
    if (terminal.json) await terminal.document({ operation });
    return code;
  },
};
