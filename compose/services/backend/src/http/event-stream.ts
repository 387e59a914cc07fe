/**
 * Server-sent events on the raw response. Nest's own decorator ends a POST stream as soon as the body has been read
 * (nestjs/nest#17098), so this writes itself and listens to the response.
 */
import { once } from 'node:events';
import type { Response } from 'express';

export interface EventStream {
  /** Resolves when the reader took it, so that a slow reader slows its source. */
  send(event: { id?: number; name: string; data: unknown }): Promise<void>;
  /** An event without a name, whose data is this one line. */
  data(line: string): Promise<void>;
  readonly closed: boolean;
  onClose(listener: () => void): void;
  end(): void;
}

const heartbeatMs = 15_000;

export function openEventStream(response: Response): EventStream {
  let closed = false;
  response.status(200);
  response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store, no-transform');
  response.setHeader('X-Accel-Buffering', 'no');
  response.flushHeaders();
  response.socket?.setNoDelay(true);
  const heartbeat = setInterval(() => response.write(': alive\n\n'), heartbeatMs);
  response.on('close', () => {
    closed = true;
    clearInterval(heartbeat);
  });
  response.on('error', () => undefined);
  const write = async (text: string): Promise<void> => {
    if (closed) return;
    if (!response.write(text))
      await Promise.race([once(response, 'drain'), once(response, 'close')]).catch(() => undefined);
  };
  return {
    send: ({ id, name, data }) =>
      write(`${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`),
    data: (line) => write(`data: ${line}\n\n`),
    get closed() {
      return closed;
    },
    onClose(listener) {
      response.on('close', listener);
    },
    end() {
      clearInterval(heartbeat);
      if (!closed) response.end();
    },
  };
}
