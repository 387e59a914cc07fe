import type { ServiceState } from '../../../shared/model/stack.ts';
import { type Command, readyStack } from '../command.ts';
import { exit } from '../exit-code.ts';
import { duration, table } from '../format.ts';

export const status: Command = {
  name: 'status',
  usage: '',
  summary: 'what runs, how it is and where it answers',
  help: ['With --json: the state of the stack with its services and their containers.'],
  options: {},
  positionals: { min: 0, max: 0 },
  anyStack: true,
  async run(context) {
    const state = await readyStack(context);
    const { terminal } = context;
    if (terminal.json) {
      await terminal.document(state);
      return exit.done;
    }
    const good = state.services.filter(({ status: word }) => ['healthy', 'running', 'done'].includes(word)).length;
    const own = context.stack.project === context.core.environment.project;
    await terminal.print(
      `${own ? state.environment : state.project}: ${state.status}, ${good} of ${state.services.length} services are up`,
    );
    if (state.services.length > 0) {
      await terminal.print(
        table([['SERVICE', 'STATUS', 'UP', 'PORTS', 'PURPOSE'], ...state.services.map((service) => row(service))]),
      );
    }
    if (state.backendUrl !== null) await terminal.print(`The backend answers on ${state.backendUrl}`);
    return exit.done;
  },
};

function row(service: ServiceState): string[] {
  const running = service.containers.find((container) => container.state === 'running');
  const since = running?.startedAtMs ?? null;
  const ports = service.ports.map((port) => `${port.hostIp}:${port.hostPort}`);
  return [
    service.name,
    service.status,
    since === null ? '-' : duration(Date.now() - since),
    ports.join(', ') || '-',
    service.purpose,
  ];
}
