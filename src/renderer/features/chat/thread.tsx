/** The conversation itself: turns, the answer under way, and what to do when there is nothing yet. */
import { FileUp, FlaskConical, MessageCircleQuestion, Plus } from 'lucide-react';
import { type ReactNode, useEffect, useLayoutEffect, useRef } from 'react';
import type { CitationSource, DocumentInfo, Message } from '../../../shared/model/chat.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { addPicked, addSamples } from '../../parts/documents/ingest.ts';
import { EmptyState, Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { ToneIcon } from '../../ui/status.tsx';
import { Answer } from './answer.tsx';
import { ask, askInstead, dropRun, regenerate } from './answering.ts';
import { loadConversations, type Run, useChat } from './chat-store.ts';
import { Question } from './question.tsx';
import css from './thread.module.css';

const phaseWords = {
  asking: 'Asking',
  retrieving: 'Looking for passages in your documents',
  generating: 'Writing the answer',
} as const;

/** What pressing something in an answer does. */
export interface AnswerActions {
  readonly onOpen: (source: CitationSource) => void;
  readonly onOpenTitle: (title: string) => () => void;
  readonly onLink: (url: string) => void;
}

function Running({ run, actions }: { readonly run: Run; readonly actions: AnswerActions }): ReactNode {
  const { text, sources, notices, provider } = run;
  return (
    <>
      <Question text={run.question} />
      {text === '' ? null : (
        <Answer
          message={{
            text,
            status: 'streaming',
            sources: [...sources],
            citations: [],
            notices: [...notices],
            nearest: [],
            timings: null,
            provider,
            model: null,
          }}
          streaming={run.problem === null}
          {...actions}
        />
      )}
      {run.problem === null && text === '' ? (
        <p className={css.phase} role="status">
          <ToneIcon tone="busy" size={15} />
          {run.stopping ? 'Stopping' : phaseWords[run.phase]}
        </p>
      ) : null}
      {run.problem === null ? null : <LiveProblem problem={run.problem} retry={run.again} onDismiss={dropRun} />}
    </>
  );
}

/** The question that an answer answers: the last one before it. */
function questionOf(messages: readonly Message[], index: number): Message | undefined {
  return messages.slice(0, index).findLast((message) => message.role === 'user');
}

/** What stands before the run: not the question that it replaces, nor its own, which is stored as it begins. */
function before(run: Run | null, stored: readonly Message[]): readonly Message[] {
  if (run === null) return stored;
  const replaced = stored.findIndex((message) => message.id === run.replaces);
  if (replaced !== -1) return stored.slice(0, replaced);
  const last = stored.at(-1);
  if (last?.role === 'user' && last.text === run.question) return stored.slice(0, -1);
  const doubled = last?.status === 'streaming' && stored.at(-2)?.text === run.question;
  return doubled ? stored.slice(0, -2) : stored;
}

function Nothing({
  documents,
  kb,
}: {
  readonly documents: readonly DocumentInfo[] | null;
  readonly kb: string | null;
}): ReactNode {
  if (documents === null) {
    return (
      <div className={css.waiting}>
        <Skeleton width="60%" label="Loading" />
        <Skeleton width="80%" />
      </div>
    );
  }
  const ready = documents.filter((document) => document.state === 'ready');
  if (documents.length === 0) {
    return (
      <EmptyState
        icon={FileUp}
        title="Bring in the documents you want to ask"
        text="Drop PDF, Word, HTML, Markdown, CSV or text files here. They stay on this machine; each answer cites the passages it stands on."
      >
        <Button kind="primary" icon={Plus} onClick={() => void addPicked(kb ?? undefined)}>
          Choose files
        </Button>
        <Button icon={FlaskConical} onClick={() => void addSamples(kb ?? undefined)}>
          Try the samples
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={MessageCircleQuestion}
      title={ready.length === 0 ? 'Your documents are being read' : 'Ask your documents'}
      text={
        ready.length === 0
          ? 'You can ask as soon as the first one is ready.'
          : 'Answers quote the passages they stand on. Press a number in an answer to read it in its place.'
      }
    >
      {ready.slice(0, 3).map((document) => (
        <Button key={document.id} onClick={() => void ask(`What does ${document.title} say?`)}>
          {`What does ${document.title.length > 34 ? `${document.title.slice(0, 33)}…` : document.title} say?`}
        </Button>
      ))}
    </EmptyState>
  );
}

export function Thread({
  documents,
  kb,
  actions,
}: {
  readonly documents: readonly DocumentInfo[] | null;
  /** Where documents are added to; null is the default one. */
  readonly kb: string | null;
  readonly actions: AnswerActions;
}): ReactNode {
  const currentId = useChat((state) => state.currentId);
  const messages = useChat((state) => (state.currentId === null ? undefined : state.messages[state.currentId]));
  const run = useChat((state) => (state.run?.conversationId === state.currentId ? state.run : null));
  const problem = useChat((state) => state.problem);
  const busy = useChat((state) => state.run !== null && state.run.problem === null);
  const scroller = useRef<HTMLDivElement>(null);
  const stick = useRef(true);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another conversation, or a new question, starts at its end
  useEffect(() => {
    stick.current = true;
  }, [currentId, run?.question]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: follows what has grown
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element !== null && stick.current) element.scrollTop = element.scrollHeight;
  }, [messages, run, currentId]);

  const shown = before(run, messages ?? []);
  const empty = shown.length === 0 && run === null;
  return (
    <div
      ref={scroller}
      className={css.scroll}
      onScroll={(event) => {
        const element = event.currentTarget;
        stick.current = element.scrollHeight - element.scrollTop - element.clientHeight < 60;
      }}
    >
      <div className={css.thread} data-empty={empty}>
        {problem === null ? null : <LiveProblem problem={problem} retry={() => void loadConversations()} />}
        {empty ? (
          <Nothing documents={currentId !== null && messages === undefined ? null : documents} kb={kb} />
        ) : (
          shown.map((message, index) => {
            if (message.role === 'user') {
              return (
                <Question
                  key={message.id}
                  text={message.text}
                  onAskInstead={busy ? undefined : (text) => askInstead(message, text)}
                />
              );
            }
            const question = questionOf(shown, index);
            return (
              <Answer
                key={message.id}
                message={message}
                onRegenerate={busy || question === undefined ? undefined : () => regenerate(question)}
                {...actions}
              />
            );
          })
        )}
        {run === null ? null : <Running run={run} actions={actions} />}
      </div>
    </div>
  );
}
