/** The documents answers are drawn from: add, watch them being taken in, delete. */
import { FileText, FlaskConical, Plus, Trash2, X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { formatBytes } from '../../../shared/model/bytes.ts';
import type { DocumentInfo } from '../../../shared/model/chat.ts';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import type { Operation } from '../../../shared/model/operation.ts';
import { perform } from '../../app/actions.ts';
import { AreaProblem } from '../../app/area-problem.tsx';
import { documentFacts, documentSaid } from '../../parts/documents/document-words.ts';
import { addPicked, addSamples } from '../../parts/documents/ingest.ts';
import { Ingesting } from '../../parts/documents/ingesting.tsx';
import { EmptyState, ProgressBar, Skeleton } from '../../ui/blocks.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { count } from '../../ui/format.ts';
import { Confirm } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { Status } from '../../ui/status.tsx';
import css from './documents-panel.module.css';

function DocumentRow({ document }: { readonly document: DocumentInfo }): ReactNode {
  const [asking, setAsking] = useState(false);
  const said = documentSaid(document);
  const title = markHidden(document.title);
  return (
    <li className={css.document}>
      <FileText size={16} aria-hidden className={css.icon} />
      <div className={css.documentWords}>
        <p className={css.documentTitle} title={markHidden(document.sourceName)}>
          {title}
        </p>
        <p className={css.facts}>{documentFacts(document)}</p>
        {document.state === 'ready' ? null : <Status said={said} />}
        {document.error === null ? null : <p className={css.error}>{document.error.message}</p>}
        {said.tone === 'busy' ? <ProgressBar value={document.progress} label={`${title}: ${said.word}`} /> : null}
      </div>
      <IconButton
        size="sm"
        icon={Trash2}
        label={`Delete ${title}`}
        disabled={document.state === 'deleting'}
        onClick={() => setAsking(true)}
      />
      <Confirm
        open={asking}
        title={`Delete “${title}”?`}
        text="Answers will no longer draw on it. The file on your disk stays where it is."
        action="Delete"
        onConfirm={() => void perform('documents', 'documents.delete', { id: document.id })}
        onClose={() => setAsking(false)}
      />
    </li>
  );
}

export function DocumentsPanel({
  documents,
  kbs,
  kb,
  onKb,
  ingesting,
  onClose,
}: {
  /** Those that the conversation asks; a choice is shown where there are several. */
  readonly kbs: readonly Pick<KnowledgeBase, 'id' | 'name'>[];
  /** Whose documents these are; null is the default one. */
  readonly kb: string | null;
  readonly onKb: (id: string) => void;
  /** null until the first snapshot. */
  readonly documents: readonly DocumentInfo[] | null;
  /** The running ingest, or the newest that left files behind. */
  readonly ingesting: readonly Operation[];
  readonly onClose: () => void;
}): ReactNode {
  const chunks = documents?.reduce((sum, document) => sum + document.chunks, 0) ?? 0;
  const bytes = documents?.reduce((sum, document) => sum + document.bytes, 0) ?? 0;
  return (
    <aside className={css.panel} aria-label="Documents">
      <header className={css.head}>
        <div>
          <h2>Documents</h2>
          {kbs.length === 1 && kb !== null ? <p className={css.of}>{markHidden(kbs[0]?.name ?? '')}</p> : null}
          {kbs.length < 2 ? null : (
            <select
              className={css.kb}
              aria-label="Documents of"
              value={kb ?? ''}
              onChange={(event) => onKb(event.target.value)}
            >
              {kbs.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          )}
          <p className={css.facts}>
            {documents === null || documents.length === 0
              ? 'What answers are drawn from'
              : `${count(documents.length, 'document')}, ${count(chunks, 'passage')}, ${formatBytes(bytes)}`}
          </p>
        </div>
        <IconButton icon={X} label="Hide documents" onClick={onClose} />
      </header>
      <div className={css.add}>
        <Button kind="primary" icon={Plus} onClick={() => void addPicked(kb ?? undefined)}>
          Add documents
        </Button>
        <Button icon={FlaskConical} onClick={() => void addSamples(kb ?? undefined)}>
          Add samples
        </Button>
      </div>
      <div className={css.scroll}>
        <AreaProblem area="documents" />
        {ingesting.map((operation) => (
          <Ingesting key={operation.id} operation={operation} />
        ))}
        {documents === null ? (
          <div className={css.waiting}>
            <Skeleton height={42} label="Loading documents" />
            <Skeleton height={42} />
          </div>
        ) : documents.length === 0 && ingesting.length === 0 ? (
          <EmptyState
            compact
            icon={FileText}
            title="No documents yet"
            text="Drop files anywhere on this page: PDF, Word, HTML, Markdown, CSV or text."
          />
        ) : (
          <ul className={css.documents}>
            {documents.map((document) => (
              <DocumentRow key={document.id} document={document} />
            ))}
          </ul>
        )}
      </div>
    </aside>
  );
}
