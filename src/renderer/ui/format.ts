/** Figures as people read them. Bytes are powers of 1024 under the common names, as engines and file managers print them. */

import { formatBytes } from '../../shared/model/bytes.ts';

export function formatRate(bytesPerS: number): string {
  return `${formatBytes(bytesPerS)}/s`;
}

/** A share of one core in percent: 0.5 is "50 %", 0.004 is "0.4 %". */
export function formatCores(cores: number): string {
  const percent = cores * 100;
  return `${percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

/** How long, in words: "45 s", "3 min", "2 h 5 min", "4 d 3 h". Negative counts as 0. */
export function formatDuration(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return min < 10 ? `${min} min ${s % 60} s` : `${min} min`;
  const h = Math.floor(min / 60);
  if (h < 24) return `${h} h ${min % 60} min`;
  return `${Math.floor(h / 24)} d ${h % 24} h`;
}

/** A running clock: "0:07", "12:40", "1:02:03". */
export function formatElapsed(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, '0');
  const h = Math.floor(s / 3600);
  return h > 0 ? `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/** "just now", "5 min ago", "3 h ago", then the date. */
export function formatAgo(atMs: number, nowMs: number): string {
  const ms = nowMs - atMs;
  if (ms < 45_000) return 'just now';
  if (ms < 3_600_000) return `${Math.max(1, Math.round(ms / 60_000))} min ago`;
  if (ms < 86_400_000) return `${Math.round(ms / 3_600_000)} h ago`;
  return formatDate(atMs);
}

const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
/** Day and time in the person's own way. */
export function formatDate(atMs: number): string {
  return dateFormat.format(atMs);
}

/** "14:03:27.412" on the person's own clock. */
export function formatClock(atMs: number, withMs = true): string {
  const at = new Date(atMs);
  const two = (n: number): string => String(n).padStart(2, '0');
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return withMs ? `${clock}.${String(at.getMilliseconds()).padStart(3, '0')}` : clock;
}

/** Seconds as latency: "840 µs" never; "12 ms", "1.3 s". */
export function formatLatency(ms: number): string {
  if (ms < 1) return '< 1 ms';
  return ms < 1000 ? `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** "1 service", "3 services". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}
