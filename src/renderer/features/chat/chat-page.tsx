/** Questions to your own documents: conversations, the thread, the documents beside it. Files can be dropped anywhere on the page. */
import { Files, FileUp } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import type { CitationSource } from '../../../shared/model/chat.ts';
import { useActions } from '../../app/actions.ts';
import { AreaProblem } from '../../app/area-problem.tsx';
import { useStream } from '../../app/bridge.ts';
import { backendReady, useLive } from '../../app/live-store.ts';
import { go } from '../../app/navigation.ts';
import { EngineMissing, PageLoading, StackMissing, useGround } from '../../app/page-states.tsx';
import { ingestsToShow } from '../../parts/documents/document-words.ts';
import { addDropped } from '../../parts/documents/ingest.ts';
import { PassageDrawer } from '../../parts/documents/passage-drawer.tsx';
import { EmptyState, PageBody } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { DropZone } from '../../ui/drop-zone.tsx';
import { count } from '../../ui/format.ts';
import css from './chat-page.module.css';
import { loadConversations, useChat } from './chat-store.ts';
import { Composer } from './composer.tsx';
import { ConversationList } from './conversation-list.tsx';
import { DocumentsPanel } from './documents-panel.tsx';
import { Thread } from './thread.tsx';

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

function Chat(): ReactNode {
  const { item } = useStream('documents.watch', {});
  const documents = item?.documents ?? null;
  const operations = useLive((state) => state.operations);
  const dismissed = useActions((state) => state.dismissed);
  const run = useChat((state) => state.run);
  const [panel, setPanel] = useState(() => window.innerWidth >= 1180);
  const [source, setSource] = useState<CitationSource | null>(null);

  useEffect(() => void loadConversations(), []);

  const readyCount = documents?.filter((document) => document.state === 'ready').length ?? 0;
  return (
    <DropZone
      title="Drop to add to your documents"
      text="Markdown, text, HTML, PDF"
      className={css.chat}
      data-panel={panel}
      onFiles={(files) => {
        setPanel(true);
        void addDropped(files);
      }}
    >
      <ConversationList />
      <div className={css.middle}>
        <Thread documents={documents} onOpen={setSource} />
        <div className={css.bottom}>
          <AreaProblem area="chat" />
          <Composer
            placeholder={readyCount > 0 ? 'Ask your documents' : 'Add documents first, then ask'}
            draft={run?.problem != null ? run.question : ''}
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
            ingesting={ingestsToShow(operations, dismissed)}
            onClose={() => setPanel(false)}
          />
        </div>
      ) : null}
      <PassageDrawer source={source} onClose={() => setSource(null)} />
    </DropZone>
  );
}
