/**
 * The one place that imports dockerode: a connection to one engine, as a function that sends a request and answers
 * with the response once its head is there. dockerode's modem does the dialling (unix, pipe, TLS, upgrade). Its own
 * per-call methods are not used, because they read whole bodies without a bound and know no progress deadline.
 */
import { readFile } from 'node:fs/promises';
import { Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { ProblemError } from '../../shared/model/problem.ts';
import type { EngineEndpoint, JsonObject } from './engine-client.ts';
import { errorCode } from './engine-errors.ts';
import { endpointRefused } from './engine-problems.ts';
import { parseSshAddress, type SshAddress } from './ssh-address.ts';
import { createTurns, openSshStream } from './ssh-stream.ts';
import { tlsFilesProblem } from './tls-problems.ts';

export interface DialRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  /** Without version and query: `/containers/json`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: JsonObject;
  /** A tar to send instead of `body`. */
  readonly upload?: Readable;
  /** Beyond those that every request has: the logins of registries. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Asks without the agreed version: `/version` itself, which must work before and after an update. */
  readonly unversioned?: boolean;
  /** Asks for a raw two-way socket instead of a response. */
  readonly upgrade?: boolean;
  readonly signal: AbortSignal;
}

/** `response` of an ordinary answer, `socket` of an upgraded one. */
export type Dialled = { readonly response: IncomingMessage } | { readonly socket: Socket };

export interface Connection {
  dial(request: DialRequest): Promise<Dialled>;
  close(): void;
}

interface ModemRequest {
  path: string;
  method: string;
  options: { _query: Record<string, string | readonly string[]>; _body: JsonObject };
  isStream: true;
  hijack?: boolean;
  file?: Readable;
  openStdin: false;
  headers?: Record<string, string>;
  abortSignal: AbortSignal;
  statusCodes: Record<number, boolean>;
}
interface Modem {
  dial(request: ModemRequest, callback: (error: Error | null, answer: unknown) => void): void;
}

/** Every status is let through: answers are judged by the caller, who bounds how much of them is read. */
const everyStatus = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [index + 100, true]));

/**
 * @param version path prefix such as `v1.41`; undefined for the engine's own default
 */
export function createConnection(endpoint: EngineEndpoint, version: () => string | undefined): Connection {
  let opened: Promise<{ modem: Modem; agent: Agent }> | undefined;
  let closed = false;

  async function open(): Promise<{ modem: Modem; agent: Agent }> {
    const [{ default: Docker }, target] = await Promise.all([import('dockerode'), dialTarget(endpoint)]);
    const agent = agentFor(target);
    withoutRedirects(agent);
    // docker-modem inspects its options in full on every request, agent and sockets included: 25 times our CPU.
    Object.defineProperty(agent, inspect.custom, { value: () => 'Agent' });
    if (closed) agent.destroy();
    const { ssh: _, ...where } = target;
    const options = { ...where, agent };
    return { modem: withoutDockerHost(() => new Docker(options).modem as Modem), agent };
  }

  return {
    async dial({ method, path, query = {}, body, upload, headers, upgrade, unversioned, signal }) {
      opened ??= open();
      opened.catch(() => {
        opened = undefined;
      });
      const { modem } = await opened;
      signal.throwIfAborted();
      const prefix = unversioned ? undefined : version();
      return new Promise<Dialled>((resolve, reject) => {
        const request: ModemRequest = {
          path: `${prefix === undefined ? '' : `/${prefix}`}${path}?`,
          method,
          options: { _query: { ...query }, _body: body ?? {} },
          isStream: true,
          openStdin: false,
          abortSignal: signal,
          statusCodes: everyStatus,
          ...(upgrade ? { hijack: true } : {}),
          ...(upload ? { file: upload } : {}),
          ...(upload || headers
            ? { headers: { ...(upload ? { 'Content-Type': 'application/x-tar' } : {}), ...headers } }
            : {}),
        };
        modem.dial(request, (error, answer) => {
          if (error) reject(error);
          else if (isResponse(answer)) resolve({ response: answer });
          else resolve({ socket: answer as Socket });
        });
      });
    },
    close() {
      closed = true;
      opened?.then(({ agent }) => agent.destroy()).catch(() => undefined);
    },
  };
}

/** An idle ssh connection is a process of its own here and one there. */
const idleSshConnections = 4;

