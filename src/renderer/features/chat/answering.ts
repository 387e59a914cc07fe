/** One answer at a time: asked, asked again, or asked in other words; streamed into the store, then settled with what is stored. */
import type { Input } from '../../../shared/contract/contract.ts';
import type { ChatEvent } from '../../../shared/model/chat.ts';
import { perform } from '../../app/actions.ts';
import { call, open } from '../../app/bridge.ts';
import { announce } from '../../ui/announce.ts';
import { conversationToAsk, loadConversations, loadMessages, type Run, useChat } from './chat-store.ts';

const { getState: get, setState: set } = useChat;

/** Deltas are put together this long before the page is drawn again. */
const flushMs = 40;
const maxNotices = 10;

function change(part: (run: Run) => Partial<Run>): void {
  set(({ run }) => (run === null ? {} : { run: { ...run, ...part(run) } }));
}

const answering = (): boolean => {
  const { run } = get();
  return run !== null && run.problem === null;
};

type Request =
  | { readonly name: 'chat.ask'; readonly input: Input<'chat.ask'> }
  | { readonly name: 'chat.regenerate'; readonly input: Input<'chat.regenerate'> }
  | { readonly name: 'chat.edit'; readonly input: Input<'chat.edit'> };

/** Asks and streams the answer into the store. Does nothing while another answer is under way. */
export async function ask(question: string): Promise<void> {
  const text = question.trim();
  if (text === '' || answering()) return;
  const conversationId = await conversationToAsk();
  if (conversationId === null || answering()) return;
  begin({ name: 'chat.ask', input: { conversationId, question: text } }, conversationId, text, null);
}

/** Answers a question that is already there once more; what follows it is replaced. */
export function regenerate(question: { id: string; conversationId: string; text: string }): void {
  if (answering()) return;
  const { id, conversationId, text } = question;
  begin({ name: 'chat.regenerate', input: { messageId: id } }, conversationId, text, id);
}

/** Puts a question in other words; it and what follows are replaced. */
export function askInstead(question: { id: string; conversationId: string }, words: string): void {
  const text = words.trim();
  if (text === '' || answering()) return;
  const { id, conversationId } = question;
  begin({ name: 'chat.edit', input: { messageId: id, question: text } }, conversationId, text, id);
}

function begin(request: Request, conversationId: string, question: string, replaces: string | null): void {
  set({
    run: {
      conversationId,
      question,
      replaces,
      runId: null,
      provider: null,
      phase: 'asking',
      text: '',
      sources: [],
      notices: [],
      stopping: false,
      problem: null,
      again: () => begin(request, conversationId, question, replaces),
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
    change((run) => ({ text: run.text + more }));
  };
  const onEvent = (event: ChatEvent): void => {
    switch (event.type) {
      case 'run':
        change(() => ({ runId: event.runId, provider: event.provider }));
        if (get().run?.stopping === true) void call('chat.stop', { runId: event.runId });
        return;
      case 'status':
        change(() => ({ phase: event.phase }));
        return;
      case 'sources':
        change(() => ({ sources: event.sources }));
        return;
      case 'delta':
        pending += event.text;
        timer ??= setTimeout(flush, flushMs);
        return;
      case 'notice':
        change((run) => ({
          notices: [...run.notices, { code: event.code, message: event.message }].slice(-maxNotices),
        }));
        return;
      case 'citation':
      case 'abstain':
      case 'usage':
        // They come after the last word: the stored message has them a moment later.
        return;
      case 'done':
        flush();
        // After an error the stream's end says why; the answer is settled there.
        if (event.status === 'error') return;
        close();
        void settle(conversationId, event.status);
        return;
      default:
        event satisfies never;
    }
  };
  const close = open(request.name, request.input, onEvent, (end) => {
    flush();
    const { problem } = end;
    if (problem !== null) change(() => ({ problem }));
    else if (get().run?.problem === null) void settle(conversationId, 'error');
  });
}

const outcomes: Readonly<Record<Extract<ChatEvent, { type: 'done' }>['status'], string>> = {
  error: 'The answer broke off',
  abstained: 'The documents do not answer this',
  stopped: 'The answer was stopped',
  completed: 'The answer is complete',
};

/** The stored messages take the place of the streamed text. */
async function settle(conversationId: string, status: keyof typeof outcomes): Promise<void> {
  await loadMessages(conversationId);
  set({ run: null });
  announce(outcomes[status]);
  await loadConversations();
}

/** Asks the core to stop the answer; what has come stays. */
export function stop(): void {
  const { run } = get();
  if (run === null) return;
  change(() => ({ stopping: true }));
  if (run.runId !== null) void perform('chat', 'chat.stop', { runId: run.runId });
}

/** Puts a broken run away; what is stored of it takes its place. */
export function dropRun(): void {
  const { run } = get();
  set({ run: null });
  if (run !== null) void loadMessages(run.conversationId);
}
