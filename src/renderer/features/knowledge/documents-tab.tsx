/** The documents of one knowledge base: find them, see how far they are, retry, delete, open. */
import { FileText, FlaskConical, Plus, RotateCw, SearchX, Trash2, X } from 'lucide-react';
import { type ReactNode, useDeferredValue, useMemo, useState } from 'react';
import type { DocumentInfo } from '../../../shared/model/chat.ts';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { useActions } from '../../app/actions.ts';
import { useStream } from '../../app/bridge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useLive } from '../../app/live-store.ts';
import { ingestsToShow } from '../../parts/documents/document-words.ts';
import { addPicked, addSamples } from '../../parts/documents/ingest.ts';
import { Ingesting } from '../../parts/documents/ingesting.tsx';
import { EmptyState, ProgressBar, Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { Choice } from '../../ui/choice.tsx';
import { count } from '../../ui/format.ts';
import { SearchField } from '../../ui/search-field.tsx';
import { forEach, useBulk } from './bulk.ts';
import { DeleteDocuments } from './delete-documents.tsx';
import { DocumentDrawer } from './document-drawer.tsx';
import {
  type DocumentGroup,
  documentGroups,
  documentsToShow,
  groupCounts,
  isReading,
  type Sorting,
} from './document-list.ts';
import { DocumentTable } from './document-table.tsx';
import css from './documents-tab.module.css';
import { mayChange } from './may-change.ts';

const groupWords: Readonly<Record<DocumentGroup, string>> = {
  all: 'All',
  ready: 'Ready',
  'under-way': 'Under way',
  failed: 'Failed',
};

/** What can be done to the chosen documents; floats over the end of the list, so that nothing moves. */
function Chosen({
  documents,
  onDelete,
  onNone,
}: {
  readonly documents: readonly DocumentInfo[];
  readonly onDelete: () => void;
  readonly onNone: () => void;
}): ReactNode {
  const failed = documents.filter(({ state }) => state === 'failed').map(({ id }) => id);
  const reading = documents.filter(isReading).map(({ id }) => id);
  return (
    <section className={css.chosen} aria-label="Chosen documents">
      <b>{count(documents.length, 'document')} chosen</b>
      {failed.length === 0 ? null : (
        <Button size="sm" icon={RotateCw} onClick={() => void forEach('documents.retry', failed)}>
          {`Retry ${failed.length.toLocaleString('en')} failed`}
        </Button>
      )}
      {reading.length === 0 ? null : (
        <Button size="sm" icon={X} onClick={() => void forEach('documents.cancel', reading)}>
          {`Cancel ${reading.length.toLocaleString('en')} under way`}
        </Button>
      )}
      <Button size="sm" kind="danger" icon={Trash2} onClick={onDelete}>
        Delete
      </Button>
      <Button size="sm" kind="quiet" onClick={onNone}>
        Choose none
      </Button>
    </section>
  );
}

function BulkProgress(): ReactNode {
  const running = useBulk((state) => state.running);
  if (running === null) return null;
  const words =
    running.name === 'documents.delete' ? 'Deleting' : running.name === 'documents.retry' ? 'Queuing' : 'Cancelling';
  return (
    <div className={css.bulk} role="status">
      <span>{`${words} ${running.done} of ${running.total}`}</span>
      <ProgressBar value={running.done / running.total} label={words} />
    </div>
  );
}

function Nothing({ kb }: { readonly kb: KnowledgeBase }): ReactNode {
  if (!mayChange(kb)) return <EmptyState icon={FileText} title="There are no documents in it" />;
  return (
    <EmptyState
      icon={FileText}
      title="No documents yet"
      text="Drop files or folders anywhere on this page: PDF, Word, web pages, Markdown, tables, text. Or begin with the samples that come with Quayside."
    >
      <Button kind="primary" icon={Plus} onClick={() => void addPicked(kb.id)}>
        Choose files
      </Button>
      <Button icon={FlaskConical} onClick={() => void addSamples(kb.id)}>
        Add samples
      </Button>
    </EmptyState>
  );
}

export function DocumentsTab({ kb }: { readonly kb: KnowledgeBase }): ReactNode {
  const { item, problem, retry } = useStream('documents.watch', { kb: kb.id });
  const documents = item?.documents ?? null;
  const operations = useLive((state) => state.operations);
  const dismissed = useActions((state) => state.dismissed);
  const ingests = ingestsToShow(operations, dismissed);
  const [typed, setTyped] = useState('');
  const query = useDeferredValue(typed);
  const [group, setGroup] = useState<DocumentGroup>('all');
  const [sorting, setSorting] = useState<Sorting>({ key: 'updated', descending: true });
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [openId, setOpenId] = useState<string | null>(null);
  const [deleting, setDeleting] = useState<readonly DocumentInfo[]>([]);

  const shown = useMemo(
    () => (documents === null ? [] : documentsToShow(documents, { query, group, sorting })),
    [documents, query, group, sorting],
  );
  const counts = useMemo(() => groupCounts(documents ?? []), [documents]);
  // What went meanwhile, or is no longer in sight, is not chosen any more.
  const chosenNow = useMemo(() => shown.filter(({ id }) => chosen.has(id)), [shown, chosen]);
  const opened = documents?.find(({ id }) => id === openId) ?? null;

  const ingesting =
    ingests.length === 0 ? null : (
      <div className={css.ingests}>
        {ingests.map((operation) => (
          <Ingesting key={operation.id} operation={operation} />
        ))}
      </div>
    );
  if (documents === null) {
    return (
      <div className={css.waiting}>
        {problem === null ? (
          <>
            <Skeleton height={44} label="Loading documents" />
            <Skeleton height={44} />
            <Skeleton height={44} />
          </>
        ) : (
          <LiveProblem problem={problem} retry={retry} />
        )}
      </div>
    );
  }
  if (documents.length === 0) {
    return (
      <div className={css.tab}>
        {ingesting}
        {ingests.some(({ state }) => state === 'running') ? null : <Nothing kb={kb} />}
      </div>
    );
  }
  return (
    <div className={css.tab}>
      {problem === null ? null : <LiveProblem problem={problem} retry={retry} quiet />}
      {ingesting}
      <div className={css.tools}>
        <SearchField label="Search names and tags" value={typed} onChange={setTyped} />
        <Choice
          label="State"
          value={group}
          options={documentGroups.map((value) => ({
            value,
            label: groupWords[value],
            note: counts[value].toLocaleString('en'),
          }))}
          onChange={setGroup}
        />
      </div>
      {shown.length === 0 ? (
        <EmptyState
          compact
          icon={SearchX}
          title="No document fits"
          text="Search for other words, or look at all states."
        >
          <Button
            onClick={() => {
              setTyped('');
              setGroup('all');
            }}
          >
            Show all
          </Button>
        </EmptyState>
      ) : (
        <DocumentTable
          documents={shown}
          sorting={sorting}
          onSorting={setSorting}
          chosen={chosen}
          onChosen={setChosen}
          changeable={mayChange(kb)}
          onOpen={setOpenId}
          onDelete={setDeleting}
        />
      )}
      {chosenNow.length === 0 ? null : (
        <Chosen documents={chosenNow} onDelete={() => setDeleting(chosenNow)} onNone={() => setChosen(new Set())} />
      )}
      <BulkProgress />
      <DocumentDrawer document={opened} changeable={mayChange(kb)} onClose={() => setOpenId(null)} />
      <DeleteDocuments documents={deleting} onDeleted={() => setChosen(new Set())} onClose={() => setDeleting([])} />
    </div>
  );
}
