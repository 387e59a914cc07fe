/** Requests with bounds: a deadline without progress, a cap on the body, one mapping of every failure to a Problem. */
import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline, type Readable, Transform } from 'node:stream';
import { ProblemError } from '../../shared/model/problem.ts';
import type { Connection, Dialled, DialRequest } from './connection.ts';
import type { EngineEndpoint } from './engine-client.ts';
import { aborted, connectionProblem, type Doing, engineError, errorCode, statusProblem } from './engine-errors.ts';
import { engineNotAnswering } from './engine-problems.ts';

/** More than any answer that is read whole: 500 inspected containers are under 5 MB. */
const maxBodyBytes = 32 * 1024 * 1024;
const maxErrorBytes = 64 * 1024;
const defaultDeadlineMs = 30_000;

export interface Ask extends Omit<DialRequest, 'signal'> {
  /** The end of "The engine could not …". */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
  /** How long nothing may happen. */
  readonly deadlineMs?: number;
  /** Statuses besides 2xx that the caller understands: 404 as "none", 304 as "already so". */
  readonly accept?: readonly number[];
}

export interface Answer {
  readonly status: number;
  readonly json: unknown;
}

export interface OpenAnswer {
  readonly status: number;
  readonly body: IncomingMessage;
}

export interface Requester {
  readonly endpoint: EngineEndpoint;
  /** Reads the whole answer. @throws {ProblemError} on any failure but an abort, which throws the signal's reason */
  json(ask: Ask): Promise<Answer>;
  /** Answers once the head is there; the deadline counts until then. The body is the caller's to read and destroy. */
  open(ask: Ask): Promise<OpenAnswer>;
  upgrade(ask: Ask): Promise<Socket>;
  doing(what: string): Doing;
}

export function createRequester(endpoint: EngineEndpoint, connection: Connection): Requester {
  const doing = (what: string): Doing => ({ endpoint, what });

  /** Dials under a watch that aborts when nothing happens for the deadline; an idempotent call is tried twice. */
  async function dial(ask: Ask, watch: Watch): Promise<Dialled> {
    try {
      const upload = ask.upload ? counted(ask.upload, watch) : undefined;
      return await connection.dial({ ...ask, signal: watch.signal, ...(upload ? { upload } : {}) });
    } catch (error) {
      // A kept-alive socket that the engine closed meanwhile: nothing was processed, ask again on a new one.
      const stale = ['ECONNRESET', 'EPIPE'].includes(errorCode(error));
      if (!stale || ask.method !== 'GET' || watch.signal.aborted) throw failure(error, ask, watch);
      try {
        return await connection.dial({ ...ask, signal: watch.signal });
      } catch (again) {
        throw failure(again, ask, watch);
      }
    }
  }

  function failure(error: unknown, ask: Ask, watch: Watch): unknown {
    if (ask.signal?.aborted) return aborted(ask.signal);
    if (error instanceof ProblemError) return error;
    if (watch.expired()) {
      const seconds = Math.round((ask.deadlineMs ?? defaultDeadlineMs) / 1000);
      return engineError(engineNotAnswering(endpoint, [`${ask.what}: nothing for ${seconds} s`]), error);
    }
    return engineError(connectionProblem(error, doing(ask.what)), error);
  }

  async function refuse(response: IncomingMessage, ask: Ask, watch: Watch): Promise<never> {
    const body = await readBody(response, maxErrorBytes, watch).catch((error: unknown) => {
      throw failure(error, ask, watch);
    });
    throw engineError(statusProblem(response.statusCode ?? 0, body, doing(ask.what)));
  }

  async function answerOf(ask: Ask, watch: Watch): Promise<IncomingMessage> {
    const dialled = await dial(ask, watch);
    if ('socket' in dialled) {
      dialled.socket.destroy();
      throw engineError(engineNotAnswering(endpoint, [`${ask.what}: upgraded unasked`]));
    }
    const status = dialled.response.statusCode ?? 0;
    const welcome = (status >= 200 && status < 300) || (ask.accept ?? []).includes(status);
    return welcome ? dialled.response : refuse(dialled.response, ask, watch);
  }

  async function open(ask: Ask): Promise<OpenAnswer> {
    const watch = createWatch(ask.signal, ask.deadlineMs ?? defaultDeadlineMs);
    try {
      const response = await answerOf(ask, watch);
      watch.pause();
      response.once('close', watch.stop);
      return { status: response.statusCode ?? 0, body: response };
    } catch (error) {
      watch.stop();
      throw error;
    }
  }

  return {
    endpoint,
    doing,
    open,
    async json(ask) {
      const watch = createWatch(ask.signal, ask.deadlineMs ?? defaultDeadlineMs);
      try {
        const response = await answerOf(ask, watch);
        const status = response.statusCode ?? 0;
        const text = await readBody(response, maxBodyBytes, watch).catch((error: unknown) => {
          throw failure(error, ask, watch);
        });
        if (text === '' || (status >= 300 && status !== 304)) return { status, json: null };
        try {
          return { status, json: JSON.parse(text) as unknown };
        } catch (error) {
          throw engineError(engineNotAnswering(endpoint, [`${ask.what}: not JSON`, text.slice(0, 200)]), error);
        }
      } finally {
        watch.stop();
      }
    },
    async upgrade(ask) {
      const watch = createWatch(ask.signal, ask.deadlineMs ?? defaultDeadlineMs);
      try {
        const dialled = await dial({ ...ask, upgrade: true }, watch);
        if ('socket' in dialled) return dialled.socket;
        return await refuse(dialled.response, ask, watch);
      } finally {
        watch.stop();
      }
    },
  };
}

interface Watch {
  readonly signal: AbortSignal;
  /** Something happened: the deadline begins anew. */
  beat(): void;
  expired(): boolean;
  /** Ends the deadline; the caller's signal still reaches the request, for the body that follows. */
  pause(): void;
  stop(): void;
}

function createWatch(outer: AbortSignal | undefined, deadlineMs: number): Watch {
  const abort = new AbortController();
  let expired = false;
  const onAbort = () => abort.abort(outer?.reason);
  // One operation's signal rightly stands over as many calls as it makes at once.
  if (outer) setMaxListeners(0, outer);
  if (outer?.aborted) onAbort();
  else outer?.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => {
    expired = true;
    abort.abort();
  }, deadlineMs);
  return {
    signal: abort.signal,
    beat() {
      if (!expired) timer.refresh();
    },
    expired: () => expired,
    pause: () => clearTimeout(timer),
    stop() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onAbort);
    },
  };
}

/** Counts what is sent as progress. Also gives the source back (destroyed) when the engine hangs up in the middle. */
function counted(upload: Readable, watch: Watch): Readable {
  const counter = new Transform({
    transform(chunk, _encoding, done) {
      watch.beat();
      done(null, chunk);
    },
  });
  // The request reports a failing source; pipeline only makes sure that both ends are let go.
  pipeline(upload, counter, () => undefined);
  watch.signal.addEventListener('abort', () => counter.destroy(), { once: true });
  return counter;
}

function readBody(response: IncomingMessage, maxBytes: number, watch: Watch): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      watch.beat();
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > maxBytes) response.destroy(new Error(`more than ${maxBytes} bytes`));
    });
    response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    response.once('error', reject);
    response.once('close', () => reject(new Error('the connection was cut')));
  });
}
