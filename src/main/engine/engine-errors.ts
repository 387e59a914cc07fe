/** Every error of the engine becomes a Problem here, once, where it enters. */
import { type Problem, ProblemError, problem } from '../../shared/model/problem.ts';
import type { EngineEndpoint } from './engine-client.ts';
import {
  engineMissing,
  engineNoPermission,
  engineNotAnswering,
  engineStopped,
  engineTooNew,
  engineTooOld,
} from './engine-problems.ts';
import { tlsProblem } from './tls-problems.ts';

/** What was being done, as the end of "The engine could not …": "start the container web-1". */
export interface Doing {
  readonly endpoint: EngineEndpoint;
  readonly what: string;
}

/** Why no answer came: the socket's own error, a cut, a deadline or something that is not HTTP. */
export function connectionProblem(error: unknown, { endpoint, what }: Doing): Problem {
  const code = errorCode(error);
  const evidence = [`${what}: ${error instanceof Error ? error.message : String(error)}`];
  if (endpoint.tlsDir !== undefined) {
    const found = tlsProblem(code, endpoint, evidence);
    if (found !== null) return found;
  }
  switch (code) {
    case 'ENOENT':
      return engineMissing(endpoint, evidence);
    case 'ECONNREFUSED':
    case 'ENOTSOCK':
      return engineStopped(endpoint, evidence);
    case 'EACCES':
    case 'EPERM':
      return engineNoPermission(endpoint, evidence);
    case 'ENOTFOUND':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return problem('engine-missing', 'The engine’s host cannot be reached', `${endpoint.url} is not reachable.`, {
        evidence,
        remedies: [{ action: 'retry', label: 'Look again' }],
      });
    default:
      return engineNotAnswering(endpoint, evidence);
  }
}

export function errorCode(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : '';
}

interface Rule {
  readonly match: RegExp;
  readonly build: (message: string, doing: Doing, match: RegExpExecArray) => Problem;
}

/** The engine's own words, most particular first. They are stable: clients have been matching them for ten years. */
const rules: readonly Rule[] = [
  {
    match: /no space left on device|not enough space|disk quota exceeded/i,
    build: (message) =>
      problem('disk-full', 'The engine’s disk is full', 'There is no room left where the engine keeps its data.', {
        evidence: [message],
        remedies: [{ action: 'free-space', label: 'Free some space, then try again' }],
      }),
  },
  {
    match:
      /(?:bind for|listen (?:tcp|udp)[46]?|exposing port\D*) ?\S*?:(\d+)\D.*(?:already allocated|already in use|not available)/i,
    build: portTaken,
  },
  { match: /port is already allocated|address already in use|ports are not available/i, build: portTaken },
  {
    match: /(?:container name|network with name|volume name) "?\/?([^\s"]+)"? (?:is already in use|already exists)/i,
    build: (message, _doing, match) =>
      problem('name-taken', `The name ${match[1] ?? ''} is taken`, 'Another container or network already has it.', {
        evidence: [message],
      }),
  },
  {
    match:
      /no such image|image .* not found|pull access denied|manifest (?:unknown|for .* not found)|repository .* not found|not found: manifest|error parsing http 404/i,
    build: (message) =>
      problem(
        'image-not-found',
        'The image cannot be found',
        'The engine does not have it, and no registry it can ask offers it to this account.',
        {
          evidence: [message],
          remedies: [{ action: 'retry', label: 'Try again' }],
        },
      ),
  },
  {
    match: /no matching manifest for|does not match the (?:specified|detected) platform/i,
    build: (message) =>
      problem(
        'image-wrong-platform',
        'The image is not made for this platform',
        'The registry has it for others only.',
        {
          evidence: [message],
          remedies: [{ action: 'advice', label: 'Name another image, or another platform' }],
        },
      ),
  },
  {
    match: /toomanyrequests|rate limit|\b429\b/i,
    build: (message) =>
      problem(
        'registry-rate-limited',
        'The registry asks to wait',
        'Too many images were pulled from this address lately.',
        {
          evidence: [message],
          remedies: [{ action: 'retry', label: 'Try again in an hour' }],
        },
      ),
  },
  {
    match:
      /unauthorized|no basic auth credentials|error parsing http 40[13]|authentication required|access (?:to the resource is )?denied|denied: |403 forbidden/i,
    build: (message) =>
      problem(
        'registry-denied',
        'The registry refuses this image',
        'It wants a login, or this account may not have it.',
        {
          evidence: [message],
        },
      ),
  },
  {
    match:
      /unexpected http status:? 5\d\d|error parsing http 5\d\d|\b50[0234] (?:internal|bad|service|gateway)|unexpected eof/i,
    build: (message) =>
      problem('registry-failed', 'The image registry fails', 'It answered, but could not serve the image.', {
        evidence: [message],
        remedies: [{ action: 'retry', label: 'Try again in a while' }],
      }),
  },
  {
    match:
      /no such host|dial tcp|i\/o timeout|tls handshake|client\.timeout|connection refused|connection reset|x509|server misbehaving|network is unreachable|request canceled while waiting|proxyconnect/i,
    build: (message) =>
      problem(
        'registry-unreachable',
        'No image registry can be reached',
        'The engine got no answer from the registry.',
        {
          evidence: [message],
          remedies: [{ action: 'retry', label: 'Try again once there is a network' }],
        },
      ),
  },
  {
    match:
      /no such container|no such exec|container .* is not running|container .* is being removed|marked for removal/i,
    build: (message) =>
      problem(
        'container-gone',
        'The container is no longer there',
        'It was stopped or removed meanwhile, perhaps from another window or a terminal.',
        {
          evidence: [message],
          remedies: [{ action: 'retry', label: 'Try again' }],
        },
      ),
  },
  {
    match: /non-overlapping|address pools? .*(?:exhausted|fully subnetted)/i,
    build: (message) =>
      problem(
        'network-pool-full',
        'The engine has no network address left',
        'Every address range it may use for networks is taken.',
        {
          evidence: [message],
          remedies: [{ action: 'copy-command', label: 'See which networks exist', command: 'docker network ls' }],
        },
      ),
  },
  {
    match: /client version .* is too new|client is newer than server/i,
    build: (message, { endpoint }) => ({ ...engineTooOld(endpoint, '', ''), evidence: [message.slice(0, 2000)] }),
  },
  {
    match: /client version .* is too old(?:.*minimum supported api version is ([\d.]+))?/i,
    build: (message, { endpoint }, match) => ({
      ...engineTooNew(endpoint, '', match[1] ?? ''),
      evidence: [message.slice(0, 2000)],
    }),
  },
  {
    match: /docker desktop is (?:manually )?paused/i,
    build: (message) =>
      problem(
        'engine-not-answering',
        'Docker Desktop is paused',
        'It keeps its containers, but answers nothing until it goes on.',
        {
          evidence: [message],
          remedies: [
            { action: 'advice', label: 'Choose Resume in the menu of Docker Desktop' },
            { action: 'retry', label: 'Look again' },
          ],
        },
      ),
  },
];

