/** The conversation itself: turns, the answer under way, and what to do when there is nothing yet. */
import { FileUp, FlaskConical, MessageCircleQuestion, Plus } from 'lucide-react';
import { type ReactNode, useEffect, useLayoutEffect, useRef } from 'react';
import type { CitationSource, DocumentInfo } from '../../../shared/model/chat.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { addPicked, addSamples } from '../../parts/documents/ingest.ts';
import { EmptyState, Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { ToneIcon } from '../../ui/status.tsx';
import { ask, dropRun, loadConversations, type Run, useChat } from './chat-store.ts';
import { Answer, Question } from './message-view.tsx';
import css from './thread.module.css';

const phaseWords = {
  asking: 'Asking',
  retrieving: 'Looking for passages in your documents',
  generating: 'Writing the answer',
} as const;

function Running({ run, onOpen }: { readonly run: Run; readonly onOpen: (source: CitationSource) => void }): ReactNode {
  return (
    <>
      <Question text={run.question} />
      {run.text === '' ? null : (
        <Answer
          message={{ text: run.text, status: 'streaming', sources: [...run.sources], provider: null }}
          abstention={null}
          usage={null}
          streaming={run.problem === null}
          onOpen={onOpen}
        />
      )}
      {run.problem === null && run.text === '' ? (
        <p className={css.phase} role="status">
          <ToneIcon tone="busy" size={15} />
          {run.stopping ? 'Stopping' : phaseWords[run.phase]}
        </p>
      ) : null}
      {run.problem === null ? null : (
        <LiveProblem problem={run.problem} retry={() => void ask(run.question)} onDismiss={dropRun} />
      )}
    </>
  );
}

function Nothing({ documents }: { readonly documents: readonly DocumentInfo[] | null }): ReactNode {
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
        text="Drop Markdown, text, HTML or PDF files here. They stay on this machine; each answer cites the passages it stands on."
      >
        <Button kind="primary" icon={Plus} onClick={() => void addPicked()}>
          Choose files
        </Button>
        <Button icon={FlaskConical} onClick={() => void addSamples()}>
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
  onOpen,
}: {
  readonly documents: readonly DocumentInfo[] | null;
  readonly onOpen: (source: CitationSource) => void;
}): ReactNode {
  const currentId = useChat((state) => state.currentId);
  const messages = useChat((state) => (state.currentId === null ? undefined : state.messages[state.currentId]));
  const run = useChat((state) => (state.run?.conversationId === state.currentId ? state.run : null));
  const problem = useChat((state) => state.problem);
  const abstentions = useChat((state) => state.abstentions);
  const usages = useChat((state) => state.usages);
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

  // The stored question appears with the answer's start; the running one must not stand there twice.
  const stored = messages ?? [];
  const last = stored.at(-1);
  const before = stored.at(-2);
  const doubled =
    run === null
      ? 0
      : last?.role === 'user' && last.text === run.question
        ? 1
        : last?.status === 'streaming' && before?.text === run.question
          ? 2
          : 0;
  const shown = stored.slice(0, stored.length - doubled);
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
          <Nothing documents={currentId !== null && messages === undefined ? null : documents} />
        ) : (
          shown.map((message) =>
            message.role === 'user' ? (
              <Question key={message.id} text={message.text} />
            ) : (
              <Answer
                key={message.id}
                message={message}
                abstention={abstentions[message.id] ?? null}
                usage={usages[message.id] ?? null}
                onOpen={onOpen}
              />
            ),
          )
        )}
        {run === null ? null : <Running run={run} onOpen={onOpen} />}
      </div>
    </div>
  );
}
