/** An answer as it streams, and the notices that go with it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeBackend, openBackend, send } from '../../../tests/unit/fake-backend.ts';
import type { ChatEvent } from '../../shared/model/chat.ts';

let backend: FakeBackend;
beforeEach(async () => {
  backend = await openBackend();
});
afterEach(() => backend.end());

const event = (id: number, name: string, data: unknown): string =>
  `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const run = { runId: 'r1', conversationId: 'c1', messageId: 'm1', provider: 'embedded', model: 'x' };
const usage = { retrievalMs: 1, ttftMs: 2, totalMs: 3, inputTokens: 0 };

describe('ask', () => {
  it('hands on events in order, whatever the pieces they arrive in', async () => {
    const text =
      event(1, 'run', run) +
      event(2, 'status', { phase: 'retrieving' }) +
      ': alive\n\n' +
      event(3, 'delta', { text: 'Größe 🙂' }) +
      event(4, 'notice', { code: 'newer' }) +
      event(5, 'usage', usage) +
      event(6, 'done', { status: 'completed', messageId: 'm1' });
    backend.handle = (_request, response, body) => {
      expect(JSON.parse(body.toString())).toEqual({ question: 'Which port?' });
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const byte of Buffer.from(text)) response.write(Buffer.from([byte]));
      response.end();
    };
    const events = await backend.ask();
    expect(events.map((entry) => entry.type)).toEqual(['run', 'status', 'delta', 'usage', 'done']);
    expect(events[2]).toEqual({ type: 'delta', text: 'Größe 🙂' });
  });

  it('picks up a broken connection where it was, without repeating anything', async () => {
    const asked: (string | undefined)[] = [];
    backend.handle = (request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      asked.push(request.headers['last-event-id'] as string | undefined);
      if (asked.length === 1) {
        response.write(event(1, 'run', run) + event(2, 'delta', { text: 'a' }), () => response.destroy());
        return;
      }
      if (asked.length === 2) {
        response.write(event(2, 'delta', { text: 'a' }) + event(3, 'delta', { text: 'b' }), () => response.destroy());
        return;
      }
      response.end(event(4, 'delta', { text: 'c' }) + event(5, 'done', { status: 'completed', messageId: 'm1' }));
    };
    const events = await backend.ask();
    expect(events.map((entry) => (entry.type === 'delta' ? entry.text : entry.type))).toEqual([
      'run',
      'a',
      'b',
      'c',
      'done',
    ]);
    expect(asked).toEqual([undefined, '2', '3']);
  });

  it('rejects with the reason after an answer that failed', async () => {
    backend.handle = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const failure = { code: 'provider-auth', detail: 'The key was refused.', status: 502 };
      response.end(
        event(1, 'run', run) + event(2, 'error', failure) + event(3, 'done', { status: 'error', messageId: 'm1' }),
      );
    };
    const events: ChatEvent[] = [];
    await expect(
      backend.chat.ask({ conversationId: 'c1', question: 'q' }, (item) => events.push(item)),
    ).rejects.toMatchObject({
      problem: { code: 'provider-auth', remedies: [{ action: 'open-page', page: 'settings' }] },
    });
    expect(events.at(-1)).toMatchObject({ type: 'done', status: 'error' });
  });

  it('ends quietly when its reader leaves', async () => {
    const abort = new AbortController();
    backend.handle = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event(1, 'run', run));
    };
    const types: string[] = [];
    await backend.chat.ask(
      { conversationId: 'c1', question: 'q' },
      (item) => {
        types.push(item.type);
        abort.abort();
      },
      abort.signal,
    );
    expect(types).toEqual(['run']);
  });
});

describe('notices', () => {
  it('that were stored with an answer are told in the same words', async () => {
    const stored = {
      id: 'm2',
      conversationId: 'c1',
      role: 'assistant',
      text: 'x',
      status: 'completed',
      sources: [],
      citations: [],
      provider: 'embedded',
      createdAtMs: 1,
    };
    const more = {
      notices: [{ code: 'answer_truncated', maxTokens: 9 }, { code: 'of_tomorrow' }],
      nearest: ['Harbour rules'],
      usage: { inputTokens: 1, outputTokens: 2, estimated: true, ttftMs: 3, retrievalMs: 2, totalMs: 4 },
    };
    backend.handle = (_request, response) =>
      send(response, 200, { items: [stored, { ...stored, ...more }], nextCursor: null });
    expect(await backend.chat.messages('c1')).toMatchObject([
      { notices: [], nearest: [], timings: null },
      {
        notices: [{ code: 'answer_truncated', message: 'The answer was cut at its greatest length.' }],
        nearest: ['Harbour rules'],
        timings: { retrievalMs: 2, ttftMs: 3, totalMs: 4 },
      },
    ]);
  });
  it('are told in words, and passed over where there are none', async () => {
    const notice = {
      code: 'context_truncated',
      passages: { given: 3, of: 8 },
      turns: { given: 0, of: 0 },
      windowTokens: 512,
    };
    backend.handle = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(
        event(1, 'run', run) +
          event(2, 'notice', notice) +
          event(3, 'notice', { code: 'of_tomorrow', more: 1 }) +
          event(4, 'citation', { n: 1, answerStart: 0, answerEnd: 3, markStart: 4, markEnd: 7, support: 'strong' }) +
          event(5, 'done', { status: 'completed', messageId: 'm1' }),
      );
    };
    expect((await backend.ask()).slice(1, 3)).toEqual([
      {
        type: 'notice',
        code: 'context_truncated',
        message: 'The model read 3 of 8 passages: more do not fit what it reads at once.',
      },
      {
        type: 'citation',
        citation: { n: 1, answerStart: 0, answerEnd: 3, markStart: 4, markEnd: 7, support: 'strong' },
      },
    ]);
  });
});
