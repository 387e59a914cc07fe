/** What the process is told at its start: addresses and secrets. Read once; a missing or malformed value stops the start. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const port = z.coerce.number().int().min(1).max(65535);
const environmentSchema = z.object({
  PORT: port.default(3000),
  APP_VERSION: z.string().max(64).default('0.1.0'),
  QUAYSIDE_ENV: z.string().max(64).default('dev'),
  DATABASE_HOST: z.string().default('postgres'),
  DATABASE_PORT: port.default(5432),
  DATABASE_NAME: z.string().default('quayside'),
  DATABASE_USER: z.string().default('quayside'),
  DATABASE_POOL_MAX: z.coerce.number().int().min(2).max(100).default(10),
  REDIS_HOST: z.string().default('redis'),
  REDIS_PORT: port.default(6379),
  QDRANT_URL: z.url().default('http://qdrant:6333'),
  /** The model that the stack runs itself; empty where it runs none. */
  LLM_URL: z.union([z.literal(''), z.url()]).default(''),
  /** Empty: the stack runs without n8n. */
  N8N_URL: z.union([z.literal(''), z.url()]).default(''),
  NLP_URL: z.url().default('http://nlp:8000'),
  /** Host names besides 127.0.0.1 and localhost under which requests are taken; comma separated. */
  ALLOWED_HOSTS: z.string().default('backend'),
  /** Folders that sources may lie in, separated by colons; mounted for reading only. */
  SOURCES_DIR: z.string().max(4000).default('/sources'),
  /** Docker's: the container's short id. */
  HOSTNAME: z.string().max(64).default('backend'),
});

export interface Settings extends z.infer<typeof environmentSchema> {
  /** From SOURCES_DIR; only absolute ones. */
  readonly sourceRoots: readonly string[];
  readonly databasePassword: string;
  readonly redisPassword: string;
  readonly qdrantApiKey: string;
  readonly nlpToken: string;
  readonly llmToken: string;
  readonly apiToken: string;
  /** What keys of providers are sealed under; empty: the API token. */
  readonly dataKey: string;
  /** What n8n comes with, good for what its workflows do; empty: it may not come. */
  readonly workflowToken: string;
  /** What n8n's webhooks ask for, and what a request that begins a workflow is signed with. */
  readonly n8nWebhookToken: string;
  readonly n8nSigningKey: string;
}

/** `NAME_FILE` wins over `NAME`; the value's final line break is not part of it. */
function secret(env: NodeJS.ProcessEnv, name: string): string {
  const file = env[`${name}_FILE`];
  const value = file === undefined ? (env[name] ?? '') : readFileSync(file, 'utf8');
  return value.replace(/\r?\n$/, '');
}

/** @throws {Error} naming the variable at fault, never its value. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const parsed = environmentSchema.safeParse(env);
  if (!parsed.success) {
    const where = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
    throw new Error(`The environment does not fit: ${where}`);
  }
  const apiToken = secret(env, 'API_TOKEN');
  if (apiToken.length < 16) throw new Error('API_TOKEN or API_TOKEN_FILE must hold at least 16 characters');
  return {
    ...parsed.data,
    sourceRoots: parsed.data.SOURCES_DIR.split(':').filter((path) => path.startsWith('/') && path !== '/'),
    databasePassword: secret(env, 'DATABASE_PASSWORD'),
    redisPassword: secret(env, 'REDIS_PASSWORD'),
    qdrantApiKey: secret(env, 'QDRANT_API_KEY'),
    nlpToken: secret(env, 'NLP_TOKEN'),
    llmToken: parsed.data.LLM_URL === '' ? '' : secret(env, 'LLM_TOKEN'),
    apiToken,
    dataKey: secret(env, 'DATA_KEY'),
    workflowToken: secret(env, 'WORKFLOW_TOKEN'),
    n8nWebhookToken: secret(env, 'N8N_WEBHOOK_TOKEN'),
    n8nSigningKey: secret(env, 'N8N_SIGNING_KEY'),
  };
}
