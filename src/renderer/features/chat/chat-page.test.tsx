/** What a person sees and does on the chat page, without a window: the core's answers come from a script. */
import { act, cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { documentInfo } from '../../../../tests/unit/document-info.ts';
import type { CitationSource, Conversation, DocumentInfo, Message } from '../../../shared/model/chat.ts';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { useLive } from '../../app/live-store.ts';
import { useNavigation } from '../../app/navigation.ts';
import { createScriptedBridge, type ScriptedBridge } from '../../app/scripted-bridge.ts';
import { ChatPage } from './chat-page.tsx';
import { useChat } from './chat-store.ts';

const source: CitationSource = {
  n: 1,
  chunkId: 'c1',
  documentId: 'd1',
  title: 'Harbour rules',
  sourceName: 'harbour.md',
  page: 3,
  headingPath: [],
  snippet: 'At the quay',
  strength: 'strong',
};
const conversation = (id: string, title: string, kbIds = ['b1']): Conversation => ({
  id,
  title,
  kbIds,
  createdAtMs: 1,
  updatedAtMs: 1,
});
const message = (id: string, role: Message['role'], text: string, more: Partial<Message> = {}): Message => ({
  id,
  conversationId: 'k1',
  role,
  text,
  status: 'completed',
  sources: [],
  citations: [],
  notices: [],
  nearest: [],
  timings: null,
  provider: role === 'user' ? null : 'ollama',
  model: role === 'user' ? null : 'llama3.2',
  createdAtMs: 1,
  ...more,
});
const kb = (id: string, name: string): KnowledgeBase => ({
  id,
  name,
  description: '',
  isDefault: id === 'b1',
  access: 'owner',
  documents: 2,
  pending: 0,
  failed: 0,
  chunks: 9,
  bytes: 10,
  sources: 0,
  lastSyncAtMs: null,
});
const document = (id: string, title: string): DocumentInfo => documentInfo(id, { title, kbId: 'b1' });

let scripted: ScriptedBridge;
let messages: Message[];
const inputs = (name: string) => scripted.calls.filter((one) => one.name === name).map((one) => one.input);

beforeEach(() => {
  scripted = createScriptedBridge();
  window.quayside = scripted.bridge;
  useChat.setState(useChat.getInitialState(), true);
  useLive.setState({
    engine: { state: 'ready' } as never,
    stack: { status: 'healthy', services: [{ name: 'backend', status: 'healthy' }] } as never,
    operations: [],
  });
  const text = 'At **the quay** [1].';
  messages = [
    message('m1', 'user', 'Where?'),
    message('m2', 'assistant', text, {
      sources: [source],
      citations: [{ n: 1, answerStart: 0, answerEnd: 15, markStart: 16, markEnd: 19, support: 'medium' }],
    }),
  ];
  scripted.answer('chat.conversations', () => ({ ok: true, value: { conversations: [conversation('k1', 'Night')] } }));
  scripted.answer('chat.messages', () => ({ ok: true, value: { messages } }));
});
afterEach(() => {
  cleanup();
  delete window.quayside;
  useLive.setState(useLive.getInitialState(), true);
});

async function openPage(kbs = [kb('b1', 'General')]): Promise<void> {
  render(<ChatPage />);
  await screen.findByText('Where?');
  act(() => {
    scripted.send('kb.watch', { kbs });
    scripted.send('documents.watch', { documents: [document('d1', 'Harbour rules')] });
  });
}
const done = (messageId = 'm2', status: 'completed' | 'abstained' = 'completed') => ({
  type: 'done' as const,
  status,
  messageId,
});

it('shows who wrote an answer, its support, and copies it with its sources', async () => {
  const copied: string[] = [];
  Object.defineProperty(navigator, 'clipboard', {
    configurable: true,
    value: { writeText: async (text: string) => void copied.push(text) },
  });
  await openPage();
  const answer = screen.getByRole('article', { name: 'Answer' });
  expect(answer.textContent).toContain('Written by llama3.2 (Ollama)');
  await within(answer).findByRole('button', { name: 'Source 1: Harbour rules, partly supported' });
  fireEvent.click(within(answer).getByRole('button', { name: 'Copy this answer with its sources' }));
  await waitFor(() =>
    expect(copied).toEqual(['At **the quay** [1].\n\nSources:\n[1] Harbour rules, harbour.md, page 3\n']),
  );
});

it('finds conversations by their words and opens one', async () => {
  scripted.answer('chat.search', () => ({
    ok: true,
    value: { hits: [{ conversation: conversation('k2', 'Tides'), snippet: 'high tide at the quay' }] },
  }));
  await openPage();
  fireEvent.change(screen.getByRole('textbox', { name: 'Search conversations' }), { target: { value: 'quay' } });
  const found = await screen.findByRole('list', { name: 'Found conversations' });
  expect(inputs('chat.search')).toEqual([{ query: 'quay' }]);
  expect(within(found).getByText('quay').tagName).toBe('MARK');
  fireEvent.click(within(found).getByRole('button'));
  await waitFor(() => expect(inputs('chat.messages')).toContainEqual({ conversationId: 'k2' }));
  fireEvent.keyDown(screen.getByRole('textbox', { name: 'Search conversations' }), { key: 'Escape' });
  expect(screen.queryByRole('list', { name: 'Found conversations' })).toBeNull();
});

it('says when no conversation holds the words', async () => {
  scripted.answer('chat.search', () => ({ ok: true, value: { hits: [] } }));
  await openPage();
  fireEvent.change(screen.getByRole('textbox', { name: 'Search conversations' }), { target: { value: 'zebra' } });
  await screen.findByText('No conversation holds “zebra”.');
});

it('saves a conversation as Markdown', async () => {
  scripted.answer('chat.export', () => ({ ok: true, value: { saved: true } }));
  await openPage();
  fireEvent.click(screen.getByRole('button', { name: 'More for Night' }));
  fireEvent.click(await screen.findByRole('menuitem', { name: 'Save as Markdown' }));
  await waitFor(() => expect(inputs('chat.export')).toEqual([{ id: 'k1', format: 'markdown' }]));
});

it('answers again: what follows the question makes way', async () => {
  messages = [...messages, message('m3', 'user', 'And then?'), message('m4', 'assistant', 'Later.')];
  await openPage();
  fireEvent.click(screen.getAllByRole('button', { name: 'Answer again' })[0] as HTMLElement);
  await waitFor(() => expect(scripted.opened('chat.regenerate')).toBe(1));
  expect(screen.queryByText('And then?')).toBeNull();
  expect(screen.getAllByText('Where?')).toHaveLength(1);
  messages = [message('m1', 'user', 'Where?'), message('m5', 'assistant', 'At the pier.')];
  act(() => scripted.send('chat.regenerate', done('m5')));
  await screen.findByText('At the pier.');
});

it('puts a question in other words and says what that replaces', async () => {
  await openPage();
  fireEvent.click(screen.getByRole('button', { name: 'Change this question' }));
  expect(screen.getByText('Its answer and everything after it are replaced.')).toBeTruthy();
  const field = screen.getByRole('textbox', { name: 'The question in other words' });
  expect((screen.getByRole('button', { name: 'Ask this instead' }) as HTMLButtonElement).disabled).toBe(true);
  fireEvent.change(field, { target: { value: 'Where at night?' } });
  fireEvent.click(screen.getByRole('button', { name: 'Ask this instead' }));
  await waitFor(() => expect(scripted.opened('chat.edit')).toBe(1));
  expect(screen.queryByText('Where?')).toBeNull();
  expect(screen.getByText('Where at night?')).toBeTruthy();
});

it('keeps what was there when answering again is refused', async () => {
  await openPage();
  fireEvent.click(screen.getByRole('button', { name: 'Answer again' }));
  act(() =>
    scripted.end('chat.regenerate', {
      problem: { code: 'x', title: 'The model cannot be reached', cause: 'It is off.', evidence: [], remedies: [] },
    }),
  );
  await screen.findByText('The model cannot be reached');
  fireEvent.click(screen.getByRole('button', { name: 'Dismiss' }));
  await waitFor(() => expect(screen.getByRole('article', { name: 'Answer' }).textContent).toContain('the quay'));
});

it('asks the knowledge bases that were chosen, and the next conversation asks the same', async () => {
  scripted.answer('chat.setKbs', ({ id, kbIds }) => ({ ok: true, value: conversation(id, 'Night', kbIds) }));
  scripted.answer('chat.create', ({ kbIds }) => ({ ok: true, value: conversation('k9', '', kbIds) }));
  await openPage([kb('b1', 'General'), kb('b2', 'Contracts')]);
  fireEvent.click(screen.getByRole('button', { name: 'Choose knowledge bases' }));
  fireEvent.click(await screen.findByRole('menuitemcheckbox', { name: /Contracts/ }));
  await waitFor(() => expect(inputs('chat.setKbs')).toEqual([{ id: 'k1', kbIds: ['b1', 'b2'] }]));
  await screen.findByRole('button', { name: 'Do not ask General', hidden: true });
  fireEvent.click(screen.getByRole('button', { name: 'New conversation', hidden: true }));
  const field = screen.getByRole('textbox', { name: 'Ask your documents', hidden: true });
  fireEvent.change(field, { target: { value: 'What?' } });
  fireEvent.keyDown(field, { key: 'Enter' });
  await waitFor(() => expect(inputs('chat.create')).toEqual([{ kbIds: ['b1', 'b2'] }]));
});

it('tells what a person should know about an answer above it', async () => {
  await openPage();
  const field = screen.getByRole('textbox', { name: 'Ask your documents' });
  fireEvent.change(field, { target: { value: 'Where?' } });
  fireEvent.keyDown(field, { key: 'Enter' });
  await waitFor(() => expect(scripted.opened('chat.ask')).toBe(1));
  act(() => {
    scripted.send('chat.ask', { type: 'notice', code: 'fallback_provider', message: 'Ollama could not be asked.' });
    scripted.send('chat.ask', { type: 'delta', text: 'At the quay.' });
  });
  const about = () => screen.getByRole('list', { name: 'About this answer' }).textContent;
  await waitFor(() => expect(about()).toBe('Ollama could not be asked.'));
  // What is stored says the same, today and when the conversation is opened again.
  messages = [
    message('m1', 'user', 'Where?'),
    message('m2', 'assistant', 'At the quay.', {
      notices: [{ code: 'fallback_provider', message: 'Ollama could not be asked.' }],
      timings: { retrievalMs: 12, ttftMs: 340, totalMs: 2100 },
    }),
  ];
  act(() => scripted.send('chat.ask', done()));
  await waitFor(() => expect(useChat.getState().run).toBeNull());
  expect(about()).toBe('Ollama could not be asked.');
  expect(screen.getByRole('article', { name: 'Answer' }).textContent).toContain(
    'found in 12 ms, first word after 340 ms, done in 2.1 s',
  );
});

it('opens the nearest documents when there is no answer', async () => {
  messages = [
    message('m1', 'user', 'Where?'),
    message('m2', 'assistant', 'Your documents do not answer this. The nearest are: Harbour rules; Gone.', {
      status: 'abstained',
    }),
  ];
  scripted.answer('documents.chunks', () => ({
    ok: true,
    value: { chunks: [{ id: 'c7', no: 0, text: 'x', tokens: 1, page: null, headingPath: [] }], next: null },
  }));
  scripted.answer('documents.passage', () => ({
    ok: true,
    value: { ...source, chunkId: 'c7', before: '', text: 'The first lines', after: '' },
  }));
  await openPage();
  const answer = screen.getByRole('article', { name: 'Answer' });
  expect(within(answer).getByText('Your documents do not answer this')).toBeTruthy();
  fireEvent.click(within(answer).getByRole('button', { name: 'Harbour rules' }));
  await screen.findByText('The first lines');
  expect(inputs('documents.passage')).toEqual([{ chunkId: 'c7' }]);
  fireEvent.click(within(answer).getByText('Gone'));
  expect(useNavigation.getState().page).toBe('knowledge');
});

it('asks before it opens a link, with the whole address', async () => {
  messages = [message('m1', 'user', 'Where?'), message('m2', 'assistant', '[Map](https://maps.example/a?b=c)')];
  scripted.answer('chat.openLink', () => ({ ok: true, value: {} }));
  await openPage();
  fireEvent.click(await screen.findByRole('button', { name: /Map/ }));
  const dialog = await screen.findByRole('alertdialog');
  expect(dialog.textContent).toContain('https://maps.example/a?b=c');
  expect(inputs('chat.openLink')).toEqual([]);
  fireEvent.click(within(dialog).getByRole('button', { name: 'Open in browser' }));
  await waitFor(() => expect(inputs('chat.openLink')).toEqual([{ url: 'https://maps.example/a?b=c' }]));
});
