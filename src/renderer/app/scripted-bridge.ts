/** A transport for unit tests: answers and items come from a script, and what was asked is remembered. */
import type { Bridge } from '../../shared/contract/bridge.ts';
import type { CallName, Input, OfferedFile, Output, StreamName } from '../../shared/contract/contract.ts';
import type { Answer, StreamEnd } from '../../shared/contract/define.ts';

export interface ScriptedBridge {
  readonly bridge: Bridge;
  /** Names and inputs of calls, oldest first. */
  readonly calls: { name: CallName; input: unknown }[];
  answer<N extends CallName>(name: N, answer: (input: Input<N>) => Answer<Output<N>>): void;
  /** Sends an item to every open stream of that name; with `input`, to those alone that were opened with just that. */
  send<N extends StreamName>(name: N, item: Output<N>, input?: Input<N>): void;
  end(name: StreamName, end: StreamEnd): void;
  opened(name: StreamName): number;
  /** What dropped files become. */
  offer(files: OfferedFile[]): void;
}

interface Open {
  readonly name: StreamName;
  /** As JSON. */
  readonly input: string;
  readonly onItem: (item: never) => void;
  readonly onEnd: (end: StreamEnd) => void;
}

export function createScriptedBridge(): ScriptedBridge {
  const calls: ScriptedBridge['calls'] = [];
  const answers = new Map<CallName, (input: never) => unknown>();
  const streams = new Set<Open>();
  let offered: OfferedFile[] = [];
  const of = (name: StreamName): Open[] => [...streams].filter((stream) => stream.name === name);
  return {
    calls,
    answer: (name, answer) => void answers.set(name, answer as (input: never) => unknown),
    send: (name, item, input) => {
      for (const stream of of(name)) {
        if (input === undefined || JSON.stringify(input) === stream.input) stream.onItem(item as never);
      }
    },
    end: (name, end) => {
      for (const stream of of(name)) {
        streams.delete(stream);
        stream.onEnd(end);
      }
    },
    opened: (name) => of(name).length,
    offer: (files) => {
      offered = files;
    },
    bridge: {
      call: (name, input) => {
        calls.push({ name, input });
        const answer = answers.get(name);
        if (answer === undefined) return Promise.reject(new Error(`no script for ${name}`));
        return Promise.resolve(answer(input as never) as never);
      },
      open: (name, input, onItem, onEnd) => {
        const stream: Open = { name, input: JSON.stringify(input), onItem: onItem as (item: never) => void, onEnd };
        streams.add(stream);
        return () => void streams.delete(stream);
      },
      offerFiles: () => Promise.resolve({ ok: true, value: { files: offered } }),
    },
  };
}
