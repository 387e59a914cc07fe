/** Folders and pages that a knowledge base keeps up with: what they said last, and when they are looked at again. */
import { FolderPlus, FolderSync, Globe } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { AreaProblem } from '../../app/area-problem.tsx';
import { useStream } from '../../app/bridge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { EmptyState, PageBody, Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { mayChange } from './may-change.ts';
import { AddFolder, AddPage } from './source-add.tsx';
import { SourceCard } from './source-card.tsx';
import css from './sources-tab.module.css';

export function SourcesTab({ kb }: { readonly kb: KnowledgeBase }): ReactNode {
  const { item, problem, retry } = useStream('sources.watch', { kb: kb.id });
  const [adding, setAdding] = useState<'folder' | 'page' | null>(null);
  const changeable = mayChange(kb);
  const buttons = changeable ? (
    <>
      <Button kind="primary" icon={FolderPlus} onClick={() => setAdding('folder')}>
        Add folder
      </Button>
      <Button icon={Globe} onClick={() => setAdding('page')}>
        Add page
      </Button>
    </>
  ) : null;
  return (
    <PageBody>
      <div className={css.tab}>
        <AreaProblem area="sources" />
        {problem === null ? null : <LiveProblem problem={problem} retry={retry} quiet={item !== null} />}
        {item === null && problem === null ? (
          <>
            <Skeleton height={92} label="Loading sources" />
            <Skeleton height={92} />
          </>
        ) : null}
        {item === null ? null : item.sources.length === 0 ? (
          <EmptyState
            icon={FolderSync}
            title="Nothing is kept up with yet"
            text="A source is a folder or a web page that Quayside looks at now and then: what is new is added, what changed is read in again, what is gone is deleted."
          >
            {buttons}
          </EmptyState>
        ) : (
          <>
            <header className={css.head}>
              <p>New files are added, changed ones read in again, and those that are gone deleted.</p>
              {buttons}
            </header>
            <ul className={css.list} aria-label="Sources">
              {item.sources.map((source) => (
                <SourceCard key={source.id} source={source} changeable={changeable} />
              ))}
            </ul>
          </>
        )}
      </div>
      {adding === 'folder' ? <AddFolder kb={kb} onClose={() => setAdding(null)} /> : null}
      {adding === 'page' ? <AddPage kb={kb} onClose={() => setAdding(null)} /> : null}
    </PageBody>
  );
}
