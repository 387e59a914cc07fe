import type { UpOptions } from '../../stack/lifecycle.ts';
import { type Command, type Context, usageError } from '../command.ts';
import { type ExitCode, exit } from '../exit-code.ts';
import { followOperation } from '../follow-operation.ts';
import { planLines } from '../plan-view.ts';

export const up: Command = {
  name: 'up',
  usage: '[service..] [--dry-run] [--file FILE.. | -p PROJECT] [--port SERVICE=PORT]',
  summary: 'start the stack, or any Compose project, and wait until it is healthy',
  help: [
    '--dry-run            say what would be done and why, and do nothing',
    '--remove-orphans     remove containers of services that the files no longer name',
    '--force-recreate     replace every container, changed or not',
    '--wait-timeout S     seconds a service may take to become healthy; it runs on afterwards. No end unless told',
    '--port SERVICE=PORT  publish a service on another port of this machine; remembered. May be given several times.',
    '                     SERVICE:OLD=PORT where a service publishes several',
    '',
    'Images that are not there are pulled, or built where no registry answers. Naming services starts those and what',
    'they depend on. Ctrl-C cancels and leaves a state that another "up" goes on from.',
    'With --json: { operation, stack } once it has ended; with --dry-run the plan.',
    '',
    'Example: quayside up --port backend=7421',
    'Example: quayside up --file ~/shop/compose.yaml --dry-run',
  ],
  options: {
    'dry-run': { type: 'boolean' },
    'remove-orphans': { type: 'boolean' },
    'force-recreate': { type: 'boolean' },
    'wait-timeout': { type: 'string' },
    port: { type: 'string', multiple: true },
  },
  positionals: { min: 0, max: 500 },
  anyStack: true,
  async run(context) {
    const { core, stack, terminal, options } = context;
    const ports = readPorts(options.port);
    const how: UpOptions = {
      ...(context.positionals.length === 0 ? {} : { services: context.positionals }),
      ...(options['remove-orphans'] === true ? { removeOrphans: true } : {}),
      ...(options['force-recreate'] === true ? { forceRecreate: true } : {}),
    };
    const waitTimeoutMs = readSeconds(options['wait-timeout']);
    if (options['dry-run'] === true) return preview(context, how);
    // Asked first, so that a missing engine is exit code 3 and no half operation.
    await core.monitor.ready();
    const begun = await core.handles.change(stack.project, (lifecycle) =>
      lifecycle.start({
        ...how,
        ...(waitTimeoutMs === undefined ? {} : { waitTimeoutMs }),
        ...(Object.keys(ports).length === 0 ? {} : { ports }),
      }),
    );
    const { operation, code } = await followOperation(context, begun.operationId);
    const state = stack.state.snapshot();
    if (terminal.json) await terminal.document({ operation, stack: state });
    else if (code === exit.done && state.backendUrl !== null) {
      await terminal.print(`  The backend answers on ${state.backendUrl}`);
    }
    return code;
  },
};

async function preview({ core, stack, terminal, options, signal }: Context, how: UpOptions): Promise<ExitCode> {
  if (options.port !== undefined) throw usageError('--port is remembered, so it does not go with --dry-run.', 'up');
  await core.monitor.ready();
  const plan = await stack.lifecycle.plan(how, signal);
  if (terminal.json) await terminal.document(plan);
  else await terminal.print(planLines(plan).join('\n'));
  return exit.done;
}

function readSeconds(given: Context['options'][string]): number | undefined {
  if (given === undefined) return undefined;
  const seconds = typeof given === 'string' && /^\d{1,6}$/.test(given) ? Number(given) : 0;
  if (seconds > 0) return seconds * 1000;
  throw usageError(`--wait-timeout takes a number of seconds, not "${String(given)}".`, 'up');
}

function readPorts(given: string | boolean | string[] | undefined): Record<string, number> {
  const ports: Record<string, number> = {};
  for (const pair of Array.isArray(given) ? given : []) {
    const match = /^([a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}(?::\d{1,5})?)=(\d{1,5})$/.exec(pair);
    const [service, port] = [match?.[1], Number(match?.[2])];
    if (service === undefined || !(port >= 1 && port <= 65_535)) {
      throw usageError(`--port takes SERVICE=PORT with a port from 1 to 65535, not "${pair}".`, 'up');
    }
    ports[service] = port;
  }
  return ports;
}
