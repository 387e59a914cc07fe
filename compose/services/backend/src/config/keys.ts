/**
 * Every setting that can change while the stack runs: the one list behind the API, the window and the checks. A key is
 * added here together with the code that it steers; its names on the command line and in the environment follow.
 */
import { z } from 'zod';
import { providerNames } from '../answer/provider-names.ts';

export interface ConfigKey<S extends z.ZodType = z.ZodType> {
  readonly schema: S;
  readonly default: z.output<S>;
  /** What it does, for people. */
  readonly help: string;
  /** Documents that are already in keep what they were read with until they are indexed again. */
  readonly reindex?: true;
  readonly restartRequired?: true;
}

const key = <S extends z.ZodType>(entry: ConfigKey<S>): ConfigKey<S> => entry;
const whole = (min: number, max: number) => z.number().int().min(min).max(max);

export const configKeys = {
  'llm.active': key({
    schema: z.enum(providerNames),
    default: 'embedded',
    help: 'Who writes answers',
  }),
  'llm.fallback': key({
    schema: z.enum(['off', ...providerNames]),
    default: 'off',
    help: 'Who answers instead when the active provider cannot be asked',
  }),
  'llm.allowCloud': key({
    schema: z.boolean(),
    default: false,
    help: 'Whether the fallback may be a service outside this machine and its network',
  }),
  'llm.contextTokens': key({
    schema: whole(512, 10_000_000),
    default: 8192,
    help: 'What a model reads and writes at most when its service does not tell, in tokens; for Ollama the most it is asked to make room for',
  }),
  'llm.maxOutputTokens': key({ schema: whole(16, 32_000), default: 800, help: 'Longest answer, in tokens' }),
  'llm.temperature': key({
    schema: z.number().min(0).max(2),
    default: 0.1,
    help: 'How freely a model words its answer',
  }),
  'llm.firstTokenTimeoutMs': key({
    schema: whole(1000, 600_000),
    default: 60_000,
    help: 'How long a model may take to its first word, in milliseconds',
  }),
  'llm.idleTimeoutMs': key({
    schema: whole(1000, 600_000),
    default: 30_000,
    help: 'How long a model may be silent in the middle of an answer, in milliseconds',
  }),
  'retrieval.mode': key({
    schema: z.enum(['hybrid', 'dense', 'bm25']),
    default: 'hybrid',
    help: 'How passages are found for an answer: by meaning, by words, or both',
  }),
  'retrieval.prefetch': key({
    schema: whole(10, 400),
    default: 60,
    help: 'Passages each way of searching hands to the fusion of both',
  }),
  'retrieval.topK': key({ schema: whole(1, 50), default: 8, help: 'Passages an answer is made from' }),
  'retrieval.fusion': key({
    schema: z.enum(['scores', 'rrf']),
    default: 'scores',
    help: 'How both ways of searching become one list: by how good each passage is, or only by its places (rrf)',
  }),
  'retrieval.bm25Weight': key({
    schema: z.number().min(0).max(2),
    default: 0.15,
    help: 'For the fusion by scores: how much the best passage by words gains over one that holds none',
  }),
  'retrieval.rrfK': key({
    schema: whole(1, 1000),
    default: 2,
    help: 'Constant of the fusion by places: small values trust the first places more',
  }),
  'retrieval.minDense': key({
    schema: z.number().min(0).max(1),
    default: 0.3,
    help: 'Below this nearness in meaning nothing counts as an answer',
  }),
  'retrieval.maxContextTokens': key({
    schema: whole(200, 100_000),
    default: 2400,
    help: 'Tokens of passages that a model gets to read',
  }),
  'chunk.targetTokens': key({
    schema: whole(40, 230),
    default: 200,
    reindex: true,
    help: 'Size of a passage, in the word-pieces of the embedding model',
  }),
  'chunk.overlapPct': key({
    schema: whole(0, 50),
    default: 15,
    reindex: true,
    help: 'How much of a passage is repeated in the next, in percent',
  }),
  'embedding.undoHours': key({
    schema: whole(1, 720),
    default: 24,
    help: 'How long the passages of the embedding model before are kept up to date, to go back to it, in hours',
  }),
  'ingest.concurrency': key({ schema: whole(1, 8), default: 2, help: 'Documents read at the same time, per backend' }),
  'ingest.maxFileMb': key({ schema: whole(1, 200), default: 50, help: 'Largest file, in MB' }),
  'chat.historyTurns': key({ schema: whole(0, 50), default: 6, help: 'Earlier messages that a model sees' }),
  'chat.rewriteFollowUps': key({
    schema: z.enum(['auto', 'off']),
    default: 'auto',
    help: 'Whether a short question that points back is searched together with the one before',
  }),
  'chat.disconnectGraceSec': key({
    schema: whole(0, 3600),
    default: 20,
    help: 'How long an answer goes on when nobody reads it, in seconds',
  }),
  'cache.ttlSec': key({
    schema: whole(60, 30 * 86_400),
    default: 86_400,
    help: 'How long vectors of questions are kept',
  }),
  'limits.loginPerMinute': key({ schema: whole(1, 1000), default: 10, help: 'Attempts to sign in, per account' }),
  'limits.chatPerMinute': key({ schema: whole(1, 100_000), default: 60, help: 'Questions per person' }),
  'limits.requestsPerMinute': key({ schema: whole(10, 1_000_000), default: 600, help: 'Other requests per person' }),
  'log.level': key({ schema: z.enum(['debug', 'info', 'warn', 'error']), default: 'info', help: 'What is logged' }),
} as const;

export type ConfigName = keyof typeof configKeys;
export type ConfigValues = { readonly [K in ConfigName]: z.output<(typeof configKeys)[K]['schema']> };
export const configNames = Object.keys(configKeys) as ConfigName[];

export const isConfigName = (name: string): name is ConfigName => Object.hasOwn(configKeys, name);

/** `retrieval.topK` is `RAG_RETRIEVAL_TOP_K` in the environment. */
export const envNameOf = (name: ConfigName): string =>
  `RAG_${name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase()}`;
