/** What every language model service looks like from inside, whatever protocol it speaks. */
import type { ServiceName } from './provider-names.ts';

export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}
export interface ChatRequest {
  readonly system: string;
  /** The first is the person's, the last is the question with its sources. */
  readonly messages: readonly Turn[];
  readonly maxTokens: number;
  readonly temperature: number;
  /** What the prompt was made to fit into, answer included. */
  readonly windowTokens: number;
}
export type ChatPart =
  | { readonly kind: 'text'; readonly text: string }
  /** The model works but shows nothing: it thinks. */
  | { readonly kind: 'progress' }
  | { readonly kind: 'usage'; readonly input?: number; readonly output?: number }
  | { readonly kind: 'finish'; readonly reason: 'stop' | 'length' | 'refusal' }
  /** Nothing comes after it. */
  | { readonly kind: 'end' };

export interface Limits {
  readonly firstTokenMs: number;
  /** Between two pieces, from the first on. */
  readonly idleMs: number;
}
export interface ModelInfo {
  readonly id: string;
  /** null when the service does not tell. */
  readonly contextTokens: number | null;
  /** On the service's disk. */
  readonly bytes: number | null;
}
export interface ModelService {
  readonly name: ServiceName;
  readonly model: string;
  /**
   * An aborted signal closes the socket. Ends with `end`, else it throws.
   * @throws {BackendProblem} of the codes `provider-*`, `model-not-found`, `context-overflow`; the signal's reason
   */
  stream(request: ChatRequest, limits: Limits, signal: AbortSignal): AsyncGenerator<ChatPart>;
  /** Proves address and key without paying for an answer. @throws {BackendProblem} as above */
  models(signal: AbortSignal): Promise<ModelInfo[]>;
  /** Window of the model as the service tells it, null when it does not. @throws {BackendProblem} as above */
  contextTokens(signal: AbortSignal): Promise<number | null>;
}

/** Where a service is and how to get in. */
export interface ServiceSettings {
  readonly baseUrl: string;
  readonly model: string;
  readonly key: string | null;
}
