/** Knowledge bases: what is in each of them, the folders and pages they keep up with. */
import { LibraryBig } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useStream } from '../../app/bridge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { NeedsBackend } from '../../app/needs-backend.tsx';
import { PageLoading } from '../../app/page-states.tsx';
import { EmptyState, PageBody } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { KbDetail } from './kb-detail.tsx';
import { KbForm } from './kb-dialogs.tsx';
import { KbList } from './kb-list.tsx';
import css from './knowledge-page.module.css';
import { useKnowledge } from './knowledge-store.ts';

export function KnowledgePage(): ReactNode {
  return (
    <NeedsBackend
      purpose="Start it to see your knowledge bases. Everything you added before is still there."
      missing="It keeps your documents and searches them."
    >
      <Knowledge />
    </NeedsBackend>
  );
}

function Knowledge(): ReactNode {
  const { item, problem, retry } = useStream('kb.watch', {});
  const chosen = useKnowledge((state) => state.kbId);
  const [creating, setCreating] = useState(false);
  if (item === null) {
    if (problem === null) return <PageLoading label="Looking for knowledge bases" />;
    return (
      <PageBody>
        <LiveProblem problem={problem} retry={retry} />
      </PageBody>
    );
  }
  const { kbs } = item;
  const kb = kbs.find(({ id }) => id === chosen) ?? kbs.find(({ isDefault }) => isDefault) ?? kbs[0];
  return (
    <div className={css.page}>
      <KbList kbs={kbs} currentId={kb?.id ?? null} onCreate={() => setCreating(true)} />
      {kb === undefined ? (
        <PageBody>
          <EmptyState
            icon={LibraryBig}
            title="There is no knowledge base"
            text="A knowledge base holds documents that are asked together."
          >
            <Button kind="primary" onClick={() => setCreating(true)}>
              Create a knowledge base
            </Button>
          </EmptyState>
        </PageBody>
      ) : (
        <KbDetail key={kb.id} kb={kb} broken={problem} onRetry={retry} />
      )}
      <KbForm open={creating} kb={null} onClose={() => setCreating(false)} />
    </div>
  );
}
