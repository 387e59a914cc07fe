/** All about one document: its facts, what became of it, its tags, and the passages that are searched. */
import { RotateCw, Trash2, TriangleAlert, X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { formatBytes } from '../../../shared/model/bytes.ts';
import type { DocumentInfo } from '../../../shared/model/chat.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useCall } from '../../app/use-call.ts';
import { documentSaid } from '../../parts/documents/document-words.ts';
import { ProgressBar } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { formatDate, formatDuration } from '../../ui/format.ts';
import { Drawer } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { Status } from '../../ui/status.tsx';
import { DeleteDocuments } from './delete-documents.tsx';
import css from './document-drawer.module.css';
import { isReading, isReplacing, kindWord } from './document-list.ts';
import { DocumentPassages } from './document-passages.tsx';
import { TagsEditor } from './tags-editor.tsx';

interface Props {
  readonly changeable: boolean;
  readonly onClose: () => void;
}

function facts(document: DocumentInfo): [string, string][] {
  const { sourceName, bytes, pages, chunks, sourceId, createdAtMs, updatedAtMs } = document;
  return [
    ['Known as', markHidden(sourceName)],
    ['Kind', `${kindWord(document)}, ${formatBytes(bytes)}${pages === null ? '' : `, ${pages} pages`}`],
    ['Passages', chunks.toLocaleString('en')],
    ['Kept by', sourceId === null ? 'added by hand' : 'a source of this knowledge base'],
    ['Added', formatDate(createdAtMs)],
    ['Updated', formatDate(updatedAtMs)],
  ];
}

function Body({ document, changeable, onClose }: Props & { readonly document: DocumentInfo }): ReactNode {
  const { id, state, error, notices, progress, remainingMs, chunks } = document;
  const { busy, problem, run } = useCall();
  const said = documentSaid(document);
  const reading = isReading(document);
  const [deleting, setDeleting] = useState(false);
  return (
    <>
      <div className={css.state}>
        <Status said={said} pill label="State" />
        {reading && remainingMs !== null && remainingMs >= 1000 ? (
          <span className={css.left}>{formatDuration(remainingMs)} left</span>
        ) : null}
      </div>
      {reading ? <ProgressBar value={state === 'queued' ? null : progress} label={said.word} /> : null}
      {isReplacing(document) ? (
        <p className={css.note}>A new version is being read in. The one before is found until it takes its place.</p>
      ) : null}
      {error === null ? null : (
        <p className={css.error}>
          {markHidden(error.message)}
          {state === 'queued' ? ' It goes on by itself.' : ''}
          {chunks > 0 ? ' The version before is still found.' : ''}
        </p>
      )}
      {notices.length === 0 ? null : (
        <ul className={css.notices} aria-label="Notices">
          {notices.map(({ code, message }) => (
            <li key={code}>
              <TriangleAlert size={14} aria-hidden />
              {markHidden(message)}
            </li>
          ))}
        </ul>
      )}
      {problem === null ? null : <LiveProblem problem={problem} />}
      {changeable ? (
        <div className={css.actions}>
          {reading ? (
            <Button icon={X} disabled={busy} onClick={() => void run('documents.cancel', { id })}>
              Cancel
            </Button>
          ) : (
            <Button
              icon={RotateCw}
              kind={state === 'failed' ? 'primary' : 'secondary'}
              disabled={busy || state === 'deleting'}
              onClick={() => void run('documents.retry', { id })}
            >
              {state === 'failed' ? 'Retry' : 'Read in again'}
            </Button>
          )}
          <Button icon={Trash2} kind="danger" disabled={state === 'deleting'} onClick={() => setDeleting(true)}>
            Delete
          </Button>
        </div>
      ) : null}
      <dl className={css.facts}>
        {facts(document).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div>
          <dt>Tags</dt>
          <dd>
            <TagsEditor
              tags={document.tags}
              changeable={changeable}
              onChange={(tags) => void run('documents.change', { id, tags })}
            />
          </dd>
        </div>
      </dl>
      <DeleteDocuments
        documents={deleting ? [document] : nothing}
        onDeleted={onClose}
        onClose={() => setDeleting(false)}
      />
      <DocumentPassages id={id} total={chunks} version={`${state === 'ready'} ${chunks}`} />
    </>
  );
}

const nothing: readonly DocumentInfo[] = [];

export function DocumentDrawer({
  document,
  changeable,
  onClose,
}: Props & { readonly document: DocumentInfo | null }): ReactNode {
  const [last, setLast] = useState(document);
  // Keeps the words on screen while the drawer slides out.
  if (document !== null && document !== last) setLast(document);
  const shown = document ?? last;
  return (
    <Drawer open={document !== null} onClose={onClose} title={markHidden(shown?.title ?? '')}>
      {shown === null ? null : <Body key={shown.id} document={shown} changeable={changeable} onClose={onClose} />}
    </Drawer>
  );
}
