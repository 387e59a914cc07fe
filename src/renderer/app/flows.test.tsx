import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CitationSource } from '../../shared/model/chat.ts';
import type { EngineState } from '../../shared/model/engine.ts';
import type { Operation } from '../../shared/model/operation.ts';
import type { Problem } from '../../shared/model/problem.ts';
import type { StackState } from '../../shared/model/stack.ts';
import { ChatPage } from '../features/chat/chat-page.tsx';
import { useChat } from '../features/chat/chat-store.ts';
import { StackPage } from '../features/stack/stack-page.tsx';
import { useActions } from './actions.ts';
import { keepOpen } from './bridge.ts';
import { commandsFor, matching } from './commands.ts';
import { connect } from './connection.ts';
import { useLive } from './live-store.ts';
import { createScriptedBridge, type ScriptedBridge } from './scripted-bridge.ts';

const engine: EngineState = {
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
const stackOf = (status: StackState['status'], revision = 1): StackState => ({
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
      status: status === 'healthy' ? 'healthy' : 'absent',
      containers: [],
      ports: [],
      dependsOn: [],
    },
  ],
  staleSinceMs: null,
  backendUrl: null,
});
const taken: Problem = {
  code: 'port-taken',
  title: 'Port 7420 is taken',
  cause: 'Another program listens there.',
  evidence: [],
  remedies: [
    { action: 'use-port', label: 'Use port 7421 instead', service: 'backend', port: 7421 },
    { action: 'retry', label: 'Try again' },
  ],
};
const failed: Operation = {
  id: 'o1',
  kind: 'start',
  environment: 'dev',
  stack: 'quayside-dev',
  title: 'Start the stack',
  state: 'failed',
  cancellable: true,
  cancelling: false,
  startedAtMs: 1,
  endedAtMs: 2,
  steps: [],
  outcome: null,
  problem: taken,
};

let scripted: ScriptedBridge;
let disconnect: () => void;

beforeEach(() => {
  scripted = createScriptedBridge();
  window.quayside = scripted.bridge;
  scripted.answer('app.info', () => ({
    ok: true,
    value: { version: '0.1.0', environment: 'dev', dataDir: '/d', project: 'quayside-dev', electron: null, node: '20' },
  }));
  scripted.answer('settings.get', () => ({
    ok: true,
    value: { theme: 'system', engine: '', logTail: 1000, metricsWindowS: 300, reduceMotion: false },
  }));
  scripted.answer('stack.start', () => ({ ok: true, value: { operationId: 'o1' } }));
  disconnect = connect();
});
afterEach(() => {
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
  });
  useActions.setState({ refusals: {}, dismissed: new Set(), pending: new Set() });
  useChat.setState({ conversations: null, currentId: null, messages: {}, run: null, problem: null });
  delete window.quayside;
});

function send(status: StackState['status'], operations: Operation[] = [], revision = 1): void {
  act(() => {
    scripted.send('engine.watch', engine);
    scripted.send('stack.watch', stackOf(status, revision));
    scripted.send('operations.watch', { operations });
  });
}
const startCalls = () => scripted.calls.filter((one) => one.name === 'stack.start').map((one) => one.input);

describe('the stack page', () => {
  it('starts the stack, and has no Stop beside Start while it is stopped', async () => {
    render(<StackPage />);
    send('stopped');
    fireEvent.click(screen.getByRole('button', { name: 'Start' }));
    await waitFor(() => expect(startCalls()).toEqual([{}]));
    expect(screen.queryByRole('button', { name: 'Stop' })).toBeNull();
  });

  it('moves the port when told to, and clears the problem once a start works', async () => {
    render(<StackPage />);
    send('stopped', [failed]);
    expect(screen.getByText('Port 7420 is taken')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Use port 7421 instead' }));
    await waitFor(() => expect(startCalls()).toEqual([{ ports: { backend: 7421 } }]));
    send('healthy', [{ ...failed, id: 'o2', state: 'done', problem: null }, failed], 2);
    expect(screen.queryByText('Port 7420 is taken')).toBeNull();
    expect(screen.getByRole('button', { name: 'Stop' })).toBeTruthy();
  });

  it('shows a refused call and repeats that very call on Try again', async () => {
    scripted.answer('stack.start', () => ({ ok: false, problem: taken }));
    render(<StackPage />);
    send('stopped');
    fireEvent.click(screen.getByRole('button', { name: 'Start' }));
    await screen.findByText('Port 7420 is taken');
    scripted.answer('stack.start', () => ({ ok: true, value: { operationId: 'o1' } }));
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(screen.queryByText('Port 7420 is taken')).toBeNull());
    expect(startCalls()).toEqual([{}, {}]);
  });
});

describe('connection', () => {
  it('keeps the newer snapshot', () => {
    send('healthy', [], 7);
    send('stopped', [], 6);
    expect(useLive.getState().stack?.status).toBe('healthy');
  });

  it('opens a broken stream again', () => {
    vi.useFakeTimers();
    const items: string[] = [];
    const problems: (string | null)[] = [];
    const close = keepOpen(
      'engine.watch',
      {},
      (item) => items.push(item.state),
      (problem) => problems.push(problem?.code ?? null),
    );
    scripted.end('engine.watch', { problem: taken });
    expect(scripted.opened('engine.watch')).toBe(0);
    vi.advanceTimersByTime(600);
    expect(scripted.opened('engine.watch')).toBeGreaterThan(0);
    scripted.send('engine.watch', engine);
    close();
    vi.useRealTimers();
    expect(items).toEqual(['ready']);
    expect(problems).toEqual(['port-taken', null]);
  });

  it('answers a Problem when the bridge is gone', async () => {
    delete window.quayside;
    const { call } = await import('./bridge.ts');
    const answer = await call('app.info', {});
    expect(answer.ok).toBe(false);
  });
});

