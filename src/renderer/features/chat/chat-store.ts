/** Conversations, their messages and the answer under way. Lives outside the page, so that an answer goes on while you look elsewhere. */
import { create } from 'zustand';
import type { CitationSource, Conversation, Message, Notice } from '../../../shared/model/chat.ts';
import type { Problem } from '../../../shared/model/problem.ts';
import { perform } from '../../app/actions.ts';
import { call } from '../../app/bridge.ts';

export interface Run {
  readonly conversationId: string;
  readonly question: string;
  /** The stored question that is answered again or was put in other words: it and what follows are replaced. */
  readonly replaces: string | null;
  /** null until the core has named it; Stop waits for that. */
  readonly runId: string | null;
  readonly provider: string | null;
  readonly phase: 'asking' | 'retrieving' | 'generating';
  readonly text: string;
  readonly sources: readonly CitationSource[];
  readonly notices: readonly Notice[];
  readonly stopping: boolean;
  /** Set when it broke off; the run is kept so that the question is not lost. */
  readonly problem: Problem | null;
  /** The very same question once more. */
  readonly again: () => void;
}

export interface ChatState {
  readonly conversations: readonly Conversation[] | null;
  readonly currentId: string | null;
  readonly messages: Readonly<Record<string, readonly Message[]>>;
  readonly run: Run | null;
  /** What the next new conversation asks; null: what the last one asked. */
  readonly nextKbIds: readonly string[] | null;
  readonly problem: Problem | null;
}

export const useChat = create<ChatState>(() => ({
  conversations: null,
  currentId: null,
  messages: {},
  run: null,
  nextKbIds: null,
  problem: null,
}));
const { getState: get, setState: set } = useChat;

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

function keep(changed: Conversation): void {
  set(({ conversations }) => ({
    conversations: conversations?.map((one) => (one.id === changed.id ? changed : one)) ?? null,
  }));
}

export async function rename(id: string, title: string): Promise<void> {
  const answer = await perform('chat', 'chat.rename', { id, title });
  if (answer.ok) keep(answer.value);
}

/** The knowledge bases that the current conversation asks, and the next new one. */
export async function chooseKbs(kbIds: string[]): Promise<void> {
  const { currentId, conversations } = get();
  set({ nextKbIds: kbIds });
  const current = conversations?.find((one) => one.id === currentId);
  if (current === undefined) return;
  keep({ ...current, kbIds });
  const answer = await perform('chat', 'chat.setKbs', { id: current.id, kbIds });
  keep(answer.ok ? answer.value : current);
}

/** What a question would be asked of; empty: the default one. */
export function chosenKbs({ conversations, currentId, nextKbIds }: ChatState): readonly string[] {
  const current = conversations?.find((one) => one.id === currentId);
  return current?.kbIds ?? nextKbIds ?? conversations?.[0]?.kbIds ?? none;
}
const none: readonly string[] = [];

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

/** The conversation to ask in: the current one, else a new one. null when there is none to be had. */
export async function conversationToAsk(): Promise<string | null> {
  const { currentId } = get();
  if (currentId !== null) return currentId;
  const kbIds = [...chosenKbs(get())];
  const answer = await perform('chat', 'chat.create', kbIds.length === 0 ? {} : { kbIds });
  if (!answer.ok) return null;
  const created = answer.value;
  set(({ conversations, messages }) => ({
    conversations: [created, ...(conversations ?? [])],
    currentId: created.id,
    messages: { ...messages, [created.id]: [] },
  }));
  return created.id;
}
