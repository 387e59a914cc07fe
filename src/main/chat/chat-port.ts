/** What the rest of the core may ask of documents and conversations. */
import type {
  ChatEvent,
  Conversation,
  DocumentInfo,
  Message,
  Passage,
  ProviderSettings,
} from '../../shared/model/chat.ts';

export interface IngestFile {
  /** A file or a folder on this machine. */
  readonly path: string;
  /** As the person knows it. */
  readonly name: string;
}

/** All methods reject with a ProblemError; `stack-not-running` when there is no backend to ask. */
export interface Chat {
  /** Calls `fn` with the whole list at once and after each change, until the answer is called. While the backend is away it keeps trying. */
  watchDocuments(fn: (documents: DocumentInfo[]) => void): () => void;
  documents(): Promise<DocumentInfo[]>;
  /** An operation of kind `ingest` with one step per file; a folder stands for the supported files within. Answers its id. */
  ingest(files: readonly IngestFile[]): Promise<string>;
  /** Resolves when the document and its vectors are gone. */
  deleteDocument(id: string): Promise<void>;
  passage(chunkId: string): Promise<Passage>;
  conversations(): Promise<Conversation[]>;
  createConversation(): Promise<Conversation>;
  rename(id: string, title: string): Promise<Conversation>;
  remove(id: string): Promise<void>;
  messages(conversationId: string): Promise<Message[]>;
  /**
   * Streams one answer; resolves after `done`. Aborting `signal` closes the connection only: the backend finishes the
   * answer by itself. `stop` ends it.
   */
  ask(
    request: { conversationId: string; question: string },
    onEvent: (event: ChatEvent) => void,
    signal?: AbortSignal,
  ): Promise<void>;
  stop(runId: string): Promise<void>;
  provider(): Promise<ProviderSettings>;
  /** An empty key leaves the stored one as it is. */
  setProvider(change: {
    active: ProviderSettings['active'];
    openaiBaseUrl: string;
    openaiModel: string;
    openaiKey: string;
  }): Promise<ProviderSettings>;
}
