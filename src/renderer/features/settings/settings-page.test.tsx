/** The settings as a person uses them: who writes answers, how they are found, what comes with the stack. */
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Provider, Providers, ProviderTest } from '../../../shared/model/providers.ts';
import type { ConfigEntry, RagConfig } from '../../../shared/model/rag-config.ts';
import { useActions } from '../../app/actions.ts';
import { useLive } from '../../app/live-store.ts';
import { goSettings } from '../../app/navigation.ts';
import { createScriptedBridge, type ScriptedBridge } from '../../app/scripted-bridge.ts';
import { SettingsPage } from './settings-page.tsx';

const provider = (name: Provider['name'], more: Partial<Provider> = {}): Provider => ({
  name,
  baseUrl: name === 'embedded' || name === 'local' ? null : '',
  model: '',
  hasKey: false,
  keyLast4: null,
  contextTokens: null,
  configured: name === 'embedded',
  local: name !== 'anthropic',
  availability: { status: 'unknown', code: null, latencyMs: null, checkedAtMs: null },
  ...more,
});
const remote = provider('openai-compatible', {
  baseUrl: 'https://models.example/v1',
  model: 'big',
  hasKey: true,
  keyLast4: '1234',
  configured: true,
  local: false,
  availability: { status: 'available', code: null, latencyMs: 42, checkedAtMs: Date.now() },
});
const entry = (key: string, more: Partial<ConfigEntry> = {}): ConfigEntry => ({
  key,
  value: 8,
  source: 'default',
  locked: false,
  default: 8,
  help: 'Passages an answer is made from',
  env: 'RAG_RETRIEVAL_TOP_K',
  kind: { type: 'number', whole: true, min: 1, max: 50 },
  reindexRequired: false,
  restartRequired: false,
  ...more,
});

let scripted: ScriptedBridge;
let providers: Providers;
let config: RagConfig;
const inputs = (name: string) => scripted.calls.filter((one) => one.name === name).map((one) => one.input);
const test: ProviderTest = {
  ok: false,
  failedAt: 'key',
  problem: { code: 'provider-auth', title: 'The key was refused', detail: 'The service answered 401.' },
  latencyMs: 80,
  ttftMs: null,
  model: 'big',
  contextTokens: null,
  models: null,
};

beforeEach(() => {
  scripted = createScriptedBridge();
  window.quayside = scripted.bridge;
  useActions.setState(useActions.getInitialState(), true);
  useLive.setState({
    stack: { project: 'quayside-dev', status: 'healthy', services: [{ name: 'backend', status: 'healthy' }] } as never,
    operations: [],
  });
  providers = {
    active: 'embedded',
    fallback: 'off',
    allowCloud: false,
    items: [provider('embedded'), provider('local'), provider('ollama'), remote],
  };
  config = {
    revision: 3,
    items: [
      entry('retrieval.topK'),
      entry('llm.allowCloud', { value: false, default: false, kind: { type: 'switch' }, help: 'Cloud' }),
      entry('llm.fallback', { value: 'off', default: 'off', kind: { type: 'choice', options: ['off'] }, help: 'Who' }),
      entry('chunk.targetTokens', { value: 120, source: 'environment', locked: true, env: 'RAG_CHUNK_TARGET_TOKENS' }),
    ],
    affectedDocuments: 0,
  };
  scripted.answer('providers.get', () => ({ ok: true, value: providers }));
  scripted.answer('config.get', () => ({ ok: true, value: config }));
  scripted.answer('capabilities.list', () => ({
    ok: true,
    value: { capabilities: [{ name: 'llm', on: false, applied: false, summary: '' }] },
  }));
});
afterEach(() => {
  cleanup();
  delete window.quayside;
  useLive.setState(useLive.getInitialState(), true);
});

const card = (name: string) => screen.findByRole('region', { name });

