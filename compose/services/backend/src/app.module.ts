/** Composition root: every part is made here from the settings, once. */
import { type DynamicModule, Module } from '@nestjs/common';
import { ProvidersController } from './answer/providers.controller.ts';
import { createProviders, PROVIDERS, type Providers } from './answer/providers.ts';
import { ConversationsController } from './chat/conversations.controller.ts';
import { CONVERSATIONS, type ConversationsRepository, createConversationsRepository } from './chat/repository.ts';
import { createRuns, RUNS, type Runs } from './chat/runs.ts';
import type { Settings } from './config/settings.ts';
import { SETTINGS } from './config/tokens.ts';
import { DocumentsController } from './documents/documents.controller.ts';
import { createDocumentEvents, DOCUMENT_EVENTS, type DocumentEvents } from './documents/events.ts';
import { createDocumentsRepository, DOCUMENTS, type DocumentsRepository } from './documents/repository.ts';
import { createJobWorker, JOB_WORKER, type JobWorker } from './documents/worker.ts';
import { createExtractor, EXTRACTOR, type Extractor } from './extract/isolated.ts';
import { HealthController } from './health/health.controller.ts';
import { createHealthMonitor, HEALTH, type HealthMonitor } from './health/monitor.ts';
import { SearchController } from './retrieval/search.controller.ts';
import { SEARCH_PARTS, type SearchParts } from './retrieval/search.ts';
import { type Cache, openCache } from './store/cache.ts';
import { DATABASE, type Database, openDatabase } from './store/database.ts';
import { createNlp } from './store/nlp.ts';
import { createVectors } from './store/vectors.ts';

export interface Parts {
  readonly settings: Settings;
  readonly database: Database;
  readonly cache: Cache;
  readonly search: SearchParts;
  readonly events: DocumentEvents;
  readonly documents: DocumentsRepository;
  readonly extractor: Extractor;
  readonly worker: JobWorker;
  readonly conversations: ConversationsRepository;
  readonly providers: Providers;
  readonly runs: Runs;
  readonly health: HealthMonitor;
}

/** Opens nothing that would fail without its peer: connections are made when they are first used. */
export function createParts(settings: Settings): Parts {
  const database = openDatabase(settings);
  const cache = openCache(settings);
  const nlp = createNlp({ url: settings.NLP_URL, token: settings.nlpToken });
  const vectors = createVectors(settings);
  const search: SearchParts = { database, cache, nlp, vectors };
  const events = createDocumentEvents();
  const documents = createDocumentsRepository(database);
  const extractor = createExtractor();
  const worker = createJobWorker(
    { database, vectors, nlp, extractor, documents, events },
    { concurrency: settings.INGEST_CONCURRENCY },
  );
  const conversations = createConversationsRepository(database);
  const providers = createProviders(search, settings.apiToken);
  const runs = createRuns(search, conversations, providers);
  const health = createHealthMonitor(search, providers);
  return {
    settings,
    database,
    cache,
    search,
    events,
    documents,
    extractor,
    worker,
    conversations,
    providers,
    runs,
    health,
  };
}

@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: Nest asks for a class
export class AppModule {
  static with(parts: Parts): DynamicModule {
    return {
      module: AppModule,
      controllers: [
        HealthController,
        DocumentsController,
        SearchController,
        ConversationsController,
        ProvidersController,
      ],
      providers: [
        { provide: SETTINGS, useValue: parts.settings },
        { provide: DATABASE, useValue: parts.database },
        { provide: SEARCH_PARTS, useValue: parts.search },
        { provide: DOCUMENT_EVENTS, useValue: parts.events },
        { provide: DOCUMENTS, useValue: parts.documents },
        { provide: EXTRACTOR, useValue: parts.extractor },
        { provide: JOB_WORKER, useValue: parts.worker },
        { provide: CONVERSATIONS, useValue: parts.conversations },
        { provide: PROVIDERS, useValue: parts.providers },
        { provide: RUNS, useValue: parts.runs },
        { provide: HEALTH, useValue: parts.health },
      ],
    };
  }
}
