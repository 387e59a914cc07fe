/** The OpenAPI 3.1 document, written from the very schemas that validate requests. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { ProblemCode } from '../http/problem.ts';
import { type RouteSpec, routesOf } from '../http/route.ts';
import { errorJson, isOpenAiPath } from '../openai/wire.ts';

type Json = Record<string, unknown>;

/** @throws {Error} for another schema under the same name: readers of the document would be told of one of them only */
function keep(components: Json, name: string, schema: unknown): void {
  const before = components[name];
  if (before !== undefined && !isDeepStrictEqual(before, schema))
    throw new Error(`two schemas are called ${name} in the OpenAPI document`);
  components[name] = schema;
}

/** Definitions inside a schema move to the document's components, where every route finds them. */
function hoist(value: unknown, components: Json): unknown {
  if (Array.isArray(value)) return value.map((entry) => hoist(entry, components));
  if (typeof value !== 'object' || value === null) return value;
  const { $schema: _, $defs, ...rest } = value as Json;
  for (const [name, definition] of Object.entries(($defs ?? {}) as Json)) {
    // Within the definition its name is not told again.
    const { id: _id, ...rest } = definition as Json;
    keep(components, name, hoist(rest, components));
  }
  return Object.fromEntries(
    Object.entries(rest).map(([key, entry]) =>
      key === '$ref' && typeof entry === 'string'
        ? [key, entry.replace('#/$defs/', '#/components/schemas/')]
        : [key, hoist(entry, components)],
    ),
  );
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output', components: Json): unknown {
  const json = z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any' }) as Json;
  const { id, $schema: _, ...rest } = json;
  // The outermost schema of a name stands in the document itself, not among its definitions.
  if (typeof id === 'string') {
    keep(components, id, hoist(rest, components));
    return { $ref: `#/components/schemas/${id}` };
  }
  return hoist(json, components);
}

function parametersOf(spec: RouteSpec, components: Json): unknown[] {
  const listed = (schema: z.ZodObject | undefined, place: 'path' | 'query'): unknown[] => {
    if (schema === undefined) return [];
    const json = schemaOf(schema, 'input', components) as { properties?: Json; required?: string[] };
    return Object.entries(json.properties ?? {}).map(([name, entry]) => ({
      name,
      in: place,
      required: place === 'path' || (json.required ?? []).includes(name),
      schema: entry,
    }));
  };
  const header = (name: string): unknown => ({ name, in: 'header', required: false, schema: { type: 'string' } });
  return [
    ...listed(spec.params, 'path'),
    ...listed(spec.query, 'query'),
    ...(spec.idempotent === true ? [header('Idempotency-Key')] : []),
    ...(spec.etag === true && spec.method !== 'get' ? [header('If-Match')] : []),
  ];
}

function bodyOf(spec: RouteSpec, components: Json): unknown {
  if (spec.body === undefined) return undefined;
  const content: Json = { 'application/json': { schema: schemaOf(spec.body, 'input', components) } };
  if (spec.upload !== undefined) {
    const form = schemaOf(spec.upload, 'input', components) as { properties?: Json };
    content['multipart/form-data'] = {
      schema: {
        type: 'object',
        properties: { file: { type: 'string', contentMediaType: 'application/octet-stream' }, ...form.properties },
        required: ['file'],
      },
    };
  }
  return { required: true, content };
}

/** Codes by what a route asks for, besides its own. */
function problemsOf(spec: RouteSpec): ProblemCode[] {
  return [
    ...(spec.access === 'open' ? [] : (['unauthorized', 'forbidden', 'rate-limited'] as const)),
    ...(spec.params === undefined ? [] : (['not-found'] as const)),
    ...(spec.query === undefined && spec.body === undefined ? [] : (['validation-failed'] as const)),
    ...(spec.body === undefined ? [] : (['malformed-json', 'body-too-large', 'unsupported-media-type'] as const)),
    ...(spec.idempotent === true ? (['idempotency-mismatch', 'idempotency-running'] as const) : []),
    ...(spec.tag === 'Health' ? [] : (['host-not-allowed', 'database-unavailable'] as const)),
    ...(spec.problems ?? []),
  ];
}

function operationOf(spec: RouteSpec, components: Json): Json {
  const content = (schema: z.ZodType | null): Json => ({
    ...(schema === null ? {} : { 'application/json': { schema: schemaOf(schema, 'output', components) } }),
    ...(spec.events === undefined ? {} : { 'text/event-stream': {} }),
    ...(spec.raw === undefined ? {} : { [spec.raw]: { schema: { type: 'string' } } }),
  });
  const answers = Object.entries(spec.answers).map(([status, schema]) => {
    const held = status === '204' ? {} : content(schema);
    return [
      status,
      {
        description: status === '204' ? 'Done' : spec.summary,
        ...(spec.etag === true ? { headers: { ETag: { schema: { type: 'string' } } } } : {}),
        ...(Object.keys(held).length === 0 ? {} : { content: held }),
      },
    ];
  });
  const requestBody = bodyOf(spec, components);
  const parameters = parametersOf(spec, components);
  return {
    tags: [spec.tag],
    summary: spec.summary,
    operationId: `${spec.method}-${spec.path.replace(/[^A-Za-z0-9]+/g, '-')}`,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(requestBody === undefined ? {} : { requestBody }),
    security: spec.access === 'open' ? [] : [{ bearer: [] }],
    'x-access': spec.access,
    'x-problems': [...new Set(problemsOf(spec))].sort(),
    responses: {
      ...Object.fromEntries(answers),
      default: { $ref: `#/components/responses/${isOpenAiPath(`/${spec.path}`) ? 'OpenAiError' : 'Problem'}` },
    },
  };
}

const problem = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    requestId: { type: 'string' },
    instance: { type: 'string' },
    retryAfter: { type: 'number' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'code', 'message'],
        properties: { pointer: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

export function openApiDocument(controllers: readonly { prototype: object }[]): Json {
  const schemas: Json = { Problem: problem };
  const openAiError = schemaOf(errorJson, 'output', schemas);
  const paths: Record<string, Json> = {};
  for (const spec of controllers.flatMap(routesOf)) {
    const path = `/${spec.path.replace(/:(\w+)/g, '{$1}')}`;
    paths[path] = { ...paths[path], [spec.method]: operationOf(spec, schemas) };
  }
  const sorted = <T>(record: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Quayside backend',
      version: '1',
      description:
        'Documents, retrieval and answers with citations. Every failure is application/problem+json; below /openai it is what clients of OpenAI read.',
    },
    paths: sorted(paths),
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      responses: {
        Problem: {
          description: 'Why it was not done',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
        OpenAiError: { description: 'Why it was not done', content: { 'application/json': { schema: openAiError } } },
      },
      schemas: sorted(schemas),
    },
  };
}