describe('who writes answers', () => {
  beforeEach(() => {
    goSettings('answers');
    render(<SettingsPage />);
  });

  it('shows how each is, and what leaves the machine', async () => {
    const shown = await card('OpenAI-compatible service');
    expect(shown.textContent).toContain('Available');
    expect(shown.textContent).toContain('answered in 42 ms, just now');
    expect(shown.textContent).toContain('Leaves this machine: the question');
    expect((await card('Embedded answerer')).textContent).toContain('In use');
    expect((await card('Ollama')).textContent).toContain('Not set up');
  });

  it('asks before questions leave the machine, then switches', async () => {
    scripted.answer('providers.use', ({ name }) => ({ ok: true, value: { ...providers, active: name } }));
    const shown = await card('OpenAI-compatible service');
    fireEvent.click(within(shown).getByRole('button', { name: 'Use OpenAI-compatible service' }));
    const dialog = await screen.findByRole('alertdialog');
    expect(dialog.textContent).toContain('models.example');
    expect(inputs('providers.use')).toEqual([]);
    fireEvent.click(within(dialog).getByRole('button', { name: 'Use it' }));
    await waitFor(() => expect(inputs('providers.use')).toEqual([{ name: 'openai-compatible' }]));
    await waitFor(() => expect(shown.textContent).toContain('In use'));
  });

  it('names the step of a test that failed', async () => {
    scripted.answer('providers.test', () => ({ ok: true, value: test }));
    const shown = await card('OpenAI-compatible service');
    fireEvent.click(within(shown).getByRole('button', { name: 'Test' }));
    const result = await within(shown).findByRole('region', { name: 'The test failed' });
    expect(
      within(result)
        .getAllByRole('listitem')
        .map((item) => item.textContent),
    ).toEqual([
      'Reached the service: done',
      'The key was not taken: failed',
      'The modelnot tried',
      'A first wordnot tried',
    ]);
    expect(result.textContent).toContain('The service answered 401.');
  });

  it('never shows a key, sends a new one once, and can remove it', async () => {
    scripted.answer('providers.configure', () => ({ ok: true, value: providers }));
    const shown = await card('OpenAI-compatible service');
    fireEvent.click(within(shown).getByRole('button', { name: 'Change its settings' }));
    expect(shown.textContent).toContain('A key is stored, ends in …1234');
    expect(within(shown).queryByLabelText('Key')).toBeNull();
    fireEvent.click(within(shown).getByRole('button', { name: 'Replace' }));
    fireEvent.change(within(shown).getByLabelText('Key'), { target: { value: 'sk-new' } });
    fireEvent.click(within(shown).getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(inputs('providers.configure')).toEqual([{ name: 'openai-compatible', key: 'sk-new' }]));
    await waitFor(() => expect(shown.innerHTML).not.toContain('sk-new'));
  });

  it('says what is missing instead of a button that fails', async () => {
    const shown = await card('Ollama');
    fireEvent.click(within(shown).getByRole('button', { name: 'Set it up' }));
    fireEvent.change(within(shown).getByLabelText('Address'), { target: { value: 'ftp://x' } });
    expect(shown.textContent).toContain('starting with http:// or https://');
    expect((within(shown).getByRole('button', { name: 'Save' }) as HTMLButtonElement).disabled).toBe(true);
  });

  it('lists the models of the service to choose from', async () => {
    scripted.answer('providers.models', () => ({
      ok: true,
      value: {
        models: [
          { id: 'small', contextTokens: 8192, bytes: null },
          { id: 'big', contextTokens: null, bytes: null },
        ],
      },
    }));
    const shown = await card('OpenAI-compatible service');
    fireEvent.click(within(shown).getByRole('button', { name: 'Change its settings' }));
    fireEvent.click(within(shown).getByRole('button', { name: 'See its models' }));
    const list = await within(shown).findByRole('list', { name: 'Models of the service' });
    expect(within(list).getByText('8,192 tokens')).toBeTruthy();
    fireEvent.click(within(list).getByRole('button', { name: /small/ }));
    expect((within(shown).getByLabelText('Model') as HTMLInputElement).value).toBe('small');
  });

  it('offers to switch on the part of the stack that its own model needs', async () => {
    scripted.answer('capabilities.set', () => ({
      ok: true,
      value: { capabilities: [{ name: 'llm', on: true, applied: false, summary: '' }] },
    }));
    const shown = await card('The stack’s own model');
    fireEvent.click(await within(shown).findByRole('button', { name: 'Switch it on' }));
    await waitFor(() => expect(inputs('capabilities.set')).toEqual([{ name: 'llm', on: true }]));
    await within(shown).findByRole('button', { name: 'Start it now' });
  });

  it('lets another step in only where the person says so', async () => {
    scripted.answer('config.change', () => ({ ok: true, value: { ...config, revision: 4 } }));
    const toggle = await screen.findByRole('switch', { name: 'A service outside may step in' });
    await waitFor(() => expect(toggle.hasAttribute('data-disabled')).toBe(false));
    fireEvent.click(toggle);
    await waitFor(() =>
      expect(inputs('config.change')).toEqual([{ changes: { 'llm.allowCloud': true }, revision: 3 }]),
    );
  });
});