function portTaken(message: string, _doing: Doing, match: RegExpExecArray): Problem {
  const port = match[1];
  return problem(
    'port-taken',
    port ? `Port ${port} is taken` : 'A port is taken',
    'Another program or container already listens there.',
    { evidence: [message] },
  );
}

/** A failure the engine put into words, from an answer's body or from inside a stream. */
export function messageProblem(message: string, doing: Doing, fallback = 'engine-refused'): Problem {
  for (const rule of rules) {
    const match = rule.match.exec(message);
    if (match) return rule.build(message, doing, match);
  }
  return problem(fallback, `The engine could not ${doing.what}`, message.trim() || 'It gave no reason.', {
    remedies: [{ action: 'retry', label: 'Try again' }],
  });
}

/** An answer with an error status. `body` is the text as it came, bounded by the caller. */
export function statusProblem(status: number, body: string, doing: Doing): Problem {
  const message = answerMessage(body);
  if (message === null) {
    return engineNotAnswering(doing.endpoint, [
      `${doing.what}: HTTP ${status} with no engine message`,
      body.slice(0, 300),
    ]);
  }
  const found = messageProblem(message, doing, status >= 500 ? 'engine-failed' : 'engine-refused');
  if (found.evidence.length > 0) return found;
  return { ...found, evidence: [`HTTP ${status}`] };
}

/** The engine's errors are `{"message": "…"}` (`{"cause"…}` too in Podman); anything else did not come from an engine. */
function answerMessage(body: string): string | null {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string') {
      return value.message;
    }
  } catch {
    // Not JSON: a proxy, a web server, or an engine that broke off.
  }
  return null;
}

/** An abort is not a Problem: the caller asked for it and knows. */
export function aborted(signal: AbortSignal | undefined): unknown {
  return signal?.reason ?? new DOMException('Aborted', 'AbortError');
}

export function engineError(found: Problem, cause?: unknown): ProblemError {
  return new ProblemError(found, cause === undefined ? undefined : { cause });
}
