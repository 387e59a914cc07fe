/** Speaks to the stack's backend: JSON calls, uploads and event streams. Every failure is a ProblemError. */
import type { IncomingMessage } from 'node:http';
import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { BackendAccess } from './backend-access.ts';
import { backendProblem, connectionProblem, olderBackend, stackNotRunning } from './backend-problems.ts';
import { type HttpRequest, readText, sendRequest } from './http-request.ts';

export interface ServerEvent {
  readonly id: number | null;
  readonly name: string;
  readonly data: unknown;
}
type Method = HttpRequest['method'];

export interface BackendClient {
  /**
   * @param ifMatch the revision that must still be the present one (`"7"`)
   * @throws {ProblemError} `stack-not-running`, `backend-not-answering`, or what the backend says
   */
  call<S extends z.ZodType>(
    method: Method,
    path: string,
    schema: S,
    body?: unknown,
    signal?: AbortSignal,
    ifMatch?: string,
  ): Promise<z.output<S>>;
  /** An answer that is no JSON, whole. @param maxBytes more than so much is refused */
  text(path: string, maxBytes: number, signal?: AbortSignal): Promise<string>;
  send<S extends z.ZodType>(
    path: string,
    schema: S,
    upload: { contentType: string; body: Exclude<HttpRequest['body'], string | undefined> },
    signal?: AbortSignal,
  ): Promise<z.output<S>>;
  /** Events until the server ends the stream. Ends quietly when the signal aborts. */
  events(
    method: Method,
    path: string,
    options: { body?: unknown; lastEventId?: number; signal?: AbortSignal },
  ): AsyncGenerator<ServerEvent>;
}

const maxAnswerBytes = 64 * 1024 * 1024;
const maxEventBytes = 4 * 1024 * 1024;
/** The backend works on nothing for longer without saying so. */
const idleMs = 60_000;
/** It sends a sign of life every 15 s. */
const streamIdleMs = 45_000;

/** What the backend says where it has no such route: it is of a time before it. */
const unknownRoute = 'Nothing answers at this address.';

const problemDetails = z.object({
  code: z.string(),
  detail: z.string(),
  status: z.number(),
  requestId: z.string().optional(),
  errors: z.array(z.object({ pointer: z.string(), message: z.string() })).optional(),
});

async function refusal(response: IncomingMessage): Promise<ProblemError> {
  const text = await readText(response, 256 * 1024).catch(() => '');
  const details = problemDetails.safeParse(parsed(text));
  const status = response.statusCode ?? 0;
  if (!details.success) return new ProblemError(backendProblem('backend-failed', `The backend answered ${status}.`));
  const { code, detail, requestId, errors } = details.data;
  if (code === 'not-found' && detail === unknownRoute) return olderBackend();
  const evidence = [
    `${code} (${status})`,
    ...(errors ?? []).slice(0, 5).map(({ pointer, message }) => `${pointer}: ${message}`.slice(0, 500)),
    ...(requestId === undefined ? [] : [`request ${requestId}`]),
  ];
  return new ProblemError(backendProblem(code, detail, evidence));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fitting<S extends z.ZodType>(schema: S, value: unknown, path: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ProblemError(
    problem(
      'backend-mismatch',
      'The backend answered in a way this panel does not know',
      'Panel and backend may be of different versions.',
      {
        evidence: [
          path,
          ...result.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`),
        ],
        remedies: [{ action: 'start-stack', label: 'Start the stack again' }],
        service: 'backend',
      },
    ),
  );
}

export function createBackendClient(access: BackendAccess): BackendClient {
  async function request(
    method: Method,
    path: string,
    more: {
      headers?: Record<string, string>;
      body?: HttpRequest['body'];
      idleMs: number;
      signal?: AbortSignal | undefined;
    },
  ): Promise<IncomingMessage> {
    const base = access.url();
    if (base === null) throw stackNotRunning();
    const token = await access.token();
    try {
      return await sendRequest({
        method,
        url: new URL(path, base),
        headers: { ...more.headers, authorization: `Bearer ${token}` },
        idleMs: more.idleMs,
        ...(more.body === undefined ? {} : { body: more.body }),
        ...(more.signal === undefined ? {} : { signal: more.signal }),
      });
    } catch (error) {
      if (more.signal?.aborted === true) throw error;
      throw connectionProblem(error);
    }
  }

  async function answerOf<S extends z.ZodType>(
    response: IncomingMessage,
    schema: S,
    path: string,
  ): Promise<z.output<S>> {
    const status = response.statusCode ?? 0;
    if (status < 200 || status >= 300) throw await refusal(response);
    let text: string;
    try {
      text = await readText(response, maxAnswerBytes);
    } catch (error) {
      throw connectionProblem(error);
    }
    return fitting(schema, text === '' ? undefined : parsed(text), path);
  }

  return {
    async call(method, path, schema, body, signal, ifMatch) {
      const json = body === undefined ? undefined : JSON.stringify(body);
      const response = await request(method, path, {
        idleMs,
        signal,
        headers: {
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
        },
        ...(json === undefined ? {} : { body: json }),
      });
      return answerOf(response, schema, path);
    },
    async text(path, maxBytes, signal) {
      const response = await request('GET', path, { idleMs, signal });
      if (response.statusCode !== 200) throw await refusal(response);
      return readText(response, maxBytes).catch((error: unknown) => {
        throw connectionProblem(error);
      });
    },
    async send(path, schema, upload, signal) {
      const response = await request('POST', path, {
        headers: { 'content-type': upload.contentType },
        body: upload.body,
        idleMs,
        signal,
      });
      return answerOf(response, schema, path);
    },
    async *events(method, path, { body, lastEventId, signal }) {
      const json = body === undefined ? undefined : JSON.stringify(body);
      const response = await request(method, path, {
        headers: {
          accept: 'text/event-stream',
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }),
        },
        idleMs: streamIdleMs,
        signal,
        ...(json === undefined ? {} : { body: json }),
      });
      if (response.statusCode !== 200) throw await refusal(response);
      const queue: ServerEvent[] = [];
      const parser = createParser({
        onEvent: (event) => {
          const id = Number(event.id);
          queue.push({
            id: event.id !== undefined && Number.isInteger(id) ? id : null,
            name: event.event ?? 'message',
            data: parsed(event.data),
          });
        },
      });
      let pending = 0;
      response.setEncoding('utf8');
      try {
        for await (const text of response) {
          parser.feed(text as string);
          pending = queue.length > 0 ? 0 : pending + (text as string).length;
          if (pending > maxEventBytes) throw new Error('an event without an end');
          yield* queue.splice(0);
        }
      } catch (error) {
        if (signal?.aborted === true) return;
        throw connectionProblem(error);
      } finally {
        response.destroy();
      }
    },
  };
}