describe('answering and retrieval', () => {
  beforeEach(() => {
    goSettings('retrieval');
    render(<SettingsPage />);
  });

  it('changes a number at once, within its bounds', async () => {
    scripted.answer('config.change', ({ changes }) => ({
      ok: true,
      value: {
        ...config,
        revision: 4,
        items: config.items.map((one) =>
          one.key in changes ? { ...one, value: changes[one.key] ?? 8, source: 'database' as const } : one,
        ),
      },
    }));
    const field = await screen.findByRole('textbox', { name: 'Passages for an answer' });
    fireEvent.change(field, { target: { value: '99' } });
    expect(screen.getByText('A whole number from 1 to 50')).toBeTruthy();
    fireEvent.keyDown(field, { key: 'Enter' });
    expect(inputs('config.change')).toEqual([]);
    fireEvent.change(field, { target: { value: '5' } });
    fireEvent.keyDown(field, { key: 'Enter' });
    await screen.findByText('Set here');
    expect(inputs('config.change')).toEqual([{ changes: { 'retrieval.topK': 5 }, revision: 3 }]);
    fireEvent.click(screen.getByRole('button', { name: 'Put Passages for an answer back to 8' }));
    await waitFor(() =>
      expect(inputs('config.change').at(-1)).toEqual({ changes: { 'retrieval.topK': null }, revision: 4 }),
    );
  });

  it('says why a setting is fixed', async () => {
    const field = await screen.findByRole('textbox', { name: 'Size of a passage' });
    expect((field as HTMLInputElement).disabled).toBe(true);
    expect(screen.getByText(/Fixed by RAG_CHUNK_TARGET_TOKENS in the environment/)).toBeTruthy();
    expect(screen.getByText('Environment: RAG_CHUNK_TARGET_TOKENS')).toBeTruthy();
  });

  it('reads what holds again when somebody else was faster', async () => {
    scripted.answer('config.change', () => ({
      ok: false,
      problem: {
        code: 'config-conflict',
        title: 'Somebody else changed the settings',
        cause: 'x',
        evidence: [],
        remedies: [],
      },
    }));
    const field = await screen.findByRole('textbox', { name: 'Passages for an answer' });
    config = { ...config, revision: 9, items: [entry('retrieval.topK', { value: 12, source: 'database' })] };
    fireEvent.change(field, { target: { value: '5' } });
    fireEvent.keyDown(field, { key: 'Enter' });
    await screen.findByText('Somebody else changed the settings');
    await waitFor(() => expect((field as HTMLInputElement).value).toBe('12'));
  });

  it('shows what was changed, with a way back', async () => {
    scripted.answer('config.history', () => ({
      ok: true,
      value: {
        changes: [{ id: 1, key: 'retrieval.topK', oldValue: 5, newValue: null, changedBy: 'Ada', changedAtMs: 1 }],
      },
    }));
    scripted.answer('config.change', () => ({ ok: true, value: config }));
    await screen.findByText('History');
    fireEvent.click(screen.getByRole('button', { name: 'Show' }));
    const list = await screen.findByRole('list', { name: 'Changes' });
    expect(list.textContent).toContain('Passages for an answer: 5 → the default by Ada');
    fireEvent.click(within(list).getByRole('button', { name: 'Put Passages for an answer back to 5' }));
    await waitFor(() => expect(inputs('config.change')).toEqual([{ changes: { 'retrieval.topK': 5 }, revision: 3 }]));
  });
});

it('has documents read again that were read with other settings', async () => {
  config = { ...config, affectedDocuments: 2 };
  scripted.answer('documents.reindexStale', () => ({ ok: true, value: { documents: 2 } }));
  goSettings('retrieval');
  render(<SettingsPage />);
  await screen.findByText(/2 documents were read with other settings/);
  config = { ...config, affectedDocuments: 0 };
  fireEvent.click(screen.getByRole('button', { name: 'Read them again' }));
  await screen.findByText(/2 documents are being read again/);
});

it('switches an optional part on and applies it with a start', async () => {
  scripted.answer('capabilities.set', ({ name, on }) => ({
    ok: true,
    value: { capabilities: [{ name, on, applied: false, summary: '' }] },
  }));
  scripted.answer('stack.start', () => ({ ok: true, value: { operationId: 'o1' } }));
  goSettings('parts');
  render(<SettingsPage />);
  const part = await screen.findByRole('listitem', { name: 'Language model of the stack' });
  expect(part.textContent).toContain('1.5 GB of memory');
  fireEvent.click(within(part).getByRole('switch'));
  await within(part).findByText('On from the next start');
  fireEvent.click(screen.getByRole('button', { name: 'Apply now' }));
  await waitFor(() => expect(inputs('stack.start')).toEqual([{}]));
});

it('moves between its parts by keyboard and keeps the place in the address', async () => {
  goSettings('general');
  render(<SettingsPage />);
  act(() => screen.getByRole('tab', { name: 'General' }).focus());
  fireEvent.click(screen.getByRole('tab', { name: 'Optional parts' }));
  await waitFor(() => expect(window.location.hash).toBe('#/settings/parts'));
});
