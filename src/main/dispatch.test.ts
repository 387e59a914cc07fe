import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contract } from '../shared/contract/contract.ts';
import type { StreamEnd } from '../shared/contract/define.ts';
import { ProblemError, problem } from '../shared/model/problem.ts';
import { createDispatcher, type Handlers, type Sink } from './dispatch.ts';

/** Every entry refuses, so a handler that is reached by mistake shows; tests put in the one they mean. */
function door(handlers: Partial<Handlers>, reached: string[] = []) {
  const all = Object.fromEntries(
    Object.keys(contract).map((name) => [
      name,
      () => {
        reached.push(name);
        throw new Error('reached');
      },
    ]),
  ) as unknown as Handlers;
  return createDispatcher(
    { ...all, ...handlers },
    { checkOutput: true, redact: (text) => text.replaceAll('hunter2', '•••') },
  );
}
const passage = {
  chunkId: 'c',
  documentId: 'd',
  title: 't',
  sourceName: 's',
  page: null,
  headingPath: [],
  before: '',
  text: 'x',
  after: '',
};
/** Lets every promise that is already due run. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('call', () => {
  it('answers what the handler answers', async () => {
    const answer = await door({ 'documents.passage': () => passage }).call('documents.passage', { chunkId: 'c' });
    expect(answer).toEqual({ ok: true, value: passage });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', 'stack.explode', 'stack.watch'])(
    'refuses %j',
    async (name) => {
      const answer = await door({}).call(name, {});
      expect(answer).toMatchObject({ ok: false, problem: { code: 'bad-input' } });
    },
  );

  it('lets no wrong input through to a handler', async () => {
    const reached: string[] = [];
    const subject = door({}, reached);
    const bad = fc.oneof(
      fc.constantFrom<unknown>(null, undefined, 1, 'x', [], Number.NaN),
      fc.dictionary(fc.string(), fc.anything()).map((value) => ({ ...value, unexpected: 1 })),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(contract)), bad, async (name, input) => {
        const answer = await subject.call(name, input);
        expect(answer.ok).toBe(false);
      }),
      { numRuns: 300 },
    );
    expect(reached).toEqual([]);
  });

  it('turns a bug into a neutral Problem: no message, no stack', async () => {
    const answer = await door({
      'documents.passage': () => {
        throw new Error('password=correct-horse at /home/someone');
      },
    }).call('documents.passage', { chunkId: 'c' });
    expect(answer).toMatchObject({ ok: false, problem: { code: 'unexpected' } });
    expect(JSON.stringify(answer)).not.toMatch(/correct-horse|\/home\/|dispatch\.test/);
  });

  it('passes a Problem on with secrets taken out', async () => {
    const answer = await door({
      'documents.passage': () => {
        throw new ProblemError(problem('store-down', 'No store', 'said hunter2', { evidence: ['x hunter2 y'] }));
      },
    }).call('documents.passage', { chunkId: 'c' });
    expect(answer).toMatchObject({ problem: { code: 'store-down', cause: 'said •••', evidence: ['x ••• y'] } });
  });

  it('refuses a wrong output', async () => {
    const answer = await door({ 'documents.passage': () => ({ ...passage, extra: 1 }) }).call('documents.passage', {
      chunkId: 'c',
    });
    expect(answer).toMatchObject({ ok: false, problem: { code: 'bad-output' } });
  });
});

describe('open', () => {
  function watchDocuments() {
    let sink: Sink<{ documents: [] }> | undefined;
    let stopped = 0;
    const subject = door({
      'documents.watch': (_input, given) => {
        sink = given as unknown as Sink<{ documents: [] }>;
        return () => {
          stopped += 1;
        };
      },
    });
    return { subject, sink: () => sink as Sink<{ documents: [] }>, stopped: () => stopped };
  }

  it('hands items over one at a time and keeps the newest while the reader is busy', async () => {
    let sink: Sink<unknown> | undefined;
    const subject = createDispatcher(
      {
        'documents.watch': (_input: unknown, given: Sink<unknown>) => {
          sink = given;
          return () => undefined;
        },
      } as unknown as Handlers,
      { checkOutput: false },
    );
    const got: unknown[] = [];
    let release: () => void = () => undefined;
    subject.open(
      'documents.watch',
      {},
      (item) => {
        got.push(item);
        return new Promise<void>((resolve) => {
          release = resolve;
        });
      },
      () => undefined,
    );
    for (const item of [1, 2, 3]) sink?.item(item);
    expect(got).toEqual([1]);
    release();
    await settle();
    expect(got).toEqual([1, 3]);
  });

  it('tells the end once, after the last item was taken, and stops the source', async () => {
    const { subject, sink, stopped } = watchDocuments();
    const seen: unknown[] = [];
    subject.open(
      'documents.watch',
      {},
      async () => {
        await settle();
        seen.push('item');
      },
      (end) => seen.push(end),
    );
    sink().item({ documents: [] });
    sink().end(new ProblemError(problem('gone', 'Gone', 'It went away')));
    sink().end();
    await settle();
    await settle();
    expect(seen).toEqual(['item', { problem: problem('gone', 'Gone', 'It went away') }]);
    expect(stopped()).toBe(1);
  });

  it('says nothing after close, and closing twice stops once', () => {
    const { subject, sink, stopped } = watchDocuments();
    const seen: unknown[] = [];
    const close = subject.open(
      'documents.watch',
      {},
      (item) => void seen.push(item),
      (end) => seen.push(end),
    );
    close();
    close();
    sink().item({ documents: [] });
    sink().end();
    expect(seen).toEqual([]);
    expect(stopped()).toBe(1);
  });

  it.each([
    ['unknown', 'nope', {}],
    ['a call', 'app.info', {}],
    ['wrong input', 'logs.follow', { services: 'all' }],
    ['prototype', '__proto__', {}],
  ])('ends with bad-input for %s', (_case, name, input) => {
    const ends: StreamEnd[] = [];
    door({}).open(
      name,
      input,
      () => undefined,
      (end) => ends.push(end),
    );
    expect(ends).toMatchObject([{ problem: { code: 'bad-input' } }]);
  });

  it('ends a stream whose handler or item is wrong', () => {
    const ends: StreamEnd[] = [];
    door({}).open(
      'stack.watch',
      {},
      () => undefined,
      (end) => ends.push(end),
    );
    const { subject, sink, stopped } = watchDocuments();
    subject.open(
      'documents.watch',
      {},
      () => undefined,
      (end) => ends.push(end),
    );
    sink().item({ documents: 'no' } as never);
    expect(ends).toMatchObject([{ problem: { code: 'unexpected' } }, { problem: { code: 'bad-output' } }]);
    expect(stopped()).toBe(1);
  });
});
