/** One knowledge base: its name and words, what can be done with it, its documents and sources behind tabs. */
import { Ellipsis, FilePlus2, Pencil, Trash2, Users } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { formatBytes } from '../../../shared/model/bytes.ts';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import type { Problem } from '../../../shared/model/problem.ts';
import { useActions } from '../../app/actions.ts';
import { AreaProblem } from '../../app/area-problem.tsx';
import { LiveProblem } from '../../app/live-problem.tsx';
import { addDropped, addPicked } from '../../parts/documents/ingest.ts';
import { Button } from '../../ui/button.tsx';
import { DropZone } from '../../ui/drop-zone.tsx';
import { count } from '../../ui/format.ts';
import { ActionMenu } from '../../ui/menu.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { TabList, TabPanel, Tabs } from '../../ui/tabs.tsx';
import { DocumentsTab } from './documents-tab.tsx';
import css from './kb-detail.module.css';
import { KbDelete, KbForm } from './kb-dialogs.tsx';
import { KbShare } from './kb-share.tsx';
import { knowledgeTabs, showTab, useKnowledge } from './knowledge-store.ts';
import { mayChange } from './may-change.ts';
import { SourcesTab } from './sources-tab.tsx';

function factsOf(kb: KnowledgeBase): string {
  if (kb.documents === 0) return 'Nothing in it yet';
  return `${count(kb.documents, 'document')}, ${count(kb.chunks, 'passage')}, ${formatBytes(kb.bytes)}`;
}

const sharedWords: Readonly<Record<KnowledgeBase['access'], string>> = {
  owner: '',
  editor: ', shared with you to be read and changed',
  reader: ', shared with you to be read',
};

function Head({ kb }: { readonly kb: KnowledgeBase }): ReactNode {
  const [changing, setChanging] = useState(false);
  const [sharing, setSharing] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const pending = useActions((state) => state.pending.has('documents'));
  const tab = useKnowledge((state) => state.tab);
  const own = kb.access === 'owner';
  return (
    <header className={css.head}>
      <div className={css.words}>
        <h2>{markHidden(kb.name)}</h2>
        <p className={css.facts}>
          {factsOf(kb)}
          {sharedWords[kb.access]}
        </p>
        {kb.description === '' ? null : <p className={css.description}>{markHidden(kb.description)}</p>}
      </div>
      {mayChange(kb) ? (
        <Button
          kind={tab === 'documents' ? 'primary' : 'secondary'}
          icon={FilePlus2}
          disabled={pending}
          onClick={() => void addPicked(kb.id)}
        >
          Add files
        </Button>
      ) : null}
      {own ? (
        <ActionMenu
          label={`More about ${kb.name}`}
          icon={Ellipsis}
          actions={[
            {
              label: kb.isDefault ? 'Change the description' : 'Rename or describe',
              icon: Pencil,
              run: () => setChanging(true),
            },
            { label: 'Share', icon: Users, run: () => setSharing(true) },
            ...(kb.isDefault ? [] : [{ label: 'Delete it', icon: Trash2, danger: true, run: () => setDeleting(true) }]),
          ]}
        />
      ) : null}
      <KbForm kb={kb} open={changing} onClose={() => setChanging(false)} />
      <KbShare kb={kb} open={sharing} onClose={() => setSharing(false)} />
      <KbDelete kb={kb} open={deleting} onClose={() => setDeleting(false)} />
    </header>
  );
}

export function KbDetail({
  kb,
  broken,
  onRetry,
}: {
  readonly kb: KnowledgeBase;
  /** Why the list of knowledge bases is not heard of right now. */
  readonly broken: Problem | null;
  readonly onRetry: () => void;
}): ReactNode {
  const tab = useKnowledge((state) => state.tab);
  return (
    <DropZone
      title={`Drop to add to ${markHidden(kb.name)}`}
      text="PDF, Word, web pages, Markdown, tables, text, or a folder of them"
      className={css.detail}
      onFiles={(files) => {
        if (!mayChange(kb)) return;
        showTab('documents');
        void addDropped(files, kb.id);
      }}
    >
      <Tabs className={css.tabs} value={tab} values={knowledgeTabs} onChange={showTab}>
        <div className={css.top}>
          <Head kb={kb} />
          <div className={css.problems}>
            {broken === null ? null : <LiveProblem problem={broken} retry={onRetry} quiet />}
            <AreaProblem area="knowledge" />
            <AreaProblem area="documents" />
          </div>
          <TabList
            label={`About ${markHidden(kb.name)}`}
            tabs={[
              { value: 'documents', label: 'Documents', count: kb.documents },
              { value: 'sources', label: 'Sources', count: kb.sources },
            ]}
          />
        </div>
        <TabPanel value="documents">
          <DocumentsTab kb={kb} />
        </TabPanel>
        <TabPanel value="sources">
          <SourcesTab kb={kb} />
        </TabPanel>
      </Tabs>
    </DropZone>
  );
}
