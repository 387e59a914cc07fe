/** Reads a stream of JSON lines to its end, under a deadline without progress. */
import type { JsonObject } from './engine-client.ts';
import { aborted, connectionProblem, engineError } from './engine-errors.ts';
import { engineNotAnswering } from './engine-problems.ts';
import { createJsonLines } from './json-lines.ts';
import type { Ask, Requester } from './request.ts';

export interface JsonStreamOptions {
  /** The engine took the request and will answer. */
  onOpen?: () => void;
  /** False for streams that are rightly silent for ever: events. Then `deadlineMs` counts until the head only. */
  silenceEnds?: boolean;
}

/**
 * Resolves when the engine ends the stream.
 * @throws {ProblemError} when it is cut, silent for the deadline, or not JSON; the signal's reason on abort
 */
export async function readJsonStream(
  requester: Requester,
  ask: Ask & { deadlineMs: number },
  onObject: (value: JsonObject) => void,
  { onOpen, silenceEnds = true }: JsonStreamOptions = {},
): Promise<void> {
  const { body } = await requester.open(ask);
  onOpen?.();
  await new Promise<void>((resolve, reject) => {
    const silence = silenceEnds
      ? setTimeout(() => {
          fail(engineNotAnswering(requester.endpoint, [`${ask.what}: silent for ${ask.deadlineMs / 1000} s`]));
        }, ask.deadlineMs)
      : undefined;
    function fail(found: ReturnType<typeof engineNotAnswering>, cause?: unknown): void {
      clearTimeout(silence);
      reject(ask.signal?.aborted ? aborted(ask.signal) : engineError(found, cause));
      body.destroy();
    }
    const lines = createJsonLines(
      (value) => {
        try {
          onObject(value);
        } catch (error) {
          clearTimeout(silence);
          reject(error);
          body.destroy();
        }
      },
      (line) => fail(engineNotAnswering(requester.endpoint, [`${ask.what}: not JSON`, line])),
    );
    body.on('data', (chunk: Buffer) => {
      silence?.refresh();
      lines.push(chunk);
    });
    body.once('end', () => {
      clearTimeout(silence);
      lines.end();
      resolve();
    });
    body.once('error', (error) => fail(connectionProblem(error, requester.doing(ask.what)), error));
    body.once('close', () => fail(engineNotAnswering(requester.endpoint, [`${ask.what}: the connection was cut`])));
  });
}
