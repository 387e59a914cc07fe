/**
 * Looks at every dependency in the background, so that asking for health costs nothing and a hanging dependency
 * cannot make it hang. Also refreshes the figures that are counted in the database.
 */
import type { Providers } from '../answer/providers.ts';
import {
  type CheckName,
  checkNames,
  chunksGauge,
  documentsGauge,
  healthStatus,
  ingestOldestJob,
  ingestQueueDepth,
  orphanVectors,
  poolSize,
} from '../observability/metrics.ts';
import type { SearchParts } from '../retrieval/search.ts';
import type { N8n } from '../workflows/n8n.ts';

export interface Check {
  /** `off`: this stack runs without it. */
  readonly status: 'healthy' | 'degraded' | 'down' | 'unknown' | 'off';
  readonly latencyMs: number | null;
  readonly error?: string;
}
export interface HealthMonitor {
  start(): void;
  readonly checks: Readonly<Record<CheckName, Check>>;
  /** When the last whole round ended, epoch ms; null before the first. */
  readonly checkedAtMs: number | null;
  /** False until the schema and the collection are there. */
  prepared: boolean;
  /** Looks now. */
  round(): Promise<void>;
  close(): void;
}
export const HEALTH = Symbol('health');

/** Answers, or is not wanted. */
export const isFine = ({ status }: Check): boolean => status === 'healthy' || status === 'off';

const everyMs = 5000;
const timeoutMs = 2000;

function words(error: unknown): string {
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError'))
    return `no answer within ${timeoutMs / 1000} s`;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: unknown } | null)?.code;
  if (typeof code === 'string') return code;
  return (error instanceof Error ? error.message : String(error)).slice(0, 200);
}

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException('late', 'TimeoutError')), timeoutMs + 200);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

export function createHealthMonitor(
  parts: SearchParts,
  providers: Providers,
  workflows: Pick<N8n, 'configured' | 'ping'>,
): HealthMonitor {
  const unknown: Check = { status: 'unknown', latencyMs: null };
  let checks = Object.fromEntries(checkNames.map((name) => [name, unknown])) as Record<CheckName, Check>;
  let checkedAtMs: number | null = null;
  let timer: NodeJS.Timeout | null = null;
  let under: Promise<void> | null = null;
  let rounds = 0;

  async function measured(look: (signal: AbortSignal) => Promise<unknown>): Promise<Check> {
    const startedAt = performance.now();
    try {
      await within(look(AbortSignal.timeout(timeoutMs)));
      return { status: 'healthy', latencyMs: Math.round((performance.now() - startedAt) * 10) / 10 };
    } catch (error) {
      return { status: 'down', latencyMs: null, error: words(error) };
    }
  }

  async function lookAtModel(): Promise<Check> {
    const { status, code, latencyMs } = await within(providers.probe());
    if (status === 'available') return { status: 'healthy', latencyMs };
    return { status: 'down', latencyMs: null, error: code ?? status };
  }

  async function count(): Promise<void> {
    const pool = parts.database.pool();
    poolSize.set({ state: 'active' }, pool.total - pool.idle);
    poolSize.set({ state: 'idle' }, pool.idle);
    poolSize.set({ state: 'waiting' }, pool.waiting);
    poolSize.set({ state: 'max' }, pool.max);
    const row = await parts.database.one<{
      documents: number;
      chunks: number;
      queued: number;
      running: number;
      oldest: number;
    }>(
      `select (select count(*) from documents where current_version is not null and deleted_at is null) as documents,
         (select coalesce(sum(chunk_count), 0)::int8 from documents where current_version is not null and deleted_at is null) as chunks,
         count(*) filter (where state = 'queued') as queued, count(*) filter (where state = 'running') as running,
         coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest
       from jobs where state in ('queued','running') and kind not in ('eval','embed-change','embed-retire')`,
    );
    if (row === undefined) return;
    documentsGauge.set(row.documents);
    chunksGauge.set(row.chunks);
    ingestQueueDepth.set({ state: 'queued' }, row.queued);
    ingestQueueDepth.set({ state: 'running' }, row.running);
    ingestOldestJob.set(row.oldest);
    // Only while nothing is being written do both stores have to agree.
    if (rounds % 12 === 1 && row.queued + row.running === 0)
      orphanVectors.set(
        Math.max(0, (await parts.vectors.of(parts.profiles.active().collection).count(null)) - row.chunks),
      );
  }

  async function look(): Promise<void> {
    rounds += 1;
    const [database, redis, qdrant, nlp, n8n] = await Promise.all([
      measured(() => parts.database.rows('select 1')),
      measured(() => parts.cache.ping()),
      measured((signal) => parts.vectors.ping(parts.profiles.active().collection, signal)),
      measured((signal) => parts.nlp.ping(signal)),
      workflows.configured
        ? measured((signal) => workflows.ping(signal))
        : Promise.resolve<Check>({ status: 'off', latencyMs: null }),
    ]);
    const llm = await lookAtModel().catch(
      (error: unknown): Check => ({ status: 'unknown', latencyMs: null, error: words(error) }),
    );
    checks = { database, redis, qdrant, nlp, llm, n8n };
    checkedAtMs = Date.now();
    for (const name of checkNames) healthStatus.set({ check: name }, isFine(checks[name]) ? 1 : 0);
    await within(count()).catch(() => undefined);
  }

  function round(): Promise<void> {
    under ??= look().finally(() => {
      under = null;
    });
    return under;
  }

  return {
    prepared: false,
    get checks() {
      return checks;
    },
    get checkedAtMs() {
      return checkedAtMs;
    },
    start() {
      void round();
      timer ??= setInterval(() => void round(), everyMs);
    },
    round,
    close() {
      if (timer !== null) clearInterval(timer);
    },
  };
}
