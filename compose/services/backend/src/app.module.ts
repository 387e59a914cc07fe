/** Composition root: every part is made here from the settings, once. */
import { type DynamicModule, Module } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { ProvidersController } from './answer/providers.controller.ts';
import { createProviders, PROVIDERS, type Providers } from './answer/providers.ts';
import { AuthController } from './auth/auth.controller.ts';
import { AUTH, type Auth, createAuth } from './auth/auth.ts';
import { ConversationToolsController } from './chat/conversation-tools.controller.ts';
import { ConversationsController } from './chat/conversations.controller.ts';
import { CONVERSATIONS, type ConversationsRepository, createConversationsRepository } from './chat/repository.ts';
import { createRunLog } from './chat/run-log.ts';
import { createRuns, RUNS, type Runs } from './chat/runs.ts';
import { ConfigController } from './config/config.controller.ts';
import type { Layers } from './config/resolve.ts';
import { CONFIG, createRagConfig, type RagConfig } from './config/service.ts';
import type { Settings } from './config/settings.ts';
import { SETTINGS } from './config/tokens.ts';
import { DocumentsController } from './documents/documents.controller.ts';
import { createDocumentEvents, DOCUMENT_EVENTS, type DocumentEvents } from './documents/events.ts';
import { documentJobs } from './documents/job-handlers.ts';
import { KnownController } from './documents/known.controller.ts';
import { ReindexController } from './documents/reindex.controller.ts';
import { reindexJobs } from './documents/reindex.ts';
import { createDocumentsRepository, DOCUMENTS, type DocumentsRepository } from './documents/repository.ts';
import { embeddingJobs } from './embedding/change-job.ts';
import { EmbeddingController } from './embedding/embedding.controller.ts';
import { createProfiles, type Profiles } from './embedding/profiles.ts';
import { createEmbeddingRepository, EMBEDDING, type EmbeddingRepository } from './embedding/repository.ts';
import { EvaluationController } from './evaluation/evaluation.controller.ts';
import { createEvaluationRepository, EVALUATION, type EvaluationRepository } from './evaluation/repository.ts';
import { evaluationJobs } from './evaluation/run-job.ts';
import { createExtractor, type Extractor } from './extract/isolated.ts';
import { HealthController } from './health/health.controller.ts';
import { createHealthMonitor, HEALTH, type HealthMonitor } from './health/monitor.ts';
import { createIdempotency, IDEMPOTENCY } from './http/idempotency.ts';
import { JobsController } from './jobs/jobs.controller.ts';
import { createJobsRepository, JOBS } from './jobs/repository.ts';
import { createJobWorker, type JobWorker } from './jobs/worker.ts';
import { KnowledgeController } from './knowledge/knowledge.controller.ts';
import { createKnowledgeRepository, KNOWLEDGE } from './knowledge/repository.ts';
import { OpenAiController } from './openai/openai.controller.ts';
import { OpenApiController } from './openapi/openapi.controller.ts';
import { SearchController } from './retrieval/search.controller.ts';
import { SEARCH_PARTS, type SearchParts } from './retrieval/search.ts';
import { createSourcesRepository, SOURCES } from './sources/repository.ts';
import { SourcesController } from './sources/sources.controller.ts';
import { syncJobs } from './sources/sync.ts';
import { createSourceWatch, type SourceWatch } from './sources/watch.ts';
import { BUS, type Bus, createBus } from './store/bus.ts';
import { createCache } from './store/cache.ts';
import { DATABASE, type Database, openDatabase } from './store/database.ts';
import { createNlp } from './store/nlp.ts';
import { openRedis } from './store/redis.ts';
import { createVectors } from './store/vectors.ts';
import { createN8n, N8N, type N8n } from './workflows/n8n.ts';
import { WorkflowsController } from './workflows/workflows.controller.ts';

export interface Parts {
  readonly settings: Settings;
  readonly database: Database;
  readonly redis: Redis;
  readonly bus: Bus;
  readonly config: RagConfig;
  readonly auth: Auth;
  readonly search: SearchParts;
  readonly events: DocumentEvents;
  readonly documents: DocumentsRepository;
  readonly extractor: Extractor;
  readonly worker: JobWorker;
  readonly sourceWatch: SourceWatch;
  readonly conversations: ConversationsRepository;
  readonly providers: Providers;
  readonly runs: Runs;
  readonly n8n: N8n;
  readonly health: HealthMonitor;
  readonly evaluation: EvaluationRepository;
  readonly profiles: Profiles;
  readonly embedding: EmbeddingRepository;
}

