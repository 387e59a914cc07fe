/** For unit tests of the chat: an HTTP server that plays the backend as a test tells it, and the chat that speaks to it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Chat, createChat } from '../../src/main/chat/chat.ts';
import type { OperationRunner } from '../../src/main/operations/operation-runner.ts';
import { createOperationRunner } from '../../src/main/operations/runner.ts';
import type { ChatEvent, DocumentInfo } from '../../src/shared/model/chat.ts';
import { documentInfo } from './document-info.ts';

export interface FakeBackend {
  /** Answers each request, with its whole body. A request before it was told how breaks the test. */
  handle: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;
  /** Where the chat looks for the backend; null is a stack that is not running. */
  url: string | null;
  readonly chat: Chat;
  readonly runner: OperationRunner;
  /** Empty but for the journal of the runner; gone at the end. */
  readonly folder: string;
  /** Asks a question in `c1`; resolves to the events of the whole answer. */
  readonly ask: () => Promise<ChatEvent[]>;
  readonly end: () => Promise<void>;
}

export async function openBackend(): Promise<FakeBackend> {
  const folder = await mkdtemp(join(tmpdir(), 'quayside-chat-'));
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => backend.handle(request, response, Buffer.concat(parts)));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const runner = createOperationRunner({ journalDir: join(folder, 'journal'), environment: 'dev' });
  const access = { url: () => backend.url, token: async () => 'the-token' };
  const backend: FakeBackend = {
    handle: ({ method, url }) => {
      throw new Error(`nobody said what ${method} ${url} answers`);
    },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    chat: createChat({ access, runner, stack: 'quayside-dev' }),
    runner,
    folder,
    ask: async () => {
      const events: ChatEvent[] = [];
      await backend.chat.ask({ conversationId: 'c1', question: 'Which port?' }, (item) => events.push(item));
      return events;
    },
    end: async () => {
      server.closeAllConnections();
      server.close();
      await runner.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return backend;
}

/** Answers with JSON. */
export const send = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};
/** A document as the backend tells it: one that waits to be read in. */
export const document = (change: Partial<DocumentInfo> = {}): DocumentInfo =>
  documentInfo('d1', {
    title: 'Notes',
    sourceName: 'notes.md',
    bytes: 3,
    chunks: 0,
    state: 'queued',
    progress: 0,
    ...change,
  });
/** The job that reads `d1` in. */
export const job = (state: string, error: { code: string; message: string } | null = null) => ({
  id: 'j1',
  documentId: 'd1',
  state,
  error,
});
