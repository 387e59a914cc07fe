/**
 * What people and programs send wrongly, and the answer that each gets, against the real stack. Which test holds which
 * of the thirty rows (design notes, "Bad inputs"); "here" names a describe of this file:
 *
 * | # | Held by |
 * |--|--|
 * | 1-6, 8, 9 | here; smaller variants in backend.test.ts, "the door" |
 * | 7 | backend-replicas.test.ts, over every route of the API's document; other ids in bodies here |
 * | 10 | here for one account; backend-replicas.test.ts for an account over several replicas |
 * | 11-21 | rag-bad-inputs-documents.test.ts; 19's redirects and rebinding names need a world outside: guarded-fetch.test.ts beside the code |
 * | 22-25 | rag-bad-inputs-stores.test.ts; smaller variants in backend.test.ts, "a store that is away" |
 * | 26, 28, 29 | rag-bad-inputs-answers.test.ts; 28's resumption after each event in backend-replicas.test.ts |
 * | 27 | here; environment locks and stale `If-Match` between replicas in backend-replicas.test.ts |
 * | 30 | the tests of the workflows |
 *
 * Codes that differ from the notes: a body over 1 MB is `body-too-large` (413) whatever is in it; more than one file in a
 * form is `validation-failed` (422); a reused refresh token is `session-invalid` (401); a setting out of range is
 * `validation-failed` (422).
 */
import { createHmac, hkdfSync } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type RagStack, startRagStack, statusAndCode } from './rag-stack.ts';

let stack: RagStack;
beforeAll(async () => {
  stack = await startRagStack();
  await stack.added('Ropes', 'The mooring rope of the Halcyon is forty metres long. It was spliced in May.');
}, 900_000);
afterAll(async () => stack?.close());

const search = (body: unknown): Promise<Answer> => stack.call('POST', '/v1/search', { body });
const asJson = { 'content-type': 'application/json' };

describe('#1 a body that is no JSON: 400 malformed-json with the place; 415 for other types', () => {
  it.each([
    ['{"query": nope}', 12],
    ['{"query":"a"', 13],
    ['{"query":"a",}', 14],
    ["{'query':1}", 2],
    [`{"query":"${'x'.repeat(200)}" "b"}`, 213],
    ['not json', 2],
  ])('%s', async (raw, character) => {
    const answer = await stack.call('POST', '/v1/search', { headers: asJson, raw });
    expect(statusAndCode(answer)).toEqual([400, 'malformed-json']);
    expect(answer.json.detail).toContain(`character ${character}`);
  });

  it.each([
    ['text/plain', '{"query":"a"}'],
    ['application/x-www-form-urlencoded', 'query=a'],
    ['application/xml', '<query>a</query>'],
    ['application/json; charset=iso-8859-1', '{"query":"é"}'],
    ['application/json; charset=klingon', '{"query":"a"}'],
  ])('%s', async (type, raw) => {
    for (const path of ['/v1/search', '/v1/conversations', '/v1/documents', '/v1/sources'])
      expect([
        path,
        ...statusAndCode(await stack.call('POST', path, { headers: { 'content-type': type }, raw })),
      ]).toEqual([path, 415, 'unsupported-media-type']);
  });

  it('bytes that are no UTF-8 are no text either', async () => {
    const raw = Buffer.concat([Buffer.from('{"query":"rope '), Buffer.from([0xff, 0xfe, 0xc0]), Buffer.from('"}')]);
    const answer = await stack.call('POST', '/v1/search', { headers: asJson, raw });
    expect(statusAndCode(answer)).toEqual([400, 'malformed-json']);
  });
});

describe('#2 unknown and mistyped fields: 422 validation-failed, a pointer for each', () => {
  it.each([
    [{ query: 'a', topK: 0 }, ['/topK']],
    [{ query: 'a', topK: 10_000 }, ['/topK']],
    [{ query: 'a', topK: '8' }, ['/topK']],
    [{ query: 'a', topK: 1.5 }, ['/topK']],
    [{ query: 1, mode: 'guess' }, ['/query', '/mode']],
    [{ query: 'a', kbIds: [] }, ['/kbIds']],
    [{ query: 'a', filters: { documentIds: ['x'], tags: [7] } }, ['/filters/documentIds/0', '/filters/tags/0']],
    [{ query: 'a', nope: 1 }, ['/']],
    [[], ['/']],
    [null, ['/']],
  ])('%j', async (body, pointers) => {
    const answer = await search(body);
    expect(statusAndCode(answer)).toEqual([422, 'validation-failed']);
    expect(answer.json.errors.map((error: { pointer: string }) => error.pointer).sort()).toEqual([...pointers].sort());
  });

  it('names at most twenty', async () => {
    const { json } = await search({
      query: 'a',
      filters: { tags: Array.from({ length: 20 }, () => 1), mimes: [1, 2] },
    });
    expect(json.errors).toHaveLength(20);
  });
});

