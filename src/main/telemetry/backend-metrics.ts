/** The backend's own figures, scraped while somebody watches and kept as a short history. */
import type { BackendMetrics, BackendMetricsBatch } from '../../shared/model/telemetry.ts';
import type { BackendAccess } from '../backend/backend-access.ts';
import { fetchText } from './fetch-text.ts';
import { bucketsOf, type MetricSample, parseMetrics, quantileBetween, sumOf } from './prometheus.ts';
import { createWatchers } from './watchers.ts';

/** Names: study rag.md section 5. */
const names = {
  latency: 'rag_query_duration_seconds',
  embeddingErrors: 'rag_embedding_errors_total',
  chunks: 'rag_chunks',
  documents: 'rag_documents',
} as const;

const historyLength = 900;

/** One reading; `steadyMs` counts on when the clock is set. */
interface Reading {
  readonly steadyMs: number;
  readonly samples: readonly MetricSample[];
}

/** The figures of one scrape; rates and quantiles cover the time since `previous`, and are empty without one. */
export function toBackendMetrics(
  atMs: number,
  { steadyMs, samples }: Reading,
  previous: Reading | null,
): BackendMetrics {
  const queries = sumOf(samples, `${names.latency}_count`);
  const queryErrors = sumOf(samples, `${names.latency}_count`, { outcome: 'error' });
  const before = previous === null ? null : bucketsOf(previous.samples, names.latency);
  const after = bucketsOf(samples, names.latency);
  const seconds = previous === null ? 0 : Math.max((steadyMs - previous.steadyMs) / 1000, 0.001);
  const perS = (now: number, was: number) => (previous === null ? 0 : Math.max(now - was, 0) / seconds);
  return {
    atMs,
    queries,
    queryErrors,
    embeddingErrors: sumOf(samples, names.embeddingErrors),
    documents: sumOf(samples, names.documents),
    chunks: sumOf(samples, names.chunks),
    queryP50S: before === null ? null : quantileBetween(before, after, 0.5),
    queryP95S: before === null ? null : quantileBetween(before, after, 0.95),
    queriesPerS: perS(queries, sumOf(previous?.samples ?? [], `${names.latency}_count`)),
    errorsPerS: perS(queryErrors, sumOf(previous?.samples ?? [], `${names.latency}_count`, { outcome: 'error' })),
  };
}

export interface BackendMetricsHub {
  /** First the history (oldest first, possibly empty), then one sample a batch, every `intervalMs`. */
  watch(onBatch: (batch: BackendMetricsBatch) => void): () => void;
}

export function createBackendMetrics({
  access,
  intervalMs = 2000,
}: {
  access: BackendAccess;
  intervalMs?: number;
}): BackendMetricsHub {
  const history: BackendMetrics[] = [];
  let previous: Reading | null = null;

  async function scrape(): Promise<void> {
    const url = access.url();
    if (url === null) {
      previous = null;
      return;
    }
    try {
      const answer = await fetchText(`${url}/metrics`, {
        token: await access.token(),
        timeoutMs: 2000,
        maxBytes: 2 << 20,
      });
      if (answer.status !== 200) return;
      const samples = parseMetrics(answer.text);
      const reading = { steadyMs: performance.now(), samples };
      const figures = toBackendMetrics(Date.now(), reading, previous);
      previous = reading;
      history.push(figures);
      if (history.length > historyLength) history.shift();
      watchers.emit({ samples: [figures] });
    } catch {
      // A backend that does not answer is shown by health; here it is a gap in the chart, and no rate spans it.
      previous = null;
    }
  }

  const watchers = createWatchers<BackendMetricsBatch>(() => {
    let timer: NodeJS.Timeout | undefined;
    let stopped = false;
    const loop = async () => {
      await scrape();
      if (!stopped) timer = setTimeout(() => void loop(), intervalMs);
    };
    void loop();
    return () => {
      stopped = true;
      clearTimeout(timer);
      previous = null;
    };
  });

  return {
    watch(onBatch) {
      onBatch({ samples: [...history] });
      return watchers.add(onBatch);
    },
  };
}
