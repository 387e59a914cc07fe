/** The backend's settings in words: groups, names, values, and where a value comes from. */
import type { ConfigEntry, ConfigValue } from '../../../shared/model/rag-config.ts';

const groupTitles: Readonly<Record<string, string>> = {
  llm: 'Answers',
  retrieval: 'Search',
  chunk: 'Passages',
  ingest: 'Reading documents in',
  chat: 'Conversations',
  cache: 'Cache',
  limits: 'Limits',
  log: 'Log',
};

/** "maxOutputTokens" is "Max output tokens". */
function spaced(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, (_all, a: string, b: string) => `${a} ${b.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Those whose own words say more than their key. */
const titles: Readonly<Record<string, string>> = {
  'llm.active': 'Who writes answers',
  'llm.fallback': 'Who steps in',
  'llm.allowCloud': 'A service outside may step in',
  'llm.contextTokens': 'Context window',
  'llm.maxOutputTokens': 'Longest answer',
  'llm.firstTokenTimeoutMs': 'Patience to the first word',
  'llm.idleTimeoutMs': 'Patience between words',
  'retrieval.mode': 'Way of searching',
  'retrieval.topK': 'Passages for an answer',
  'retrieval.prefetch': 'Candidates each way',
  'retrieval.rrfK': 'Constant of the fusion',
  'retrieval.minDense': 'Nearness that counts',
  'retrieval.maxContextTokens': 'Passages a model reads',
  'chunk.targetTokens': 'Size of a passage',
  'chunk.overlapPct': 'Overlap of passages',
  'ingest.concurrency': 'Documents at a time',
  'ingest.maxFileMb': 'Largest file',
  'chat.historyTurns': 'Earlier messages',
  'chat.rewriteFollowUps': 'Follow-up questions',
  'chat.disconnectGraceSec': 'Patience without a reader',
  'cache.ttlSec': 'Vectors of questions',
  'limits.loginPerMinute': 'Sign-ins per minute',
  'limits.chatPerMinute': 'Questions per minute',
  'limits.requestsPerMinute': 'Requests per minute',
  'log.level': 'What is logged',
};

export function titleOf(key: string): string {
  return titles[key] ?? spaced(key.slice(key.indexOf('.') + 1));
}

export interface ConfigGroup {
  readonly title: string;
  readonly entries: readonly ConfigEntry[];
}

/** By what stands before the dot, in the order in which they come. */
export function groupsOf(entries: readonly ConfigEntry[]): ConfigGroup[] {
  const groups = new Map<string, ConfigEntry[]>();
  for (const entry of entries) {
    const prefix = entry.key.split('.')[0] ?? entry.key;
    groups.set(prefix, [...(groups.get(prefix) ?? []), entry]);
  }
  return [...groups].map(([prefix, list]) => ({ title: groupTitles[prefix] ?? spaced(prefix), entries: list }));
}

const unitWords: readonly (readonly [RegExp, string])[] = [
  [/Ms$/, 'ms'],
  [/(Sec|Seconds)$/, 's'],
  [/Mb$/, 'MB'],
  [/Pct$/, '%'],
  [/Tokens$/, 'tokens'],
];

/** What the number counts, where its key says so. */
export function unitOf(key: string): string | null {
  return unitWords.find(([ending]) => ending.test(key))?.[1] ?? null;
}

export function valueWords(value: ConfigValue): string {
  if (value === null) return 'the default';
  if (value === true) return 'on';
  if (value === false) return 'off';
  if (value === '') return 'empty';
  return typeof value === 'number' ? value.toLocaleString('en', { maximumFractionDigits: 6 }) : value;
}

export function sourceWords({ source, env, key }: Pick<ConfigEntry, 'source' | 'env' | 'key'>): string {
  switch (source) {
    case 'default':
      return 'Default';
    case 'database':
      return 'Set here';
    case 'environment':
      return `Environment: ${env}`;
    case 'env-file':
      return `Env file: ${env}`;
    case 'command-line':
      return `Command line: ${key}`;
    default:
      return source satisfies never;
  }
}

/** Why it cannot be changed here. */
export function lockWords({ source, env }: Pick<ConfigEntry, 'source' | 'env'>): string {
  if (source === 'command-line') return 'Fixed on the backend’s command line. Change it there.';
  const where = source === 'env-file' ? 'env file' : 'environment';
  return `Fixed by ${env} in the ${where} of the stack. Change it there.`;
}

/** What is wrong with a number that was typed; null when nothing is. */
export function numberFault(text: string, kind: Extract<ConfigEntry['kind'], { type: 'number' }>): string | null {
  const value = Number(text);
  const { whole, min, max } = kind;
  const bounds =
    min !== null && max !== null
      ? `from ${valueWords(min)} to ${valueWords(max)}`
      : min !== null
        ? `of ${valueWords(min)} or more`
        : max !== null
          ? `of ${valueWords(max)} or less`
          : '';
  const fits =
    text.trim() !== '' &&
    Number.isFinite(value) &&
    (!whole || Number.isInteger(value)) &&
    (min === null || value >= min) &&
    (max === null || value <= max);
  return fits ? null : `A ${whole ? 'whole number' : 'number'}${bounds === '' ? '' : ` ${bounds}`}`;
}
