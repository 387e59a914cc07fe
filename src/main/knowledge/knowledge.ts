/** Knowledge bases and all that belongs to them: the panel's client of the stack's backend, beside documents and conversations. */
import { z } from 'zod';
import type { SearchAnswer, SearchRequest, Source } from '../../shared/model/knowledge.ts';
import type { BackendAccess } from '../backend/backend-access.ts';
import { createBackendClient } from '../backend/backend-client.ts';
import type { OperationRunner } from '../operations/operation-runner.ts';
import { type Accounts, createAccounts } from './accounts.ts';
import { type Bases, createBases } from './bases.ts';
import { createEmbedding, type Embedding } from './embedding.ts';
import { createEvaluation, type Evaluation } from './evaluation.ts';
import { createMembers, type Members } from './members.ts';
import { createProviders, type ProviderCalls } from './providers.ts';
import { type Configuration, createConfiguration } from './rag-config.ts';
import { runSearch } from './search.ts';
import { createSources, type Sources } from './sources.ts';
import { createWorkflows, type WorkflowCalls } from './workflows.ts';

export interface KnowledgeOptions {
  readonly access: BackendAccess;
  readonly runner: OperationRunner;
  /** The Compose project whose backend this is. */
  readonly stack: string;
  /** Turns a folder as the backend sees it into the one that the person knows. */
  shown(source: Source): Promise<Source>;
  /** Where n8n's editor is published; null while there is none. */
  editorUrl(): string | null;
}

/** All methods reject with a ProblemError; `stack-not-running` when there is no backend to ask, `backend-older` when it knows no such thing. */
export interface Knowledge {
  readonly bases: Bases;
  readonly members: Members;
  readonly sources: Sources;
  readonly evaluation: Evaluation;
  readonly embedding: Embedding;
  readonly providers: ProviderCalls;
  readonly config: Configuration;
  readonly workflows: WorkflowCalls;
  readonly accounts: Accounts;
  search(request: SearchRequest, signal?: AbortSignal): Promise<SearchAnswer>;
  /** Queues what was read with other settings than those of now; answers how many. */
  reindexStale(kb?: string): Promise<number>;
}

const queued = z.object({ documents: z.int().nonnegative() });

export function createKnowledge(options: KnowledgeOptions): Knowledge {
  const { access, runner, stack } = options;
  const client = createBackendClient(access);
  return {
    bases: createBases(client, access),
    members: createMembers(client),
    sources: createSources(client, access, options.shown),
    evaluation: createEvaluation(client, runner, stack),
    embedding: createEmbedding(client, access),
    providers: createProviders(client, runner, stack),
    config: createConfiguration(client),
    workflows: createWorkflows(client, access, options.editorUrl),
    accounts: createAccounts(client),
    search: (request, signal) => runSearch(client, request, signal),
    reindexStale: async (kb) =>
      (await client.call('POST', '/v1/reindex', queued, { scope: 'stale', ...(kb === undefined ? {} : { kb }) }))
        .documents,
  };
}
