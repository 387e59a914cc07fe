/** The list of documents, kept current by the backend's own events; silent while there is no backend to ask. */
import { setTimeout as pause } from 'node:timers/promises';
import type { DocumentInfo } from '../../shared/model/chat.ts';
import type { BackendAccess } from './backend-access.ts';
import type { BackendClient } from './backend-client.ts';

/** Least time between two readings of the list. */
const restMs = 250;
const retryMs = [500, 1000, 2000, 5000] as const;

/** Tells the whole list at once and after each change. The answer ends it. */
export function watchDocuments(
  client: BackendClient,
  access: BackendAccess,
  list: (signal: AbortSignal) => Promise<DocumentInfo[]>,
  fn: (documents: DocumentInfo[]) => void,
): () => void {
  const abort = new AbortController();
  const { signal } = abort;

  async function followOnce(onAlive: () => void): Promise<void> {
    let dirty = false;
    let reading = false;
    const read = async (): Promise<void> => {
      if (reading) return;
      reading = true;
      while (dirty && !signal.aborted) {
        dirty = false;
        try {
          const documents = await list(signal);
          if (signal.aborted) return;
          fn(documents);
          onAlive();
        } catch {
          // What could not be read is still to be read.
          dirty = true;
        }
        await pause(dirty ? retryMs[1] : restMs, undefined, { signal }).catch(() => undefined);
      }
      reading = false;
    };
    for await (const event of client.events('GET', '/v1/events', { signal })) {
      if (event.name !== 'documents') continue;
      dirty = true;
      void read();
    }
    dirty = false;
  }

  async function run(): Promise<void> {
    if (access.url() === null) fn([]);
    let attempt = 0;
    while (!signal.aborted) {
      if (access.url() !== null)
        await followOnce(() => {
          attempt = 0;
        }).catch(() => undefined);
      const rest = retryMs[Math.min(attempt, retryMs.length - 1)] ?? 5000;
      attempt += 1;
      await pause(access.url() === null ? 500 : rest, undefined, { signal }).catch(() => undefined);
    }
  }

  void run();
  return () => abort.abort();
}
