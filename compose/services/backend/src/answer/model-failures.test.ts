/** What happens when the service fails, goes silent or is told to stop, and who answers in its place. */
import { afterEach, describe, expect, it } from 'vitest';
import { registry } from '../observability/metrics.ts';
import { withFallback } from './fallback.ts';
import {
  answererFor,
  collect,
  dialects,
  endServices,
  failureOf,
  names,
  noticesOf,
  serve,
  textOf,
} from './model-services.fixture.ts';
import type { AnswerEvent, Answerer } from './provider.ts';

afterEach(endServices);

describe.each(names)('%s', (name) => {
  const { begin, delta, end } = dialects[name];

  it.each([
    [401, 'no', 'provider-auth'],
    [404, 'no', 'model-not-found'],
    [429, 'no', 'provider-rate-limited'],
    [500, 'no', 'provider-error'],
    [504, 'no', 'provider-timeout'],
    [307, 'no', 'provider-error'],
  ])('names status %i and passes nothing of the body on', async (status, body, code) => {
    const url = await serve((_request, response) => {
      response.writeHead(status, { 'retry-after': '7', location: 'http://127.0.0.1:9/' });
      response.end(`${body} sk-secret leaked by a careless service`);
    });
    const failure = await failureOf(collect(answererFor(name, url), {}, []));
    expect(failure).toMatchObject({ code, ...(status === 429 ? { retryAfter: 7 } : {}) });
    expect(String(failure)).not.toContain('sk-secret');
  });

  it('names a refused connection, what is no answer, an empty answer', async () => {
    await expect(collect(answererFor(name, 'http://127.0.0.1:9/v1'), {}, [])).rejects.toMatchObject({
      code: 'provider-unreachable',
    });
    for (const body of [name === 'ollama' ? '{not json\n' : 'data: {not json\n\n', end(9, 0)]) {
      const url = await serve((_request, response) => {
        begin(response);
        response.end(body);
      });
      await expect(collect(answererFor(name, url), {}, [])).rejects.toMatchObject({ code: 'provider-error' });
      endServices();
    }
  });

  it('keeps what came before the connection dropped, and what came before an end that was none', async () => {
    for (const drop of [true, false]) {
      const url = await serve((_request, response) => {
        begin(response);
        response.write(delta('The port is 7420 [1'), () => (drop ? response.destroy() : response.end()));
      });
      const events: AnswerEvent[] = [];
      const failure = await failureOf(collect(answererFor(name, url), {}, events));
      expect(failure).toMatchObject({ code: 'provider-error' });
      expect(textOf(events)).toBe('The port is 7420 [1');
      endServices();
    }
  });

  it('ends when the first word or the next one does not come', async () => {
    for (const first of ['', delta('The port ')]) {
      const url = await serve((_request, response) => {
        begin(response);
        response.write(first === '' ? ' ' : first);
      });
      const events: AnswerEvent[] = [];
      const values = { 'llm.firstTokenTimeoutMs': first === '' ? 60 : 60_000, 'llm.idleTimeoutMs': 60 };
      await expect(collect(answererFor(name, url), { values }, events)).rejects.toMatchObject({
        code: 'provider-timeout',
      });
      expect(textOf(events).trim()).toBe(first === '' ? '' : 'The port');
      endServices();
    }
  });

  it('closes the socket within half a second of a stop, before the first word and in the middle', async () => {
    for (const first of ['', delta('One word')]) {
      let resolveClosed: (at: number) => void = () => undefined;
      const closed = new Promise<number>((is) => {
        resolveClosed = is;
      });
      let arrived: () => void = () => undefined;
      const here = new Promise<void>((is) => {
        arrived = is;
      });
      const url = await serve((request, response) => {
        request.socket.on('close', () => resolveClosed(performance.now()));
        if (first !== '') {
          begin(response);
          response.write(first);
        }
        arrived();
      });
      const abort = new AbortController();
      const events: AnswerEvent[] = [];
      const running = failureOf(collect(answererFor(name, url), { signal: abort.signal }, events));
      await here;
      if (first !== '') await expect.poll(() => textOf(events)).toMatch(/^One/);
      const stoppedAt = performance.now();
      abort.abort(new DOMException('stopped', 'AbortError'));
      expect((await closed) - stoppedAt).toBeLessThan(500);
      expect(await running).toMatchObject({ name: 'AbortError' });
      endServices();
    }
  });
});

describe('a fallback', () => {
  const second: Answerer = {
    name: 'embedded',
    model: 'extractive',
    async *answer() {
      yield { kind: 'delta', text: 'from the other' };
    },
  };
  it('takes over before the first word and says so; nobody further away does', async () => {
    const first = answererFor('openai-compatible', 'http://127.0.0.1:9/v1');
    const events = await collect(
      withFallback(first, async () => second),
      {},
      [],
    );
    expect(textOf(events)).toBe('from the other');
    expect(noticesOf(events)).toEqual(['fallback_provider']);
    await expect(
      collect(
        withFallback(first, async () => null),
        {},
        [],
      ),
    ).rejects.toMatchObject({
      code: 'provider-unreachable',
    });
  });
  it('does not hide a wrong key, and does not mix two answers', async () => {
    for (const [status, written] of [
      [401, ''],
      [200, dialects['openai-compatible'].delta('Half ')],
    ] as const) {
      const url = await serve((_request, response) => {
        response.writeHead(status);
        response.end(written);
      });
      const events: AnswerEvent[] = [];
      const failure = await failureOf(
        collect(
          withFallback(answererFor('openai-compatible', url), async () => second),
          {},
          events,
        ),
      );
      expect(failure).toMatchObject({ code: status === 401 ? 'provider-auth' : 'provider-error' });
      expect(textOf(events)).not.toContain('other');
      endServices();
    }
  });
});

it('counts failures by provider and code', async () => {
  await failureOf(collect(answererFor('anthropic', 'http://127.0.0.1:9'), {}, []));
  expect(await registry.metrics()).toMatch(
    /rag_llm_errors_total\{provider="anthropic",code="provider-unreachable"\} [1-9]/,
  );
});
