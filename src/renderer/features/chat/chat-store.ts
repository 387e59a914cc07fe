/** Conversations, their messages and the answer under way. Lives outside the page, so that an answer goes on while you look elsewhere. */
import { create } from 'zustand';
import type { ChatEvent, CitationSource, Conversation, Message } from '../../../shared/model/chat.ts';
import type { Problem } from '../../../shared/model/problem.ts';
import { perform } from '../../app/actions.ts';
import { call, open } from '../../app/bridge.ts';
import { announce } from '../../ui/announce.ts';

export type Abstention = Extract<ChatEvent, { type: 'abstain' }>;
export type Usage = Extract<ChatEvent, { type: 'usage' }>;

export interface Run {
  readonly conversationId: string;
  readonly question: string;
  /** null until the core has named it; Stop waits for that. */
  readonly runId: string | null;
  readonly phase: 'asking' | 'retrieving' | 'generating';
  readonly text: string;
  readonly sources: readonly CitationSource[];
  readonly abstention: Abstention | null;
  readonly usage: Usage | null;
  readonly stopping: boolean;
  /** Set when it broke off; the run is kept so that the question is not lost. */
  readonly problem: Problem | null;
}

export interface ChatState {
  readonly conversations: readonly Conversation[] | null;
  readonly currentId: string | null;
  readonly messages: Readonly<Record<string, readonly Message[]>>;
  readonly run: Run | null;
  /** What the stream said beyond the stored message, by message id. */
  readonly abstentions: Readonly<Record<string, Abstention>>;
  readonly usages: Readonly<Record<string, Usage>>;
  readonly problem: Problem | null;
}

export const useChat = create<ChatState>(() => ({
  conversations: null,
  currentId: null,
  messages: {},
  run: null,
  abstentions: {},
  usages: {},
  problem: null,
}));
const { getState: get, setState: set } = useChat;

/** Deltas are put together this long before the page is drawn again. */
const flushMs = 40;

export async function loadConversations(): Promise<void> {
  const answer = await call('chat.conversations', {});
  if (!answer.ok) {
    set({ problem: answer.problem });
    return;
  }
  const { conversations } = answer.value;
  const { currentId, conversations: before } = get();
  // The first time, the newest one is shown; later the choice is the person's, and "New conversation" is one.
  const first = before === null ? (conversations[0]?.id ?? null) : null;
  const kept = conversations.some((one) => one.id === currentId) ? currentId : first;
  set({ conversations, problem: null, currentId: kept });
  if (kept !== null && get().messages[kept] === undefined) await loadMessages(kept);
}

export async function loadMessages(conversationId: string): Promise<void> {
  const answer = await call('chat.messages', { conversationId });
  if (answer.ok) set(({ messages }) => ({ messages: { ...messages, [conversationId]: answer.value.messages } }));
  else set({ problem: answer.problem });
}

export function select(conversationId: string | null): void {
  set({ currentId: conversationId, problem: null });
  if (conversationId !== null && get().messages[conversationId] === undefined) void loadMessages(conversationId);
}

export async function rename(id: string, title: string): Promise<void> {
  const answer = await perform('chat', 'chat.rename', { id, title });
  if (answer.ok) {
    set(({ conversations }) => ({
      conversations: conversations?.map((one) => (one.id === id ? answer.value : one)) ?? null,
    }));
  }
}

export async function remove(id: string): Promise<void> {
  const answer = await perform('chat', 'chat.delete', { id });
  if (!answer.ok) return;
  set(({ conversations, currentId, messages }) => {
    const { [id]: _gone, ...rest } = messages;
    return {
      conversations: conversations?.filter((one) => one.id !== id) ?? null,
      currentId: currentId === id ? null : currentId,
      messages: rest,
    };
  });
}

/** The conversation to ask in: the current one, else a new one. */
async function conversationToAsk(): Promise<string | null> {
  const { currentId } = get();
  if (currentId !== null) return currentId;
  const answer = await perform('chat', 'chat.create', {});
  if (!answer.ok) return null;
  const created = answer.value;
  set(({ conversations, messages }) => ({
    conversations: [created, ...(conversations ?? [])],
    currentId: created.id,
    messages: { ...messages, [created.id]: [] },
  }));
  return created.id;
}

function change(part: Partial<Run>): void {
  set(({ run }) => (run === null ? {} : { run: { ...run, ...part } }));
}

/** Asks and streams the answer into the store. Does nothing while another answer is under way. */
export async function ask(question: string): Promise<void> {
  const text = question.trim();
  const under = get().run;
  if (text === '' || (under !== null && under.problem === null)) return;
  const conversationId = await conversationToAsk();
  if (conversationId === null) return;
  set({
    run: {
      conversationId,
      question: text,
      runId: null,
      phase: 'asking',
      text: '',
      sources: [],
      abstention: null,
      usage: null,
      stopping: false,
      problem: null,
    },
  });
  let pending = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (pending === '') return;
    const more = pending;
    pending = '';
    set(({ run }) => (run === null ? {} : { run: { ...run, text: run.text + more } }));
  };
  const close = open(
    'chat.ask',
    { conversationId, question: text },
    (event) => {
      switch (event.type) {
        case 'run':
          change({ runId: event.runId });
          if (get().run?.stopping === true) void call('chat.stop', { runId: event.runId });
          return;
        case 'status':
          change({ phase: event.phase });
          return;
        case 'sources':
          change({ sources: event.sources });
          return;
        case 'delta':
          pending += event.text;
          timer ??= setTimeout(flush, flushMs);
          return;
        case 'citation':
        case 'notice':
          return;
        case 'abstain':
          change({ abstention: event });
          return;
        case 'usage':
          change({ usage: event });
          return;
        case 'done':
          flush();
          // After an error the stream's end says why; the answer is settled there.
          if (event.status === 'error') return;
          close();
          void settle(conversationId, event.messageId, event.status);
          return;
        default:
          event satisfies never;
      }
    },
    (end) => {
      flush();
      if (end.problem !== null) change({ problem: end.problem });
      else if (get().run?.problem === null) void settle(conversationId, null, 'error');
    },
  );
}

/** The stored messages take the place of the streamed text. */
async function settle(
  conversationId: string,
  messageId: string | null,
  status: Extract<ChatEvent, { type: 'done' }>['status'],
): Promise<void> {
  const { run } = get();
  await loadMessages(conversationId);
  set(({ abstentions, usages }) => ({
    run: null,
    abstentions:
      messageId !== null && run?.abstention != null ? { ...abstentions, [messageId]: run.abstention } : abstentions,
    usages: messageId !== null && run?.usage != null ? { ...usages, [messageId]: run.usage } : usages,
  }));
  announce(
    status === 'error'
      ? 'The answer broke off'
      : status === 'abstained'
        ? 'The documents do not answer this'
        : status === 'stopped'
          ? 'The answer was stopped'
          : 'The answer is complete',
  );
  await loadConversations();
}

/** Asks the core to stop the answer; what has come stays. */
export function stop(): void {
  const { run } = get();
  if (run === null) return;
  change({ stopping: true });
  if (run.runId !== null) void perform('chat', 'chat.stop', { runId: run.runId });
}

/** Puts a broken run away; what is stored of it takes its place. */
export function dropRun(): void {
  const { run } = get();
  set({ run: null });
  if (run !== null) void loadMessages(run.conversationId);
}
