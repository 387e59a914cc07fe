/** A transport for unit tests: answers and items come from a script, and what was asked is remembered. */
import type { Bridge } from '../../shared/contract/bridge.ts';
import type { CallName, Input, Output, StreamName } from '../../shared/contract/contract.ts';
import type { Answer, StreamEnd } from '../../shared/contract/define.ts';

export interface ScriptedBridge {
  readonly bridge: Bridge;
  /** Names and inputs of calls, oldest first. */
  readonly calls: { name: CallName; input: unknown }[];
  answer<N extends CallName>(name: N, answer: (input: Input<N>) => Answer<Output<N>>): void;
  /** Sends an item to every open stream of that name. */
  send<N extends StreamName>(name: N, item: Output<N>): void;
  end(name: StreamName, end: StreamEnd): void;
  opened(name: StreamName): number;
}

interface Open {
  readonly name: StreamName;
  readonly onItem: (item: never) => void;
  readonly onEnd: (end: StreamEnd) => void;
}

export function createScriptedBridge(): ScriptedBridge {
  const calls: ScriptedBridge['calls'] = [];
  const answers = new Map<CallName, (input: never) => unknown>();
  const streams = new Set<Open>();
  const of = (name: StreamName): Open[] => [...streams].filter((stream) => stream.name === name);
  return {
    calls,
    answer: (name, answer) => void answers.set(name, answer as (input: never) => unknown),
    send: (name, item) => {
      for (const stream of of(name)) stream.onItem(item as never);
    },
    end: (name, end) => {
      for (const stream of of(name)) {
        streams.delete(stream);
        stream.onEnd(end);
      }
    },
    opened: (name) => of(name).length,
    bridge: {
      call: (name, input) => {
        calls.push({ name, input });
        const answer = answers.get(name);
        if (answer === undefined) return Promise.reject(new Error(`no script for ${name}`));
        return Promise.resolve(answer(input as never) as never);
      },
      open: (name, _input, onItem, onEnd) => {
        const stream: Open = { name, onItem: onItem as (item: never) => void, onEnd };
        streams.add(stream);
        return () => void streams.delete(stream);
      },
      offerFiles: () => Promise.resolve({ ok: true, value: { files: [] } }),
    },
  };
}
