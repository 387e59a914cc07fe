/** Documents, conversations and answers: the panel's client of the stack's backend. */
import type { OperationRunner } from '../operations/operation-runner.ts';
import type { BackendAccess } from './backend-access.ts';
import type { Chat } from './chat-port.ts';

export type { Chat, IngestFile } from './chat-port.ts';

export declare function createChat(options: { access: BackendAccess; runner: OperationRunner }): Chat;