const conversation = async (): Promise<string> => (await stack.call('POST', '/v1/conversations', { body: {} })).json.id;

describe('#3 a question without anything in it: 422 empty-question', () => {
  it.each(['', '   ', '\n\t', '\u200b\u2060\ufeff', '\u202e\u202c'])('%j', async (question) => {
    expect(statusAndCode(await search({ query: question }))).toEqual([422, 'empty-question']);
    const path = `/v1/conversations/${await conversation()}/messages`;
    expect(statusAndCode(await stack.call('POST', path, { body: { question } }))).toEqual([422, 'empty-question']);
  });
});

describe('#4 a question that is too long: 413 before anything is embedded', () => {
  it('by a character, and by two megabytes', async () => {
    const count = (): Promise<number> => stack.metric('rag_embedding_batch_size_count');
    const before = await count();
    expect(statusAndCode(await search({ query: 'x'.repeat(8001) }))).toEqual([413, 'question-too-long']);
    const path = `/v1/conversations/${await conversation()}/messages`;
    const long = await stack.call('POST', path, { body: { question: 'é'.repeat(8001) } });
    expect(statusAndCode(long)).toEqual([413, 'question-too-long']);
    expect(statusAndCode(await search({ query: 'x'.repeat(2_000_000) }))).toEqual([413, 'body-too-large']);
    expect(await count()).toBe(before);
    expect((await search({ query: `${'rope '.repeat(1599)}rope?` })).status).toBe(200);
    expect(await count()).toBe(before + 1);
  });
});

describe('#5 nothing but stop words or pictures: 200, found by meaning alone, and no answer is made up', () => {
  it.each(['the of and to', 'is it?', '🙂🙃', '…?!', '。'])('%s', async (question) => {
    const { status, json } = await search({ query: question });
    expect(status).toBe(200);
    for (const hit of json.hits) expect(hit.scores).toMatchObject({ bm25: null, dense: expect.any(Number) });
    const { events, text } = await stack.asked(question);
    expect([text, events.at(-1)?.name, events.at(-1)?.data.status]).toEqual(['', 'done', 'abstained']);
  });
});

describe('#6 characters that are no text: 422; those that turn the direction are taken out', () => {
  it.each([
    ['NUL', '{"query":"a\\u0000b"}'],
    ['half a character', '{"query":"a\\ud800b"}'],
    ['half a character in a name', '{"query":"a","\\udc00":1}'],
  ])('%s', async (_what, raw) => {
    expect(statusAndCode(await stack.call('POST', '/v1/search', { headers: asJson, raw }))).toEqual([
      422,
      'validation-failed',
    ]);
  });

  it('in every text that is stored', async () => {
    const bad = 'a\u0000';
    for (const [method, path, body] of [
      ['POST', '/v1/documents', { title: 'x', text: bad }],
      ['POST', '/v1/documents', { title: bad, text: 'x' }],
      ['POST', '/v1/documents', { title: 'x', text: 'x', tags: [bad] }],
      ['POST', '/v1/conversations', { title: bad }],
      ['POST', '/v1/knowledge-bases', { name: bad }],
      ['POST', '/v1/api-keys', { name: bad, scopes: ['chat:use'] }],
      ['POST', `/v1/conversations/${await conversation()}/messages`, { question: bad }],
    ] as const)
      expect([path, ...statusAndCode(await stack.call(method, path, { body }))]).toEqual([
        path,
        422,
        'validation-failed',
      ]);
    expect((await stack.call('GET', '/v1/conversations/search?q=%00')).status).toBe(422);
    expect((await stack.call('GET', '/v1/documents?cursor=%00')).json.code).toMatch(/validation-failed|bad-request/);
  });

  it('a question is asked without what turns it round', async () => {
    const { conversation: id } = await stack.asked('How long is the \u202eepor\u202c mooring rope of the Halcyon?');
    const { items } = (await stack.call('GET', `/v1/conversations/${id}/messages`)).json;
    expect(items[0].text).toBe('How long is the epor mooring rope of the Halcyon?');
    const made = await stack.call('POST', '/v1/conversations', { body: { title: 'a\u202eb\u2066c' } });
    expect(made.json.title).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
  });
});

