import { type Command, usageError } from '../command.ts';
import { exit } from '../exit-code.ts';
import { followOperation } from '../follow-operation.ts';

export const up: Command = {
  name: 'up',
  usage: '[service..] [--port SERVICE=PORT]',
  summary: 'start the stack and wait until it is healthy',
  help: [
    '--port SERVICE=PORT   publish a service on another port of this machine; remembered. May be given several times',
    '',
    'Images that are not there are pulled, or built where no registry answers. Naming services starts those and what',
    'they depend on. Ctrl-C cancels and leaves a state that another "up" goes on from.',
    'With --json: { operation, stack } once it has ended.',
    '',
    'Example: quayside up --port backend=7421',
  ],
  options: { port: { type: 'string', multiple: true } },
  positionals: { min: 0, max: 100 },
  async run(context) {
    const { core, terminal } = context;
    const ports = readPorts(context.options.port);
    // Asked first, so that a missing engine is exit code 3 and no half operation.
    await core.monitor.ready();
    const id = await core.lifecycle.start({
      ...(context.positionals.length === 0 ? {} : { services: context.positionals }),
      ...(Object.keys(ports).length === 0 ? {} : { ports }),
    });
    const { operation, code } = await followOperation(context, id);
    const stack = core.stack.snapshot();
    if (terminal.json) await terminal.document({ operation, stack });
    else if (code === exit.done && stack.backendUrl !== null) {
      await terminal.print(`  The backend answers on ${stack.backendUrl}`);
    }
    return code;
  },
};

function readPorts(given: string | boolean | string[] | undefined): Record<string, number> {
  const ports: Record<string, number> = {};
  for (const pair of Array.isArray(given) ? given : []) {
    const match = /^([a-zA-Z0-9][a-zA-Z0-9_.-]{0,62})=(\d{1,5})$/.exec(pair);
    const [service, port] = [match?.[1], Number(match?.[2])];
    if (service === undefined || !(port >= 1 && port <= 65_535)) {
      throw usageError(`--port takes SERVICE=PORT with a port from 1 to 65535, not "${pair}".`, 'up');
    }
    ports[service] = port;
  }
  return ports;
}
