import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkMatch } from './etag.ts';
import { idCursor, paged, timeCursor } from './paging.ts';
import { inputOf, route } from './route.ts';

const spec = route({
  method: 'post',
  path: 'v1/things/:id',
  summary: 'x',
  tag: 'x',
  access: 'person',
  params: z.object({ id: z.guid() }),
  query: z.strictObject({ limit: z.coerce.number().int().max(200).default(100) }),
  body: z.strictObject({ names: z.array(z.string()) }),
  answers: { 200: null },
});
const id = '01900000-0000-7000-8000-000000000000';
const given = (change: object = {}) => ({
  params: { id },
  query: {},
  headers: {},
  body: { names: ['a'] },
  ...change,
});

describe('input of a route', () => {
  it('is what the schemas make of it', () => {
    expect(inputOf(spec, given({ query: { limit: '7' } }))).toEqual({
      params: { id },
      query: { limit: 7 },
      body: { names: ['a'] },
    });
  });
  it.each([
    ['an id that is none', { params: { id: '1 or 1=1' } }, 'not-found', undefined],
    ['an unknown field', { body: { names: [], more: 1 } }, 'validation-failed', '/'],
    ['no body', { body: undefined }, 'validation-failed', '/names'],
    ['nothing', { body: null }, 'validation-failed', '/'],
    [
      'another kind of body',
      { body: undefined, headers: { 'content-length': '3' } },
      'unsupported-media-type',
      undefined,
    ],
    ['an unknown parameter', { query: { nope: '1' } }, 'validation-failed', '/'],
    ['too many', { query: { limit: '201' } }, 'validation-failed', '/limit'],
    ['a NUL', { body: { names: ['a', 'b\0'] } }, 'validation-failed', '/names/1'],
    ['half a character', { body: { names: ['\ud800'] } }, 'validation-failed', '/names/0'],
  ])('%s is refused', (_what, change, code, pointer) => {
    let problem: { code?: string; errors?: { pointer: string }[] } = {};
    try {
      inputOf(spec, given(change));
    } catch (error) {
      problem = error as typeof problem;
    }
    expect([problem.code, problem.errors?.[0]?.pointer]).toEqual([code, pointer]);
  });
  it('takes whole characters outside the first plane', () => {
    expect(inputOf(spec, given({ body: { names: ['🙂'] } })).body).toEqual({ names: ['🙂'] });
  });
});

describe('pages', () => {
  it('end when nothing follows', () => {
    expect(paged(['a', 'b', 'c'], 2, (last) => `after ${last}`)).toEqual({ items: ['a', 'b'], nextCursor: 'after b' });
    expect(paged(['a', 'b'], 2, String)).toEqual({ items: ['a', 'b'], nextCursor: null });
    expect(paged([], 2, String)).toEqual({ items: [], nextCursor: null });
  });
  it('go on at their own cursors only', () => {
    expect(timeCursor(`1795476097169976.${id}`)).toEqual({ micros: '1795476097169976', id });
    for (const bad of ['x', `9.${id}x`, '1;drop', ''])
      expect(() => [timeCursor(bad), idCursor(bad)]).toThrow(/do not fit/);
  });
});

describe('If-Match', () => {
  it.each([
    [undefined, true],
    ['*', true],
    ['"3"', true],
    ['W/"3"', true],
    ['"2", "3"', true],
    ['"2"', false],
    ['3', false],
  ])('%s', (header, fits) => {
    if (fits) checkMatch(header, 3);
    else expect(() => checkMatch(header, 3)).toThrow(/changed/);
  });
});
