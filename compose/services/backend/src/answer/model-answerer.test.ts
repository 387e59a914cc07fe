/** What is made of the answer of a service: sources, text, marks, and an end when it is long enough. */
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import {
  answererFor,
  collect,
  dialects,
  endServices,
  names,
  noticesOf,
  serve,
  textOf,
} from './model-services.fixture.ts';
import type { Turn } from './port.ts';

afterEach(endServices);

describe.each(names)('%s', (name) => {
  const { path, begin, delta, end } = dialects[name];

  it('sends sources as data, streams, keeps only citations that exist and says how well they are borne out', async () => {
    let seen = '';
    let asked: IncomingMessage | undefined;
    const url = await serve((request, response, body) => {
      seen = body;
      asked = request;
      begin(response);
      const whole = `${['The port', ' is 7420 [', '1]. It runs on Kubernetes [1][9', '].'].map(delta).join('')}${end(40, 4)}`;
      // Cut where no frame ends.
      for (let at = 0; at < whole.length; at += 37) response.write(whole.slice(at, at + 37));
      response.end();
    });
    const events = await collect(answererFor(name, url), {}, []);
    expect(asked?.url).toBe(path);
    expect(asked?.headers[name === 'anthropic' ? 'x-api-key' : 'authorization']).toContain('sk-secret');
    expect(seen).toMatch(/<src-[0-9a-f]{12} n=/);
    expect(events[0]).toMatchObject({ kind: 'sources', sources: [{ n: 1, chunkId: 'c1', strength: 'strong' }] });
    const text = textOf(events);
    expect(text).toBe('The port is 7420 [1]. It runs on Kubernetes [1].');
    expect(events.find((event) => event.kind === 'tokens')).toEqual({
      kind: 'tokens',
      input: 40,
      output: 4,
      estimated: false,
    });
    const made = events.find((event) => event.kind === 'citations');
    const marks = (made?.citations ?? []).map((c) => [
      text.slice(c.answerStart, c.answerEnd),
      text.slice(c.markStart, c.markEnd),
      c.support,
    ]);
    expect(marks).toEqual([
      ['The port is 7420 [1].', '[1]', 'strong'],
      ['It runs on Kubernetes [1].', '[1]', 'unsupported'],
    ]);
  });

  it('abstains at the agreed word, even in pieces', async () => {
    const url = await serve((_request, response) => {
      begin(response);
      response.end(`${['**', 'NO', '_ANS', 'WER**'].map(delta).join('')}${end(9, 3)}`);
    });
    const kinds = (await collect(answererFor(name, url), {}, [])).map((event) => event.kind);
    expect(kinds).toContain('abstain');
    expect(kinds).not.toContain('delta');
  });

  it('trims and asks once more when the prompt was too long', async () => {
    const bodies: string[] = [];
    const url = await serve((_request, response, body) => {
      bodies.push(body);
      if (bodies.length === 1) {
        response.writeHead(400);
        response.end('{"error":{"message":"prompt is too long: maximum context length is 100 tokens"}}');
        return;
      }
      begin(response);
      response.end(`${delta('So [1].')}${end(40, 2)}`);
    });
    const texts = Array.from({ length: 6 }, (_, at) => `Passage ${at}. ${'The port is 7420. '.repeat(30)}`);
    const history: Turn[] = [{ role: 'user', text: 'An earlier one?' }];
    const events = await collect(answererFor(name, url), { texts, history }, []);
    expect(textOf(events)).toBe('So [1].');
    expect(noticesOf(events)).toContain('context_truncated');
    expect(bodies).toHaveLength(2);
    expect((bodies[1] ?? '').length).toBeLessThan((bodies[0] ?? '').length * 0.7);
    expect(bodies[1]).not.toContain('An earlier one');
    const lists = events.flatMap((event) => (event.kind === 'sources' ? [event.sources.length] : []));
    expect(lists.length).toBe(2);
    expect(lists[1] ?? 9).toBeLessThan(lists[0] ?? 0);

    const always = await serve((_request, response) => {
      response.writeHead(400);
      response.end('{"error":"context length exceeded"}');
    });
    await expect(collect(answererFor(name, always), { texts }, [])).rejects.toMatchObject({ code: 'context-overflow' });
  });

  it('says when the answer was cut at its longest', async () => {
    const url = await serve((_request, response) => {
      begin(response);
      response.end(`${delta('The port is 7420 [1]. And')}${end(40, 4, 'length')}`);
    });
    expect(noticesOf(await collect(answererFor(name, url), {}, []))).toContain('answer_truncated');
  });

  it('is left when it goes on far beyond what it was allowed', async () => {
    let left = (): void => undefined;
    const gone = new Promise<void>((done) => {
      left = done;
    });
    const url = await serve((_request, response) => {
      begin(response);
      response.on('close', left);
      const timer = setInterval(() => response.write(delta('again and again '.repeat(20))), 1);
      response.on('close', () => clearInterval(timer));
    });
    const events = await collect(answererFor(name, url), { values: { 'llm.maxOutputTokens': 50 } }, []);
    await gone;
    expect(noticesOf(events)).toContain('answer_truncated');
    expect(textOf(events).length).toBeLessThan(50 * 20 + 2000);
  });
});
