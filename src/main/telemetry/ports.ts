/** What telemetry needs of its neighbours, and no more: any engine monitor and any stack state will do. */
import type { StackState } from '../../shared/model/stack.ts';
import type { EngineClient } from '../engine/engine-client.ts';

export interface EngineDoor {
  /** @throws {ProblemError} the engine's own problem while it is not ready. */
  client(): EngineClient;
  /** What is known of the engine's machine; tests do without. */
  readonly state?: { readonly memBytes: number | null };
}

export interface StackView {
  snapshot(): StackState;
  /** Called with each new snapshot; answers how to stop. */
  subscribe(listener: (state: StackState) => void): () => void;
}
