/** What a page that asks the backend stands on in unit tests: an engine, a healthy stack, and a scripted bridge. */
import { act, cleanup, fireEvent, screen } from '@testing-library/react';
import { vi } from 'vitest';
import type { EngineState } from '../../shared/model/engine.ts';
import type { StackState } from '../../shared/model/stack.ts';
import { useActions } from './actions.ts';
import { connect } from './connection.ts';
import { useLive } from './live-store.ts';
import { createScriptedBridge, type ScriptedBridge } from './scripted-bridge.ts';

export const engine: EngineState = {
  state: 'ready',
  endpoint: 'unix:///var/run/docker.sock',
  foundBy: 'default socket',
  serverVersion: '28.0',
  apiVersion: '1.48',
  platform: 'linux/amd64',
  cpus: 2,
  memBytes: 1,
  problem: null,
};

function stackOf(status: StackState['status'], revision: number): StackState {
  return {
    revision,
    project: 'quayside-dev',
    environment: 'dev',
    status,
    services: [
      {
        name: 'backend',
        role: 'service',
        purpose: 'Answers',
        image: 'quayside/backend:x',
        status: status === 'healthy' ? 'healthy' : status === 'degraded' ? 'unhealthy' : 'absent',
        containers: [],
        ports: [],
        dependsOn: [],
      },
    ],
    staleSinceMs: null,
    backendUrl: null,
  };
}

export interface Scene {
  readonly scripted: ScriptedBridge;
  /** The backend is there when `healthy`, away while the stack runs when `degraded`. */
  readonly stack: (status: StackState['status']) => void;
  /** Inputs of the calls of that name, oldest first. */
  readonly asked: (name: string) => unknown[];
  /** Takes everything down again. */
  readonly end: () => void;
}

export function openScene(): Scene {
  const scripted = createScriptedBridge();
  window.quayside = scripted.bridge;
  scripted.answer('app.info', () => ({
    ok: true,
    value: { version: '0.1.0', environment: 'dev', dataDir: '/d', project: 'quayside-dev', electron: null, node: '20' },
  }));
  scripted.answer('settings.get', () => ({
    ok: true,
    value: { theme: 'system', engine: '', logTail: 1000, metricsWindowS: 300, reduceMotion: false },
  }));
  const disconnect = connect();
  let revision = 0;
  return {
    scripted,
    stack: (status) => {
      revision += 1;
      act(() => {
        scripted.send('engine.watch', engine);
        scripted.send('stack.watch', stackOf(status, revision));
        scripted.send('operations.watch', { operations: [] });
      });
    },
    asked: (name) => scripted.calls.filter((one) => one.name === name).map((one) => one.input),
    end: () => {
      cleanup();
      disconnect();
      useLive.setState({
        info: null,
        settings: null,
        engine: null,
        stack: null,
        stacks: null,
        operations: null,
        stackProblem: null,
        stacksProblem: null,
      });
      useActions.setState({ refusals: {}, dismissed: new Set(), pending: new Set() });
      delete window.quayside;
    },
  };
}

/** A list that draws only what is in sight has to have a size; `vi.restoreAllMocks` takes it back. */
export function giveSize(): void {
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(900);
}

/** Writes into the text field of that name. */
export const type = (name: string, value: string): void => {
  fireEvent.change(screen.getByRole('textbox', { name }), { target: { value } });
};
