/** What backups need of their neighbours, and no more. */
import type { StackState } from '../../shared/model/stack.ts';
import type { EngineClient, Owner } from '../engine/engine-client.ts';

export interface EngineDoor {
  /** @throws {ProblemError} the engine's own problem while it is not ready. */
  client(): EngineClient;
  /** Waits for the first look at the engine. @throws {ProblemError} as `client`. */
  ready(timeoutMs?: number): Promise<EngineClient>;
}

export interface StackView {
  snapshot(): StackState;
  refresh(): Promise<StackState>;
}

/** One running container of a store. */
export interface StoreContainer {
  readonly engine: EngineClient;
  readonly owner: Owner;
  readonly containerId: string;
  readonly service: string;
}
