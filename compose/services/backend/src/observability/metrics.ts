/** Figures in Prometheus format. Labels are bounded; every label set that can occur exists from the start, at 0. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { providerNames, serviceNames } from '../answer/provider-names.ts';
import { workflowKeys } from '../workflows/known.ts';

export const registry = new Registry();
collectDefaultMetrics({ register: registry });
const registers = [registry];

export const outcomes = ['completed', 'abstained', 'stopped', 'error'] as const;
export type Outcome = (typeof outcomes)[number];
export const checkNames = ['database', 'redis', 'qdrant', 'nlp', 'llm', 'n8n'] as const;
export type CheckName = (typeof checkNames)[number];

export const queryDuration = new Histogram({
  name: 'rag_query_duration_seconds',
  help: 'From the question to the last word of the answer',
  labelNames: ['mode', 'provider', 'outcome'] as const,
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 30],
  registers,
});
export const embeddingErrors = new Counter({
  name: 'rag_embedding_errors_total',
  help: 'Failed calls of the embedding service',
  labelNames: ['reason'] as const,
  registers,
});
export const poolSize = new Gauge({
  name: 'rag_database_connection_pool_size',
  help: 'Connections of the pool by state',
  labelNames: ['state'] as const,
  registers,
});
export const providerAvailability = new Gauge({
  name: 'rag_llm_provider_availability',
  help: '1 when the provider can be asked',
  labelNames: ['provider'] as const,
  registers,
});
export const retrievalDuration = new Histogram({
  name: 'rag_retrieval_duration_seconds',
  help: 'Stages of a search',
  labelNames: ['stage'] as const,
  buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  registers,
});
export const timeToFirstToken = new Histogram({
  name: 'rag_time_to_first_token_seconds',
  help: 'From the question to the first word of the answer',
  labelNames: ['provider'] as const,
  buckets: [0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60],
  registers,
});
export const llmTokens = new Counter({
  name: 'rag_llm_tokens_total',
  help: 'Tokens as the provider counts them (estimated where it does not)',
  labelNames: ['provider', 'direction'] as const,
  registers,
});
export const llmErrors = new Counter({
  name: 'rag_llm_errors_total',
  help: 'Failed calls of a provider',
  labelNames: ['provider', 'code'] as const,
  registers,
});
export const runsActive = new Gauge({ name: 'rag_runs_active', help: 'Answers under way', registers });
export const runsTotal = new Counter({
  name: 'rag_runs_total',
  help: 'Answers by outcome',
  labelNames: ['status'] as const,
  registers,
});
export const streamDisconnects = new Counter({
  name: 'rag_stream_disconnects_total',
  help: 'Readers that left before the answer ended',
  registers,
});
export const abstentions = new Counter({
  name: 'rag_abstentions_total',
  help: 'Questions that the documents do not answer',
  labelNames: ['reason'] as const,
  registers,
});
export const citations = new Counter({
  name: 'rag_citations_total',
  help: 'Citations by how well the source bears the sentence out; invalid ones were removed',
  labelNames: ['strength'] as const,
  registers,
});
export const ingestDocuments = new Counter({
  name: 'rag_ingest_documents_total',
  help: 'Documents by how their ingestion ended',
  labelNames: ['status', 'mime'] as const,
  registers,
});
export const ingestDuration = new Histogram({
  name: 'rag_ingest_duration_seconds',
  help: 'Stages of an ingestion',
  labelNames: ['stage'] as const,
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  registers,
});
export const ingestQueueDepth = new Gauge({
  name: 'rag_ingest_queue_depth',
  help: 'Jobs by state',
  labelNames: ['state'] as const,
  registers,
});
export const ingestOldestJob = new Gauge({
  name: 'rag_ingest_oldest_job_age_seconds',
  help: 'Age of the oldest job that has not ended',
  registers,
});
export const documentsGauge = new Gauge({ name: 'rag_documents', help: 'Documents that are ready', registers });
export const chunksGauge = new Gauge({ name: 'rag_chunks', help: 'Passages that can be found', registers });
export const orphanVectors = new Gauge({
  name: 'rag_orphan_vectors',
  help: 'Vectors without a passage, as last counted',
  registers,
});
export const embeddingBatchSize = new Histogram({
  name: 'rag_embedding_batch_size',
  help: 'Texts per call of the embedding service',
  buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
  registers,
});
export const embeddingDuration = new Histogram({
  name: 'rag_embedding_duration_seconds',
  help: 'One call of the embedding service',
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  registers,
});
export const cacheRequests = new Counter({
  name: 'rag_cache_requests_total',
  help: 'Look-ups in the cache',
  labelNames: ['cache', 'result'] as const,
  registers,
});
export const healthStatus = new Gauge({
  name: 'rag_health_check_status',
  help: '0 when something does not answer that is meant to',
  labelNames: ['check'] as const,
  registers,
});
export const workflowExecutions = new Counter({
  name: 'rag_n8n_workflow_executions_total',
  help: 'Executions of workflows, as n8n tells them',
  labelNames: ['workflow', 'status'] as const,
  registers,
});
export const authFailures = new Counter({
  name: 'rag_auth_failures_total',
  help: 'Requests turned away',
  labelNames: ['reason'] as const,
  registers,
});
export const rateLimited = new Counter({
  name: 'rag_rate_limited_total',
  help: 'Requests refused because there were too many',
  labelNames: ['route'] as const,
  registers,
});
export const configReloads = new Counter({
  name: 'rag_config_reloads_total',
  help: 'Readings of the stored configuration',
  labelNames: ['result'] as const,
  registers,
});
export const httpDuration = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Requests by route',
  labelNames: ['method', 'route', 'status'] as const,
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  registers,
});

for (const provider of providerNames) {
  for (const mode of ['hybrid', 'dense', 'bm25'])
    for (const outcome of outcomes) queryDuration.zero({ mode, provider, outcome });
  timeToFirstToken.zero({ provider });
  providerAvailability.set({ provider }, 0);
  for (const direction of ['input', 'output']) llmTokens.inc({ provider, direction }, 0);
}
for (const code of [
  'provider-auth',
  'provider-rate-limited',
  'provider-timeout',
  'provider-error',
  'provider-unreachable',
  'model-not-found',
  'context-overflow',
])
  for (const provider of serviceNames) llmErrors.inc({ provider, code }, 0);
for (const status of outcomes) runsTotal.inc({ status }, 0);
for (const reason of ['unavailable', 'rejected', 'malformed', 'mismatch']) embeddingErrors.inc({ reason }, 0);
for (const state of ['active', 'idle', 'waiting', 'max']) poolSize.set({ state }, 0);
for (const stage of ['embed', 'qdrant', 'hydrate']) retrievalDuration.zero({ stage });
for (const reason of ['no-documents', 'not-in-documents']) abstentions.inc({ reason }, 0);
for (const strength of ['strong', 'medium', 'weak', 'unsupported', 'invalid']) citations.inc({ strength }, 0);
for (const state of ['queued', 'running']) ingestQueueDepth.set({ state }, 0);
for (const stage of ['extract', 'chunk', 'embed', 'index']) ingestDuration.zero({ stage });
for (const result of ['hit', 'miss', 'error']) cacheRequests.inc({ cache: 'embedding', result }, 0);
for (const workflow of workflowKeys)
  for (const status of ['success', 'error']) workflowExecutions.inc({ workflow, status }, 0);
for (const check of checkNames) healthStatus.set({ check }, 0);
for (const route of ['login', 'chat', 'request']) rateLimited.inc({ route }, 0);
for (const result of ['ok', 'failed', 'bad-value']) configReloads.inc({ result }, 0);
for (const reason of ['missing-token', 'wrong-token', 'login', 'session', 'host', 'origin'])
  authFailures.inc({ reason }, 0);
for (const mime of [
  'text/markdown',
  'text/plain',
  'text/html',
  'text/csv',
  'application/pdf',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
])
  for (const status of ['ready', 'failed']) ingestDocuments.inc({ status, mime }, 0);