describe('commands', () => {
  it('offers only what would work', () => {
    const labels = (status: StackState['status']): string[] =>
      commandsFor({ stack: stackOf(status), stacks: null, operations: [], engineReady: true }).map((one) => one.label);
    expect(labels('stopped')).toContain('Start the stack');
    expect(labels('stopped')).not.toContain('Stop the stack');
    expect(labels('healthy')).toContain('Back up now');
  });

  it('finds by words in any order', () => {
    const all = commandsFor({ stack: stackOf('healthy'), stacks: null, operations: [], engineReady: true });
    expect(matching(all, 'stack stop')[0]?.label).toBe('Stop the stack');
    expect(matching(all, 'zzz')).toEqual([]);
  });
});

describe('the chat page', () => {
  const source: CitationSource = {
    n: 1,
    chunkId: 'c1',
    documentId: 'd1',
    title: 'Harbour rules',
    sourceName: 'harbour.md',
    page: null,
    headingPath: [],
    snippet: 'At the quay',
    strength: 'strong',
  };
  const conversation = { id: 'k1', title: 'Night', kbIds: ['b1'], createdAtMs: 1, updatedAtMs: 1 };

  const asked = (): boolean => scripted.calls.some((one) => one.name === 'chat.create');

  beforeEach(() => {
    scripted.answer('chat.conversations', () => ({
      ok: true,
      value: { conversations: asked() ? [conversation] : [] },
    }));
    scripted.answer('chat.create', () => ({ ok: true, value: conversation }));
    scripted.answer('chat.stop', () => ({ ok: true, value: {} }));
    scripted.answer('chat.messages', () => ({
      ok: true,
      value: {
        messages: [
          {
            id: 'm1',
            conversationId: 'k1',
            role: 'user',
            text: 'Where?',
            status: 'completed',
            sources: [],
            citations: [],
            notices: [],
            nearest: [],
            timings: null,
            provider: null,
            model: null,
            createdAtMs: 1,
          },
          {
            id: 'm2',
            conversationId: 'k1',
            role: 'assistant',
            text: 'At the quay [1].',
            status: 'completed',
            sources: [source],
            citations: [],
            notices: [],
            nearest: [],
            timings: null,
            provider: 'embedded',
            model: null,
            createdAtMs: 2,
          },
        ],
      },
    }));
    scripted.answer('documents.passage', () => ({
      ok: true,
      value: { ...source, before: 'before it', text: 'At the quay', after: 'after it' },
    }));
  });

  async function askWhere(): Promise<void> {
    render(<ChatPage />);
    send('healthy');
    act(() => scripted.send('documents.watch', { documents: [] }));
    const field = screen.getByRole('textbox', { name: 'Ask your documents' });
    fireEvent.change(field, { target: { value: 'Where?' } });
    fireEvent.keyDown(field, { key: 'Enter' });
    await waitFor(() => expect(scripted.opened('chat.ask')).toBe(1));
  }

  it('streams an answer and opens the passage behind a citation', async () => {
    await askWhere();
    act(() => {
      scripted.send('chat.ask', {
        type: 'run',
        runId: 'r1',
        conversationId: 'k1',
        messageId: 'm2',
        provider: 'embedded',
      });
      scripted.send('chat.ask', { type: 'sources', sources: [source] });
      scripted.send('chat.ask', { type: 'delta', text: 'At the ' });
      scripted.send('chat.ask', { type: 'delta', text: 'quay [1].' });
    });
    await waitFor(() => expect(screen.getByRole('article', { name: 'Answer' }).textContent).toContain('At the quay'));
    expect(screen.getByRole('button', { name: 'Stop answering' })).toBeTruthy();
    act(() => scripted.send('chat.ask', { type: 'done', status: 'completed', messageId: 'm2' }));
    await waitFor(() => expect(useChat.getState().run).toBeNull());
    expect(scripted.opened('chat.ask')).toBe(0);
    fireEvent.click(screen.getByRole('button', { name: 'Source 1: Harbour rules' }));
    await screen.findByText('before it');
    expect(screen.getByText('after it')).toBeTruthy();
  });

  it('stops an answer even before the core has named it', async () => {
    await askWhere();
    fireEvent.click(screen.getByRole('button', { name: 'Stop answering' }));
    expect(scripted.calls.some((one) => one.name === 'chat.stop')).toBe(false);
    act(() =>
      scripted.send('chat.ask', {
        type: 'run',
        runId: 'r9',
        conversationId: 'k1',
        messageId: 'm2',
        provider: 'embedded',
      }),
    );
    expect(scripted.calls.filter((one) => one.name === 'chat.stop').map((one) => one.input)).toEqual([{ runId: 'r9' }]);
  });

  it('keeps the question when the answer breaks off', async () => {
    await askWhere();
    act(() => {
      scripted.send('chat.ask', { type: 'done', status: 'error', messageId: 'm2' });
      scripted.end('chat.ask', { problem: taken });
    });
    await screen.findByText('Port 7420 is taken');
    expect((screen.getByRole('textbox', { name: 'Ask your documents' }) as HTMLTextAreaElement).value).toBe('Where?');
  });
});