async function person(email: string): Promise<{ id: string; token: string; refreshToken: string }> {
  const made = await stack.call('POST', '/v1/users', { body: { email, password: 'a good long one' } });
  const session = await stack.call('POST', '/v1/auth/login', {
    token: null,
    body: { email, password: 'a good long one' },
  });
  return { id: made.json.id, token: session.json.accessToken, refreshToken: session.json.refreshToken };
}

describe('#7 other people’s things: 404, where an id stands in a body too', () => {
  it('in a search, a conversation, a source and an upload', async () => {
    const ada = await person('ada7@example.org');
    const bob = await person('bob7@example.org');
    const kb = (await stack.call('POST', '/v1/knowledge-bases', { token: ada.token, body: { name: 'Ada’s' } })).json.id;
    const mine = await stack.call('POST', '/v1/conversations', { token: bob.token, body: {} });
    for (const [method, path, body] of [
      ['POST', '/v1/search', { query: 'rope', kbIds: ['default', kb] }],
      ['POST', '/v1/conversations', { kbIds: [kb] }],
      ['PATCH', `/v1/conversations/${mine.json.id}`, { kbIds: [kb] }],
      ['POST', '/v1/sources', { kind: 'url', kb, url: 'https://rope.example/' }],
      ['POST', `/v1/knowledge-bases/${kb}/documents`, { title: 'x', text: 'x' }],
    ] as const)
      expect([path, ...statusAndCode(await stack.call(method, path, { token: bob.token, body }))]).toEqual([
        path,
        404,
        'not-found',
      ]);
    const file = await stack.upload('x.md', 'x', { kb, token: bob.token });
    expect(statusAndCode(file)).toEqual([404, 'not-found']);
  });
});

describe('#8 tokens that are old, foreign, unsigned or changed: 401 and how to come in', () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  it('whatever is wrong with them', async () => {
    const { id, token } = await person('jwt@example.org');
    const key = hkdfSync('sha256', await stack.core.access.token(), '', 'quayside access token v1', 32);
    const now = Math.floor(Date.now() / 1000);
    const claims = { sub: id, iss: 'quayside', aud: 'quayside-api', jti: 'j', iat: now, exp: now + 300 };
    const signed = (head: unknown, body: unknown): string => {
      const text = `${part(head)}.${part(body)}`;
      return `${text}.${createHmac('sha256', Buffer.from(key)).update(text).digest('base64url')}`;
    };
    const head = { alg: 'HS256', typ: 'at+jwt' };
    const me = (bearer: string): Promise<Answer> => stack.call('GET', '/v1/me', { token: bearer });
    // The forger has the right key: what is refused below is refused for what is changed.
    expect((await me(signed(head, claims))).status).toBe(200);
    const [, body = '', signature = ''] = token.split('.');
    for (const [what, bearer] of Object.entries({
      expired: signed(head, { ...claims, exp: now - 1 }),
      audience: signed(head, { ...claims, aud: 'other' }),
      issuer: signed(head, { ...claims, iss: 'other' }),
      kind: signed({ alg: 'HS256', typ: 'JWT' }, claims),
      'alg none': `${part({ alg: 'none', typ: 'at+jwt' })}.${part(claims)}.`,
      'alg none, signed': signed({ alg: 'none', typ: 'at+jwt' }, claims),
      tampered: `${part(head)}.${part({ ...claims, sub: '00000000-0000-7000-8000-000000000001' })}.${signature}`,
      'not a user': signed(head, { ...claims, sub: "' or 1=1 --" }),
      'a user nobody knows': signed(head, { ...claims, sub: '01900000-0000-7000-8000-000000000000' }),
      cut: `${part(head)}.${body}`,
    })) {
      const answer = await me(bearer);
      expect([what, ...statusAndCode(answer), answer.headers.get('www-authenticate')]).toEqual([
        what,
        401,
        'unauthorized',
        'Bearer',
      ]);
    }
  });

  it('a refresh token that comes twice ends the whole family', async () => {
    const { refreshToken } = await person('twice@example.org');
    const refresh = (given: string): Promise<Answer> =>
      stack.call('POST', '/v1/auth/refresh', { token: null, body: { refreshToken: given } });
    const next = await refresh(refreshToken);
    expect(next.status).toBe(200);
    for (const given of [refreshToken, next.json.refreshToken]) {
      const answer = await refresh(given);
      expect([...statusAndCode(answer), answer.headers.get('www-authenticate')]).toEqual([
        401,
        'session-invalid',
        'Bearer',
      ]);
    }
  });
});