function agentFor(target: DialTarget): Agent {
  // Set here, so that NODE_TLS_REJECT_UNAUTHORIZED in the environment cannot switch the check off.
  if (target.protocol === 'https') return new TlsAgent({ keepAlive: true, rejectUnauthorized: true });
  const { ssh } = target;
  if (ssh === undefined) return new Agent({ keepAlive: true });
  const agent = new Agent({ keepAlive: true, maxFreeSockets: idleSshConnections });
  const turns = createTurns();
  agent.createConnection = () => openSshStream(ssh, turns);
  return agent;
}

/**
 * docker-modem follows redirects: out of our TLS or ssh to wherever the answer says, and where that is no http address
 * with an exception that nobody can catch. No engine call needs one, so they are taken for what they are: no answer.
 */
function withoutRedirects(agent: Agent): void {
  const pool = agent as Agent & { addRequest(request: ClientRequest, ...rest: unknown[]): void };
  const addRequest = pool.addRequest;
  pool.addRequest = (request, ...rest) => {
    request.prependListener('response', (response) => delete response.headers.location);
    addRequest.call(agent, request, ...rest);
  };
}

function isResponse(answer: unknown): answer is IncomingMessage {
  return typeof answer === 'object' && answer !== null && 'statusCode' in answer;
}

/** dockerode reads `DOCKER_*` even when told where to go, and throws on a malformed one. Synchronous, so nobody sees the gap. */
function withoutDockerHost<T>(build: () => T): T {
  const saved = process.env.DOCKER_HOST;
  delete process.env.DOCKER_HOST;
  try {
    return build();
  } finally {
    if (saved !== undefined) process.env.DOCKER_HOST = saved;
  }
}

interface DialTarget {
  socketPath?: string;
  host?: string | undefined;
  port?: number;
  protocol?: 'http' | 'https';
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  ssh?: SshAddress;
}

/** @throws {ProblemError} `engine-address-refused` for an address that cannot be used safely */
async function dialTarget(endpoint: EngineEndpoint): Promise<DialTarget> {
  const local = localPath(endpoint.url);
  if (local !== null) return { socketPath: local, host: undefined, protocol: 'http' };
  if (endpoint.url.startsWith('ssh:')) {
    const ssh = parseSshAddress(endpoint.url);
    if ('wrong' in ssh) throw sshRefused(endpoint.url, ssh.wrong);
    // The host of the requests' Host header; where they go is ssh's business.
    return { host: 'engine', protocol: 'http', ssh };
  }
  const url = new URL(endpoint.url);
  const port = Number(url.port) || (endpoint.tlsDir ? 2376 : 2375);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (endpoint.tlsDir !== undefined) {
    return { host, port, protocol: 'https', ...(await tlsMaterial(endpoint, endpoint.tlsDir)) };
  }
  if (!['localhost', '127.0.0.1', '::1'].includes(host)) {
    throw endpointRefused(
      'An engine across the network needs TLS',
      `${endpoint.url} would be spoken to in clear: anyone on the way could take over its machine.`,
      { action: 'advice', label: `Set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, or use ssh://${host}` },
    );
  }
  return { host, port, protocol: 'http' };
}

/**
 * Without ca.pem the system's authorities count; without cert.pem and key.pem the engine may still let us in, or says
 * that it wants them.
 * @throws {ProblemError} `engine-tls-files`
 */
async function tlsMaterial(endpoint: EngineEndpoint, folder: string): Promise<Pick<DialTarget, 'ca' | 'cert' | 'key'>> {
  const read = (name: string): Promise<Buffer | null> =>
    readFile(join(folder, name)).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return null;
      throw new ProblemError(tlsFilesProblem(endpoint, `${name} cannot be read (${errorCode(error)}).`), {
        cause: error,
      });
    });
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')]);
  const wrong = (cause: string) => new ProblemError(tlsFilesProblem(endpoint, cause));
  if (ca === null && cert === null && key === null) throw wrong('There is no ca.pem, cert.pem or key.pem.');
  if ((cert === null) !== (key === null)) throw wrong(`There is no ${cert === null ? 'cert.pem' : 'key.pem'}.`);
  return { ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
}

export function sshRefused(text: string, cause: string): ProblemError {
  return endpointRefused('The ssh address of the engine cannot be used', `${shown(text)}: ${cause}`, {
    action: 'advice',
    label: 'Give an address like ssh://user@host or ssh://user@host:22/run/user/1000/docker.sock',
  });
}

/** An address without a password that may be in it. */
function shown(text: string): string {
  return text.slice(0, 200).replace(/:[^@/]*@/, '@');
}

/** The file a `unix://` or `npipe://` address stands for; null for any other. */
export function localPath(url: string): string | null {
  if (url.startsWith('unix://')) return url.slice(7);
  if (url.startsWith('npipe://')) return url.slice(8);
  return null;
}