/** Opens nothing that would fail without its peer: connections are made when they are first used. */
export function createParts(settings: Settings, layers: Omit<Layers, 'database'>): Parts {
  const database = openDatabase(settings);
  const redis = openRedis(settings);
  const bus = createBus(settings, database);
  const config = createRagConfig({ database, bus, layers });
  const auth = createAuth({
    environmentToken: settings.apiToken,
    workflowToken: settings.workflowToken,
    database,
    redis,
    bus,
  });
  const cache = createCache(redis);
  const nlp = createNlp({ url: settings.NLP_URL, token: settings.nlpToken });
  const vectors = createVectors(settings);
  const profiles = createProfiles(database, bus);
  const embedding = createEmbeddingRepository(database);
  const search: SearchParts = { database, cache, nlp, vectors, profiles, config };
  const events = createDocumentEvents(bus);
  const documents = createDocumentsRepository(database);
  const extractor = createExtractor();
  const roots = settings.sourceRoots;
  const evaluation = createEvaluationRepository(database);
  const worker = createJobWorker(
    { database, bus },
    {
      ...documentJobs({ database, vectors, nlp, extractor, documents, events, config }),
      ...reindexJobs({ database, config, bus, events }),
      ...syncJobs({ database, documents, config, bus, events, roots }),
      ...evaluationJobs(search, evaluation),
      ...embeddingJobs({ database, vectors, nlp, bus, embedding, config }),
    },
    { concurrency: () => config.values()['ingest.concurrency'] },
  );
  const n8n = createN8n({
    url: settings.N8N_URL,
    webhookToken: settings.n8nWebhookToken,
    signingKey: settings.n8nSigningKey,
  });
  const conversations = createConversationsRepository(database);
  const providers = createProviders(search, config, settings, {
    baseUrl: settings.LLM_URL,
    token: settings.llmToken,
  });
  const runs = createRuns({ ...search, bus, runLog: createRunLog(redis) }, conversations, providers);
  const health = createHealthMonitor(search, providers, n8n);
  return {
    settings,
    database,
    redis,
    bus,
    config,
    auth,
    search,
    events,
    documents,
    extractor,
    worker,
    sourceWatch: createSourceWatch({ database, bus, roots }),
    conversations,
    providers,
    runs,
    n8n,
    health,
    evaluation,
    profiles,
    embedding,
  };
}

/** Everything that answers requests. */
export const controllers = [
  HealthController,
  AuthController,
  KnowledgeController,
  DocumentsController,
  KnownController,
  ReindexController,
  JobsController,
  SourcesController,
  SearchController,
  EvaluationController,
  EmbeddingController,
  // Before the conversations: `search` is no id.
  ConversationToolsController,
  ConversationsController,
  ProvidersController,
  OpenAiController,
  WorkflowsController,
  ConfigController,
  OpenApiController,
];

@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: Nest asks for a class
export class AppModule {
  static with(parts: Parts): DynamicModule {
    return {
      module: AppModule,
      controllers,
      providers: [
        { provide: SETTINGS, useValue: parts.settings },
        { provide: DATABASE, useValue: parts.database },
        { provide: BUS, useValue: parts.bus },
        { provide: CONFIG, useValue: parts.config },
        { provide: AUTH, useValue: parts.auth },
        { provide: IDEMPOTENCY, useValue: createIdempotency(parts.database) },
        { provide: SEARCH_PARTS, useValue: parts.search },
        { provide: DOCUMENT_EVENTS, useValue: parts.events },
        { provide: KNOWLEDGE, useValue: createKnowledgeRepository(parts.database) },
        { provide: DOCUMENTS, useValue: parts.documents },
        { provide: JOBS, useValue: createJobsRepository(parts.database) },
        { provide: SOURCES, useValue: createSourcesRepository(parts.database) },
        { provide: CONVERSATIONS, useValue: parts.conversations },
        { provide: PROVIDERS, useValue: parts.providers },
        { provide: RUNS, useValue: parts.runs },
        { provide: N8N, useValue: parts.n8n },
        { provide: HEALTH, useValue: parts.health },
        { provide: EVALUATION, useValue: parts.evaluation },
        { provide: EMBEDDING, useValue: parts.embedding },
      ],
    };
  }
}