describe('#9 another host or origin: 403 host-not-allowed', () => {
  /** fetch does not let anybody choose these. */
  const under = (headers: Record<string, string>): Promise<[number, unknown]> =>
    new Promise((done, failed) => {
      const call = request(`${stack.base}/health`, { headers, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => done([response.statusCode ?? 0, JSON.parse(text).code]));
      });
      call.on('error', failed);
      call.end();
    });

  it.each([
    { host: 'evil.example' },
    { host: '127.0.0.1.evil.example' },
    { host: 'localhost@evil.example' },
    { host: '10.0.0.1:7420' },
    { host: 'localhost', origin: 'https://evil.example' },
    { host: 'localhost', origin: 'null' },
    { host: 'localhost', origin: 'http://localhost.evil.example' },
  ])('%j', async (headers) => {
    expect(await under(headers as Record<string, string>)).toEqual([403, 'host-not-allowed']);
  });
  it('its own names are taken', async () => {
    for (const headers of [
      { host: 'LOCALHOST:1' },
      { host: '[::1]' },
      { host: 'localhost', origin: 'http://127.0.0.1:5173' },
    ])
      expect((await under(headers as Record<string, string>))[0]).toBe(200);
  });
});

describe('#10 the eleventh attempt to sign in within a minute: 429 with the time to wait', () => {
  it('whoever tries, and not for others', async () => {
    const login = (email: string, password: string): Promise<Answer> =>
      stack.call('POST', '/v1/auth/login', { token: null, body: { email, password } });
    await stack.call('POST', '/v1/users', { body: { email: 'late@example.org', password: 'a good long one' } });
    const tried = [];
    for (let at = 0; at < 10; at += 1) tried.push((await login('late@example.org', 'wrong')).status);
    expect(tried).toEqual(Array.from({ length: 10 }, () => 401));
    const eleventh = await login('LATE@example.org', 'a good long one');
    expect(statusAndCode(eleventh)).toEqual([429, 'rate-limited']);
    expect(Number(eleventh.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(eleventh.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect((await login('nobody@example.org', 'wrong')).status).toBe(401);
  });
});

describe('#27 settings that do not fit: refused by name, and what was in force stays', () => {
  it.each([
    [{ 'retrieval.topK': 'many' }, 422, 'validation-failed'],
    [{ 'retrieval.topK': 0 }, 422, 'validation-failed'],
    [{ 'retrieval.topK': 51 }, 422, 'validation-failed'],
    [{ 'llm.active': 'oracle' }, 422, 'validation-failed'],
    [{ 'no.such': 1 }, 404, 'not-found'],
    [{ __proto__x: 1 }, 404, 'not-found'],
    // One that fits beside one that does not: neither is taken.
    [{ 'retrieval.topK': 9, 'chat.historyTurns': -1 }, 422, 'validation-failed'],
  ])('%j', async (body, status, code) => {
    const before = (await stack.call('GET', '/v1/config')).json;
    expect(statusAndCode(await stack.call('PATCH', '/v1/config', { body }))).toEqual([status, code]);
    expect((await stack.call('GET', '/v1/config')).json).toEqual(before);
  });

  it('a change of what has changed meanwhile: 412', async () => {
    const seen = (await stack.call('GET', '/v1/config')).headers.get('etag') ?? '';
    const change = (topK: number): Promise<Answer> =>
      stack.call('PATCH', '/v1/config', { body: { 'retrieval.topK': topK }, headers: { 'if-match': seen } });
    expect((await change(9)).status).toBe(200);
    expect(statusAndCode(await change(7))).toEqual([412, 'precondition-failed']);
    const { json } = await stack.call('GET', '/v1/config');
    expect(json.items.find((item: { key: string }) => item.key === 'retrieval.topK')).toMatchObject({ value: 9 });
  });
});
