import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { controllers } from '../app.module.ts';
import { Route, route, routesOf } from '../http/route.ts';
import { openApiDocument } from './document.ts';

const document = openApiDocument(controllers);

describe('the OpenAPI document', () => {
  it('that is committed is the one of this code (npm run openapi writes it)', () => {
    const committed: unknown = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'));
    expect(committed).toEqual(JSON.parse(JSON.stringify(document)));
  });

  it('points only at what it holds', () => {
    const text = JSON.stringify(document);
    const { components } = document as { components: { schemas: object } };
    const named = new Set([...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1]));
    expect(named.size).toBeGreaterThan(10);
    for (const name of named) expect(Object.keys(components.schemas)).toContain(name);
    expect(text).not.toContain('$defs');
  });

  it('has one schema for each name', () => {
    const answers = (schema: z.ZodType) => {
      const spec = route({
        method: 'get',
        path: 'v1/things',
        summary: '',
        tag: '',
        access: 'open',
        answers: { 200: schema },
      });
      class Things {
        @Route(spec)
        list(): void {}
      }
      return Things;
    };
    const thing = z.object({ a: z.string() }).meta({ id: 'Thing' });
    const other = z.array(z.object({ b: z.string() }).meta({ id: 'Thing' }));
    expect(() => openApiDocument([answers(thing), answers(z.array(thing))])).not.toThrow();
    expect(() => openApiDocument([answers(thing), answers(other)])).toThrow('two schemas are called Thing');
  });

  it('describes every parameter of every path', () => {
    for (const spec of controllers.flatMap(routesOf)) {
      const named = [...spec.path.matchAll(/:(\w+)/g)].map((match) => match[1]);
      expect([spec.path, Object.keys(spec.params?.shape ?? {})]).toEqual([spec.path, named]);
    }
  });

  it('has one operation per method and path', () => {
    const all = controllers.flatMap(routesOf).map((spec) => `${spec.method} ${spec.path}`);
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeGreaterThan(50);
  });

  it('tells failures in the form in which each door answers them', () => {
    const { paths, components } = JSON.parse(JSON.stringify(document));
    for (const [path, operations] of Object.entries<Record<string, { responses: { default: { $ref: string } } }>>(
      paths,
    ))
      for (const { responses } of Object.values(operations)) {
        const { content } = components.responses[responses.default.$ref.split('/').at(-1) ?? ''];
        const type = path.startsWith('/openai/') ? 'application/json' : 'application/problem+json';
        expect([path, ...Object.keys(content)]).toEqual([path, type]);
      }
    const failure = { error: { message: 'No', type: 'not_found_error', param: null, code: 'not_found' } };
    expect(Object.keys(components.schemas.OpenAiError.properties.error.properties)).toEqual(Object.keys(failure.error));
  });

  it('calls nothing a string that is sent as JSON', () => {
    const { paths } = JSON.parse(JSON.stringify(document));
    const saved = paths['/v1/conversations/{id}/export'].get.responses['200'].content;
    expect(saved['text/markdown']).toEqual({ schema: { type: 'string' } });
    expect(saved['application/json'].schema).toEqual({ $ref: '#/components/schemas/ExportedConversation' });
    expect(JSON.stringify(paths)).not.toContain('"application/json":{"schema":{"type":"string"}}');
  });
});
