/** Questions to your own documents: conversations, the thread, the documents beside it. Files can be dropped anywhere on the page. */
import { Files, FileUp } from 'lucide-react';
import { type ReactNode, useCallback, useEffect, useMemo, useState } from 'react';
import type { DocumentInfo } from '../../../shared/model/chat.ts';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { perform, useActions } from '../../app/actions.ts';
import { AreaProblem } from '../../app/area-problem.tsx';
import { useStream } from '../../app/bridge.ts';
import { backendReady, useLive } from '../../app/live-store.ts';
import { go } from '../../app/navigation.ts';
import { EngineMissing, PageLoading, StackMissing, useGround } from '../../app/page-states.tsx';
import { ingestsToShow } from '../../parts/documents/document-words.ts';
import { addDropped } from '../../parts/documents/ingest.ts';
import { PassageDrawer, type PassagePlace } from '../../parts/documents/passage-drawer.tsx';
import { EmptyState, PageBody } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { DropZone } from '../../ui/drop-zone.tsx';
import { count } from '../../ui/format.ts';
import css from './chat-page.module.css';
import { chooseKbs, chosenKbs, loadConversations, useChat } from './chat-store.ts';
import { Composer } from './composer.tsx';
import { ConversationList } from './conversation-list.tsx';
import { DocumentsPanel } from './documents-panel.tsx';
import { KbChoice } from './kb-choice.tsx';
import { LinkDialog } from './link-dialog.tsx';
import { type AnswerActions, Thread } from './thread.tsx';

export function ChatPage(): ReactNode {
  const ground = useGround();
  const engine = useLive((state) => state.engine);
  const ready = useLive((state) => backendReady(state.stack));
  const starting = useLive((state) => state.stack?.status === 'starting');
  if (ground === 'no-engine') return <EngineMissing engine={engine} />;
  if (ground === 'loading') return <PageLoading label="Looking at your stack" />;
  if (ground === 'no-stack')
    return <StackMissing purpose="Start it to ask your documents. Everything you added before is still there." />;
  if (!ready) return <BackendMissing starting={starting} />;
  return <Chat />;
}

function BackendMissing({ starting }: { readonly starting: boolean }): ReactNode {
  return (
    <PageBody>
      <EmptyState
        icon={FileUp}
        title={starting ? 'The backend is starting' : 'The backend does not answer'}
        text={
          starting
            ? 'You can ask as soon as it is ready. This page changes by itself.'
            : 'Answers come from the backend service. See on the Stack page how it is, and start it again from there.'
        }
      >
        <Button kind="primary" onClick={() => go('stack')}>
          Go to the stack
        </Button>
      </EmptyState>
    </PageBody>
  );
}

const noKbs: readonly KnowledgeBase[] = [];

/** The conversation's knowledge bases, and the one whose documents stand beside it. */
function useKbs(): {
  readonly kbs: readonly KnowledgeBase[];
  readonly chosen: readonly string[];
  readonly asked: readonly KnowledgeBase[];
  /** null is the default one. */
  readonly shown: string | null;
  readonly show: (id: string) => void;
} {
  const { item } = useStream('kb.watch', {});
  const kbs = item?.kbs ?? noKbs;
  const ids = useChat(chosenKbs);
  const [picked, show] = useState<string | null>(null);
  const found = kbs.filter((kb) => ids.includes(kb.id));
  const asked = found.length > 0 ? found : kbs.filter((kb) => kb.isDefault);
  const one = asked.find((kb) => kb.id === picked) ?? asked[0];
  return {
    kbs,
    asked,
    chosen: asked.map((kb) => kb.id),
    shown: one === undefined || (one.isDefault && asked.length === 1) ? null : one.id,
    show,
  };
}

/** The beginning of a document, as a place to open; null when it has none. */
async function beginningOf({ id, title, sourceName }: DocumentInfo): Promise<PassagePlace | null> {
  const answer = await perform('chat', 'documents.chunks', { id, from: 0 });
  const first = answer.ok ? answer.value.chunks[0] : undefined;
  return first === undefined
    ? null
    : { chunkId: first.id, title, sourceName, page: first.page, headingPath: first.headingPath };
}

function Chat(): ReactNode {
  const { kbs, chosen, asked, shown, show } = useKbs();
  const { item } = useStream('documents.watch', shown === null ? {} : { kb: shown });
  const documents = item?.documents ?? null;
  const operations = useLive((state) => state.operations);
  const dismissed = useActions((state) => state.dismissed);
  const run = useChat((state) => state.run);
  const [panel, setPanel] = useState(() => window.innerWidth >= 1180);
  const [place, setPlace] = useState<PassagePlace | null>(null);
  const [link, setLink] = useState<string | null>(null);

  useEffect(() => void loadConversations(), []);

  const onOpenTitle = useCallback(
    (title: string) => {
      const document = documents?.find((one) => one.title === title && one.chunks > 0);
      // Of another knowledge base: its page has them all.
      return document === undefined ? () => go('knowledge') : () => void beginningOf(document).then(setPlace);
    },
    [documents],
  );
  const actions: AnswerActions = useMemo(() => ({ onOpen: setPlace, onOpenTitle, onLink: setLink }), [onOpenTitle]);
  const readyCount = documents?.filter((document) => document.state === 'ready').length ?? 0;
  return (
    <DropZone
      title="Drop to add to your documents"
      text="PDF, Word, HTML, Markdown, CSV, text"
      className={css.chat}
      data-panel={panel}
      onFiles={(files) => {
        setPanel(true);
        void addDropped(files, shown ?? undefined);
      }}
    >
      <ConversationList />
      <div className={css.middle}>
        <Thread documents={documents} kb={shown} actions={actions} />
        <div className={css.bottom}>
          <AreaProblem area="chat" />
          <KbChoice kbs={kbs} chosen={chosen} onChoose={(ids) => void chooseKbs(ids)} />
          <Composer
            placeholder={readyCount > 0 ? 'Ask your documents' : 'Add documents first, then ask'}
            draft={run?.problem != null && run.replaces === null ? run.question : ''}
          />
          <div className={css.under}>
            <span>Enter asks, Shift+Enter starts a new line</span>
            {panel ? null : (
              <Button size="sm" kind="quiet" icon={Files} onClick={() => setPanel(true)}>
                {documents === null ? 'Documents' : count(documents.length, 'document')}
              </Button>
            )}
          </div>
        </div>
      </div>
      {panel ? (
        <div className={css.panel}>
          <DocumentsPanel
            documents={documents}
            kbs={asked}
            kb={shown}
            onKb={show}
            ingesting={ingestsToShow(operations, dismissed)}
            onClose={() => setPanel(false)}
          />
        </div>
      ) : null}
      <PassageDrawer source={place} onClose={() => setPlace(null)} />
      <LinkDialog url={link} onClose={() => setLink(null)} />
    </DropZone>
  );
}
