/** Tells who listens in this process that documents changed. */
export interface DocumentEvents {
  changed(documentId: string): void;
  subscribe(listener: (documentId: string) => void): () => void;
}
export const DOCUMENT_EVENTS = Symbol('document events');

export function createDocumentEvents(): DocumentEvents {
  const listeners = new Set<(documentId: string) => void>();
  return {
    changed(documentId) {
      for (const listener of listeners) listener(documentId);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
