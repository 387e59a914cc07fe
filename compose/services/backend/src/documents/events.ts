/** Tells every replica that documents changed, at most twenty times a second. */
import type { Bus } from '../store/bus.ts';

export interface DocumentEvents {
  changed(documentId: string, kbId: string): void;
  subscribe(listener: (changes: readonly { id: string; kbId: string }[]) => void): () => void;
  /** Aborts when this process ends. */
  readonly ending: AbortSignal;
  close(): void;
}
export const DOCUMENT_EVENTS = Symbol('document events');

const everyMs = 50;
/** A message of the database holds 8,000 bytes. */
const maxPerMessage = 60;

export function createDocumentEvents(bus: Pick<Bus, 'publish' | 'on'>): DocumentEvents {
  const waiting = new Map<string, string>();
  const ending = new AbortController();
  let timer: NodeJS.Timeout | null = null;

  function flush(): void {
    timer = null;
    const changes = [...waiting].map(([id, kbId]) => ({ id, kbId }));
    waiting.clear();
    for (let at = 0; at < changes.length; at += maxPerMessage)
      bus.publish('documents', { changes: changes.slice(at, at + maxPerMessage) });
  }

  return {
    changed(documentId, kbId) {
      waiting.set(documentId, kbId);
      if (timer === null) timer = setTimeout(flush, everyMs);
    },
    subscribe: (listener) => bus.on('documents', ({ changes }) => listener(changes)),
    ending: ending.signal,
    close: () => ending.abort(),
  };
}
