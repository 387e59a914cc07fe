/** Which image each service runs, of the core and of what is optional, and how a stand-in is built where no registry answers. */

/** What every stand-in is built on. Set-up makes it (scripts/setup/base-image.mjs): it needs root, which a panel has not. */
export const baseImage = 'quayside/base:trixie';

export interface Recipe {
  readonly name: string;
  /** Below the compose folder. */
  readonly folder: string;
  /** First part of the tag, for people: `quayside/redis:8-0123456789ab`. */
  readonly version: string;
  /** Build arguments that name other images. */
  readonly bases: Readonly<Record<string, 'base' | Foundation>>;
}

/** Images that others are built on: pulled where a registry answers, else built. */
export type Foundation = 'node' | 'python' | 'nginx' | 'n8n';

export const foundations: Readonly<Record<Foundation, { readonly official: string; readonly recipe: Recipe }>> = {
  python: {
    official: 'python:3.13-slim',
    recipe: { name: 'python', folder: 'images/python', version: '3.13', bases: { BASE_IMAGE: 'base' } },
  },
  node: {
    official: 'node:24-slim',
    recipe: {
      name: 'node',
      folder: 'images/node',
      version: '24',
      bases: { BASE_IMAGE: 'base', PYTHON_IMAGE: 'python' },
    },
  },
  nginx: {
    official: 'nginx:1.28',
    recipe: { name: 'nginx', folder: 'images/nginx', version: '1.26', bases: { BASE_IMAGE: 'base' } },
  },
  n8n: {
    official: 'n8nio/n8n:2.41.1',
    recipe: { name: 'n8n', folder: 'images/n8n', version: '2.41.1', bases: { NODE_IMAGE: 'node' } },
  },
};

export interface ServiceImage {
  readonly service: string;
  /** The variable of compose.yaml that names its image. */
  readonly variable: string;
  /** The default of that variable; null for our own services, which no registry has. */
  readonly official: string | null;
  readonly recipe: Recipe;
}

/** Of compose.yaml. */
export const serviceImages: readonly ServiceImage[] = [
  {
    service: 'postgres',
    variable: 'QUAYSIDE_POSTGRES_IMAGE',
    official: 'postgres:17',
    recipe: { name: 'postgres', folder: 'images/postgres', version: '17', bases: { BASE_IMAGE: 'base' } },
  },
  {
    service: 'redis',
    variable: 'QUAYSIDE_REDIS_IMAGE',
    official: 'redis:8',
    recipe: { name: 'redis', folder: 'images/redis', version: '8', bases: { BASE_IMAGE: 'base' } },
  },
  {
    service: 'qdrant',
    variable: 'QUAYSIDE_QDRANT_IMAGE',
    official: 'qdrant/qdrant:v1.16.3',
    recipe: {
      name: 'qdrant',
      folder: 'images/qdrant',
      version: '1.16.3',
      bases: { BASE_IMAGE: 'base', NODE_IMAGE: 'node' },
    },
  },
  {
    service: 'nlp',
    variable: 'QUAYSIDE_NLP_IMAGE',
    official: null,
    recipe: { name: 'nlp', folder: 'services/nlp', version: '1', bases: { PYTHON_IMAGE: 'python' } },
  },
  {
    service: 'backend',
    variable: 'QUAYSIDE_BACKEND_IMAGE',
    official: null,
    recipe: { name: 'backend', folder: 'services/backend', version: '1', bases: { NODE_IMAGE: 'node' } },
  },
];

const gateway: Recipe = {
  name: 'gateway',
  folder: 'services/gateway',
  version: '1',
  bases: { NGINX_IMAGE: 'nginx' },
};

const workflows: Recipe = { name: 'workflows', folder: 'n8n', version: '1', bases: { N8N_IMAGE: 'n8n' } };

/** Of the Compose files that an environment may have on: had only where a start asks for them. */
export const optionalImages: readonly ServiceImage[] = [
  { service: 'gateway', variable: 'QUAYSIDE_GATEWAY_IMAGE', official: null, recipe: gateway },
  { service: 'nlp-gateway', variable: 'QUAYSIDE_GATEWAY_IMAGE', official: null, recipe: gateway },
  { service: 'n8n-import', variable: 'QUAYSIDE_N8N_IMAGE', official: null, recipe: workflows },
  { service: 'n8n', variable: 'QUAYSIDE_N8N_IMAGE', official: null, recipe: workflows },
  {
    service: 'llm',
    variable: 'QUAYSIDE_LLM_IMAGE',
    official: null,
    recipe: {
      name: 'llm',
      folder: 'services/llm',
      version: '1',
      bases: { NODE_IMAGE: 'node', PYTHON_IMAGE: 'python' },
    },
  },
];
