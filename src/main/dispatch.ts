/**
 * The door to the core, whatever knocks: window, CLI or test. It knows the names of the contract and no other,
 * parses what comes in, turns whatever is thrown into a Problem and paces streams by their reader. No transport here.
 */
import type { z } from 'zod';
import { type CallName, contract, type Output, type Parsed, type StreamName } from '../shared/contract/contract.ts';
import type { Answer, Entry, StreamEnd } from '../shared/contract/define.ts';
import { type Problem, ProblemError, problem } from '../shared/model/problem.ts';
import { bufferFor, type StreamBuffer } from './backpressure.ts';

/** Where a stream's handler puts its items. After `end`, or after the reader closed, both do nothing. */
export interface Sink<T> {
  item(item: T): void;
  /** `error` undefined: it simply ended. */
  end(error?: unknown): void;
}

export type CallHandlers = {
  readonly [N in CallName]: (input: Parsed<N>) => Promise<Output<N>> | Output<N>;
};
export type StreamHandlers = {
  /** Answers how to stop it; called exactly once, also after `sink.end`. */
  readonly [N in StreamName]: (input: Parsed<N>, sink: Sink<Output<N>>) => () => void;
};
export type Handlers = CallHandlers & StreamHandlers;

export interface Dispatcher {
  /** Never rejects. Unknown names and wrong input answer `bad-input` and reach no handler. */
  call(name: string, input: unknown): Promise<Answer<unknown>>;
  /** While the promise `onItem` answers is open, items wait in the stream's bounded buffer. `onEnd` comes at most once, never after close. */
  open(
    name: string,
    input: unknown,
    onItem: (item: unknown) => void | Promise<void>,
    onEnd: (end: StreamEnd) => void,
  ): () => void;
}

export interface DispatchOptions {
  /** Parses what handlers answer too: in development and tests. A wrong output becomes a Problem `bad-output`. */
  readonly checkOutput: boolean;
  /** Takes secrets out of a text: runs over every Problem that leaves. */
  readonly redact?: (text: string) => string;
  /** Told of each error that is no ProblemError: a bug. Its text stays here; only a neutral Problem crosses. */
  readonly onBug?: (name: string, error: unknown) => void;
}

type AnyCall = (input: unknown) => unknown;
type AnyStream = (input: unknown, sink: Sink<unknown>) => () => void;

export function createDispatcher(handlers: Handlers, options: DispatchOptions): Dispatcher {
  const redact = options.redact ?? ((text: string) => text);

  function fault(name: string, error: unknown): Problem {
    if (error instanceof ProblemError) return redactProblem(error.problem, redact);
    options.onBug?.(name, error);
    return problem(
      'unexpected',
      'Something went wrong that Quayside did not foresee',
      `The request ${name} failed inside the panel. Its own log holds the details.`,
      { remedies: [{ action: 'retry', label: 'Try again' }] },
    );
  }

  function parse(name: string, kind: Entry['kind'], input: unknown): unknown {
    const entry = entryOf(name);
    if (entry?.kind !== kind) {
      throw new ProblemError(
        problem('bad-input', 'Unknown request', `There is no ${kind} named ${JSON.stringify(name).slice(0, 100)}.`),
      );
    }
    const result = entry.input.safeParse(input);
    if (result.success) return result.data;
    throw new ProblemError(
      problem('bad-input', 'The request does not have the right form', `${name}: ${firstIssue(result.error)}`, {
        evidence: result.error.issues
          .slice(0, 10)
          .map((issue) => `${issue.path.join('.') || '(whole)'}: ${issue.message}`),
      }),
    );
  }

  function checked(name: string, output: unknown): unknown {
    if (!options.checkOutput) return output;
    const result = entryOf(name)?.output.safeParse(output);
    if (result?.success) return output;
    const cause = result === undefined ? 'no such entry' : firstIssue(result.error);
    options.onBug?.(name, new Error(`wrong output: ${cause}`));
    throw new ProblemError(problem('bad-output', 'The core answered in a wrong form', `${name}: ${cause}`));
  }

  return {
    async call(name, input) {
      try {
        const parsed = parse(name, 'call', input);
        const value = await (handlers[name as CallName] as AnyCall)(parsed);
        return { ok: true, value: checked(name, value) };
      } catch (error) {
        return { ok: false, problem: fault(name, error) };
      }
    },

    open(name, input, onItem, onEnd) {
      let state: 'open' | 'ending' | 'closed' = 'open';
      let end: StreamEnd | undefined;
      let busy = false;
      let stop: (() => void) | undefined;
      let buffer: StreamBuffer<unknown>;

      const release = () => {
        const stopOnce = stop;
        stop = undefined;
        stopOnce?.();
      };
      const finish = () => {
        if (state !== 'ending' || busy || end === undefined) return;
        state = 'closed';
        onEnd(end);
      };
      const failWith = (error: unknown) => {
        if (state !== 'open') return;
        state = 'ending';
        end = { problem: error === undefined ? null : fault(name, error) };
        release();
        finish();
      };
      const pump = async () => {
        if (busy) return;
        busy = true;
        try {
          while (state !== 'closed') {
            const item = buffer.take();
            if (item === undefined) break;
            await onItem(checked(name, item));
          }
        } catch (error) {
          failWith(error);
        } finally {
          busy = false;
          finish();
        }
      };

      try {
        const parsed = parse(name, 'stream', input);
        buffer = bufferFor[name as StreamName]() as StreamBuffer<unknown>;
        const sink: Sink<unknown> = {
          item: (item) => {
            if (state !== 'open') return;
            buffer.push(item);
            void pump();
          },
          end: failWith,
        };
        stop = (handlers[name as StreamName] as AnyStream)(parsed, sink);
        if (state !== 'open') release();
      } catch (error) {
        failWith(error);
      }
      return () => {
        state = 'closed';
        release();
      };
    },
  };
}

function entryOf(name: string): Entry | undefined {
  return Object.hasOwn(contract, name) ? contract[name as keyof typeof contract] : undefined;
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'invalid';
  const where = issue.path.join('.');
  return where === '' ? issue.message : `${where}: ${issue.message}`;
}

function redactProblem(found: Problem, redact: (text: string) => string): Problem {
  return { ...found, title: redact(found.title), cause: redact(found.cause), evidence: found.evidence.map(redact) };
}
