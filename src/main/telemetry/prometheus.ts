/**
 * Reads the Prometheus text exposition format, version 0.0.4, as far as Quayside's own services write it.
 * Source: prometheus.io/docs/instrumenting/exposition_formats. Input is untrusted: lines and samples are bounded,
 * and a line that does not parse is skipped.
 */

export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const maxSamples = 20_000;
const maxLineLength = 4096;
const samplePattern = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?\s*$/;
const labelPattern = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"\s*,?\s*/gy;

/** At most 20,000 samples, in the order of the text. `+Inf` and `NaN` become the numbers of that name. */
export function parseMetrics(text: string): MetricSample[] {
  const samples: MetricSample[] = [];
  for (const line of text.split('\n')) {
    if (samples.length >= maxSamples) break;
    if (line.length > maxLineLength || line.startsWith('#')) continue;
    const match = samplePattern.exec(line);
    if (!match) continue;
    const [, name = '', rawLabels = '', rawValue = ''] = match;
    const labels = parseLabels(rawLabels);
    const value = parseValue(rawValue);
    if (labels !== null && value !== null) samples.push({ name, labels, value });
  }
  return samples;
}

function parseLabels(text: string): Record<string, string> | null {
  const labels: Record<string, string> = Object.create(null);
  labelPattern.lastIndex = 0;
  let end = 0;
  for (let match = labelPattern.exec(text); match; match = labelPattern.exec(text)) {
    const [, name = '', raw = ''] = match;
    labels[name] = raw.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    end = labelPattern.lastIndex;
  }
  return end === text.length ? labels : null;
}

function parseValue(text: string): number | null {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  if (text === 'NaN') return Number.NaN;
  const value = Number(text);
  return Number.isNaN(value) ? null : value;
}

/** The sum over every sample of that name whose labels hold `where`; 0 when there is none. NaN samples are left out. */
export function sumOf(
  samples: readonly MetricSample[],
  name: string,
  where: Readonly<Record<string, string>> = {},
): number {
  let sum = 0;
  for (const sample of samples) {
    if (sample.name !== name || Number.isNaN(sample.value)) continue;
    if (Object.entries(where).every(([key, value]) => sample.labels[key] === value)) sum += sample.value;
  }
  return sum;
}

/** Cumulative bucket counts of one histogram, summed over all its label sets: upper bound (`le`) to count. */
export function bucketsOf(samples: readonly MetricSample[], name: string): Map<number, number> {
  const buckets = new Map<number, number>();
  for (const sample of samples) {
    if (sample.name !== `${name}_bucket`) continue;
    const bound = parseValue(sample.labels.le ?? '');
    if (bound !== null) buckets.set(bound, (buckets.get(bound) ?? 0) + sample.value);
  }
  return buckets;
}

/**
 * The q-quantile of what fell into the buckets between two scrapes, by linear interpolation inside the bucket,
 * as PromQL's histogram_quantile does (prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile).
 * null when nothing fell in, or after a restart (a count that went down). In the highest bucket: its lower bound.
 */
export function quantileBetween(
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
  q: number,
): number | null {
  const bounds = [...after.keys()].sort((a, b) => a - b);
  const increase = bounds.map((bound) => (after.get(bound) ?? 0) - (before.get(bound) ?? 0));
  const total = increase.at(-1) ?? 0;
  if (total <= 0 || increase.some((count) => count < 0)) return null;
  const rank = q * total;
  const at = increase.findIndex((count) => count >= rank);
  const upper = bounds[at] ?? Number.POSITIVE_INFINITY;
  const lower = at > 0 ? (bounds[at - 1] ?? 0) : 0;
  if (upper === Number.POSITIVE_INFINITY) return lower;
  const below = at > 0 ? (increase[at - 1] ?? 0) : 0;
  const inside = (increase[at] ?? 0) - below;
  return inside <= 0 ? upper : lower + ((upper - lower) * (rank - below)) / inside;
}
