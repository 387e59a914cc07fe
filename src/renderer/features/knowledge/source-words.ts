/** A source's state and times in words. */
import type { Source } from '../../../shared/model/knowledge.ts';
import { formatAgo, formatDuration } from '../../ui/format.ts';
import type { Said } from '../../ui/words.ts';

/** It paused by itself, because more changed than it takes without a person's word. */
export function waitsForWord({ error }: Pick<Source, 'error'>): boolean {
  return error?.code === 'too-many-changes';
}

export function sourceSaid(source: Source): Said {
  if (source.state === 'syncing') return { word: 'Looking for changes', tone: 'busy' };
  if (waitsForWord(source)) return { word: 'Waits for your word', tone: 'warn' };
  if (source.state === 'paused') return { word: 'Paused', tone: 'idle' };
  if (source.state === 'failed') return { word: 'Could not be read', tone: 'bad' };
  return source.lastSyncAtMs === null
    ? { word: 'Not looked at yet', tone: 'idle' }
    : { word: 'Up to date', tone: 'good' };
}

const units = [
  [604_800, 'week'],
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
] as const;

/** "every hour", "every 15 minutes", "only when asked to". */
export function everyWords(everySeconds: number | null): string {
  if (everySeconds === null) return 'only when asked to';
  const unit = units.find(([seconds]) => everySeconds % seconds === 0);
  if (unit === undefined) return `every ${everySeconds} seconds`;
  const n = everySeconds / unit[0];
  return n === 1 ? `every ${unit[1]}` : `every ${n} ${unit[1]}s`;
}

const offered = [null, 900, 3600, 21_600, 86_400, 604_800] as const;

/** Choices for a form, as strings: empty is "only when asked to". One that is set otherwise stays among them. */
export function everyChoices(now: number | null): { value: string; label: string }[] {
  const all = (offered as readonly (number | null)[]).includes(now) ? offered : [...offered, now];
  return all.map((seconds) => {
    const words = everyWords(seconds);
    return { value: seconds === null ? '' : String(seconds), label: words.charAt(0).toUpperCase() + words.slice(1) };
  });
}
export const everyOf = (value: string): number | null => (value === '' ? null : Number(value));

/** "Looked at 5 min ago, again in 10 min" */
export function timesWords({ lastSyncAtMs, nextSyncAtMs, everySeconds, state }: Source, nowMs: number): string {
  const last = lastSyncAtMs === null ? null : `Looked at ${formatAgo(lastSyncAtMs, nowMs)}`;
  const next =
    state === 'paused' || state === 'syncing'
      ? null
      : everySeconds === null
        ? 'again when you ask for it'
        : nextSyncAtMs === null
          ? null
          : nextSyncAtMs <= nowMs
            ? 'again any moment'
            : `again in ${formatDuration(nextSyncAtMs - nowMs)}`;
  const words = [last, next].filter((part) => part !== null).join(', ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The backend's reason without the part that tells programs how to go on: here a button does. */
export function reasonWords(message: string): string {
  return message.replace(/\s*[^.?!]*\ballowLarge\b[^.]*\.?/, '').trim();
}
