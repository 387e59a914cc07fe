/** The Problems of an engine that cannot be spoken to, in the words of the person's system. */
import { type Problem, ProblemError, problem, type Remedy } from '../../shared/model/problem.ts';
import type { EngineEndpoint } from './engine-client.ts';

/** The first engine with what the stack needs: named health conditions, init, BuildKit-free builds. Docker 19.03. */
export const oldestApi = '1.40';
/** The newest API that Quayside was seen to work with (Docker 28.5); a newer engine is asked to speak this one. */
export const newestApi = '1.51';

const retry: Remedy = { action: 'retry', label: 'Look again' };

/** How the engine is started by hand on this system. */
function startRemedies(platform: NodeJS.Platform): Remedy[] {
  if (platform === 'darwin') {
    return [
      { action: 'start-engine', label: 'Start Docker Desktop' },
      { action: 'copy-command', label: 'Start it from a terminal', command: 'open -a Docker' },
      retry,
    ];
  }
  if (platform === 'win32') return [{ action: 'advice', label: 'Start Docker Desktop from the Start menu' }, retry];
  return [
    { action: 'start-engine', label: 'Start the engine' },
    { action: 'copy-command', label: 'Start it from a terminal', command: 'sudo systemctl start docker' },
    retry,
  ];
}

export function engineMissing(
  endpoint: EngineEndpoint,
  evidence: readonly string[],
  platform = process.platform,
): Problem {
  const remedies: Remedy[] =
    platform === 'linux'
      ? [
          {
            action: 'copy-command',
            label: 'Install Docker on Debian or Ubuntu',
            command: 'sudo apt-get install docker.io && sudo systemctl start docker',
          },
          retry,
        ]
      : [{ action: 'advice', label: 'Install Docker Desktop, start it, then look again' }, retry];
  return problem(
    'engine-missing',
    'No container engine was found',
    `Quayside runs its services in containers and needs Docker or a compatible engine. Nothing answers at ${endpoint.url} (${endpoint.foundBy}).`,
    { evidence, remedies },
  );
}

export function engineStopped(
  endpoint: EngineEndpoint,
  evidence: readonly string[],
  platform = process.platform,
): Problem {
  return problem(
    'engine-stopped',
    'The container engine is not running',
    `It is installed, but nothing listens at ${endpoint.url}.`,
    { evidence, remedies: startRemedies(platform) },
  );
}

export function engineNoPermission(
  endpoint: EngineEndpoint,
  evidence: readonly string[],
  platform = process.platform,
): Problem {
  const remedies: Remedy[] =
    platform === 'win32'
      ? [{ action: 'advice', label: 'Add your account to the group docker-users, then sign out and in again' }, retry]
      : [
          {
            action: 'copy-command',
            label: 'Join the group docker, then sign out and in again',
            command: 'sudo usermod -aG docker "$USER"',
          },
          retry,
        ];
  return problem(
    'engine-no-permission',
    'This account may not use the container engine',
    `The engine is there, but ${endpoint.url} does not let this account in.`,
    { evidence, remedies },
  );
}

export function engineNotAnswering(endpoint: EngineEndpoint, evidence: readonly string[]): Problem {
  return problem(
    'engine-not-answering',
    'The container engine does not answer',
    `Something listens at ${endpoint.url}, but it gave no usable answer in time. The engine may be busy, hung or still starting.`,
    {
      evidence,
      remedies: [
        retry,
        { action: 'copy-command', label: 'Restart it if it stays like this', command: 'sudo systemctl restart docker' },
      ],
    },
  );
}

export function engineTooOld(endpoint: EngineEndpoint, version: string, api: string): Problem {
  return problem(
    'engine-too-old',
    'The container engine is too old',
    `The engine at ${endpoint.url} is version ${version || 'unknown'} and speaks API ${api || 'unknown'}; Quayside needs ${oldestApi} or newer (Docker 19.03).`,
    { remedies: [{ action: 'advice', label: 'Update the engine, then look again' }, retry] },
  );
}

/** The other end of too old: the engine has given up every API that Quayside knows. */
export function engineTooNew(endpoint: EngineEndpoint, version: string, minApi: string): Problem {
  return problem(
    'engine-too-new',
    'The container engine is newer than Quayside',
    `The engine at ${endpoint.url} is version ${version || 'unknown'} and speaks API ${minApi || 'unknown'} or newer; Quayside knows ${oldestApi} to ${newestApi}.`,
    { remedies: [{ action: 'advice', label: 'Update Quayside, or use an older engine' }, retry] },
  );
}

/** It is there and not ready: a state that ends by itself. */
export function engineStarting(endpoint: EngineEndpoint, evidence: readonly string[]): Problem {
  return problem(
    'engine-starting',
    'The container engine is starting',
    `Its process runs since a moment ago, and ${endpoint.url} does not answer yet. Quayside goes on by itself.`,
    { evidence, remedies: [retry] },
  );
}

/** Its process was stopped by a signal, as with Ctrl+Z or a debugger: it can take a connection and never answers. */
export function engineHalted(endpoint: EngineEndpoint, evidence: readonly string[], pid: number): Problem {
  return {
    ...engineNotAnswering(endpoint, evidence),
    cause: `Its process ${pid} has been stopped by a signal, so ${endpoint.url} takes connections and answers none.`,
    remedies: [{ action: 'copy-command', label: 'Let it go on', command: `sudo kill -CONT ${pid}` }, retry],
  };
}

/** The address was understood and is not used, for a reason the person can act on. */
export function endpointRefused(title: string, cause: string, remedy: Remedy): ProblemError {
  return new ProblemError(problem('engine-address-refused', title, cause, { remedies: [remedy, retry] }));
}

export function engineNotASocket(endpoint: EngineEndpoint, what: string): Problem {
  return problem(
    'engine-address-refused',
    'The engine’s address is not a socket',
    `${endpoint.url} (${endpoint.foundBy}) is ${what}, so no engine can be listening there.`,
    { remedies: [{ action: 'advice', label: 'Point --engine or DOCKER_HOST at the engine’s socket' }, retry] },
  );
}
