/** What the rest of the core may ask of documents and conversations. */
import type {
  ChatEvent,
  Conversation,
  ConversationHit,
  DocumentInfo,
  Message,
  Passage,
} from '../../shared/model/chat.ts';
import type { Chunk } from '../../shared/model/knowledge.ts';
import type { AnswerRequest } from './answer-events.ts';

export interface IngestFile {
  /** A file or a folder on this machine. */
  readonly path: string;
  /** As the person knows it. */
  readonly name: string;
}

/**
 * All methods reject with a ProblemError; `stack-not-running` when there is no backend to ask. A knowledge base (`kb`)
 * is told by its id or its name; the default one is `default`.
 */
export interface Chat {
  /** Calls `fn` with the whole list at once and after each change, until the answer is called. While the backend is away it keeps trying. */
  watchDocuments(fn: (documents: DocumentInfo[]) => void, kb?: string): () => void;
  documents(kb?: string): Promise<DocumentInfo[]>;
  /** An operation of kind `ingest` with one step per file; a folder stands for the supported files within. Answers its id. */
  ingest(files: readonly IngestFile[], kb?: string): Promise<string>;
  /** Resolves when the document and its vectors are gone. */
  deleteDocument(id: string): Promise<void>;
  /** Has it read again; resolves when that is asked for. */
  retryDocument(id: string): Promise<void>;
  /** Ends reading in; what was searchable before stays so. */
  cancelDocument(id: string): Promise<void>;
  changeDocument(
    id: string,
    change: { title?: string | undefined; tags?: readonly string[] | undefined },
  ): Promise<DocumentInfo>;
  /** Up to 200 passages in order, from number `from` on. */
  chunks(id: string, from: number): Promise<{ chunks: Chunk[]; next: number | null }>;
  passage(chunkId: string): Promise<Passage>;
  conversations(): Promise<Conversation[]>;
  /** Those whose title or messages hold the words, the last used first. */
  searchConversations(query: string): Promise<ConversationHit[]>;
  createConversation(kbIds?: readonly string[]): Promise<Conversation>;
  changeConversation(id: string, change: { title?: string; kbIds?: readonly string[] }): Promise<Conversation>;
  remove(id: string): Promise<void>;
  messages(conversationId: string): Promise<Message[]>;
  /** The conversation as a file's text. */
  exported(id: string, format: 'markdown' | 'json'): Promise<string>;
  /**
   * Streams one answer; resolves after `done`. Aborting `signal` closes the connection only: the backend finishes the
   * answer by itself. `stop` ends it.
   */
  ask(request: AnswerRequest, onEvent: (event: ChatEvent) => void, signal?: AbortSignal): Promise<void>;
  stop(runId: string): Promise<void>;
}
