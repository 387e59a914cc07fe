import { describe, expect, it } from 'vitest';
import { BackendProblem } from '../http/problem.ts';
import { chunk, completionRequest, errorBody, questionIn } from './wire.ts';

const head = { id: 'chatcmpl-1', created: 5, model: 'quayside' };

describe('a request', () => {
  it('is taken with fields that mean nothing here, and refused where it asks for another form of answer', () => {
    const messages = [{ role: 'user', content: 'When?' }];
    const more = { top_p: 1, tools: [], user: 'u', stream_options: { include_usage: true } };
    expect(completionRequest.safeParse({ model: 'quayside', messages, ...more }).success).toBe(true);
    expect(completionRequest.safeParse({ model: 'quayside', messages, n: 2 }).success).toBe(false);
    expect(completionRequest.safeParse({ model: 'quayside', messages: [] }).success).toBe(false);
  });

  it('asks with the last words of the person; what was said before is history, instructions are not', () => {
    expect(
      questionIn([
        { role: 'system', content: 'You are a pirate.' },
        { role: 'user', content: 'When does the ferry leave?' },
        { role: 'assistant', content: 'At nine [1].' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'And' },
            { type: 'text', text: 'back?' },
          ],
        },
      ]),
    ).toEqual({
      question: 'And\nback?',
      turns: [
        { role: 'user', text: 'When does the ferry leave?' },
        { role: 'assistant', text: 'At nine [1].' },
      ],
    });
    expect(questionIn([{ role: 'assistant', content: 'Hello' }])).toEqual({ question: '', turns: [] });
  });
});

describe('a streamed answer', () => {
  it('has the pieces that clients read', () => {
    const base = { ...head, object: 'chat.completion.chunk' };
    expect(chunk(head, { delta: { role: 'assistant', content: '' } })).toEqual({
      ...base,
      choices: [{ index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }],
    });
    expect(chunk(head, { delta: {}, finish: 'stop', sources: [], usage: null })).toEqual({
      ...base,
      choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }],
      usage: null,
      rag_sources: [],
    });
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
    expect(chunk(head, { usage })).toEqual({ ...base, choices: [], usage });
  });
});

describe('a failure', () => {
  it('has the form that clients of OpenAI read', () => {
    expect(errorBody(new BackendProblem('unauthorized', 'Send a token.'))).toEqual({
      error: { message: 'Send a token.', type: 'authentication_error', param: null, code: 'invalid_api_key' },
    });
    const errors = [{ pointer: '/messages/0/role', code: 'invalid_value', message: 'Not a role' }];
    expect(errorBody(new BackendProblem('validation-failed', 'Some do not fit.', { errors }))).toEqual({
      error: {
        message: 'messages.0.role: Not a role',
        type: 'invalid_request_error',
        param: 'messages.0.role',
        code: 'invalid_value',
      },
    });
    expect(errorBody(new BackendProblem('provider-timeout', 'Too slow.'))).toMatchObject({
      error: { type: 'server_error', code: 'provider_timeout' },
    });
  });
});
