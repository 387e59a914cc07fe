import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { controllers } from '../app.module.ts';
import { routesOf } from '../http/route.ts';
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
});
