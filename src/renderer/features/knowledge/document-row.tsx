/** The cells of one document: what it is, how far it is, and what can be done about it. */
import { RotateCw, Trash2, TriangleAlert, X } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import { formatBytes } from '../../../shared/model/bytes.ts';
import type { DocumentInfo } from '../../../shared/model/chat.ts';
import { perform } from '../../app/actions.ts';
import { documentSaid } from '../../parts/documents/document-words.ts';
import { announce } from '../../ui/announce.ts';
import { ProgressBar } from '../../ui/blocks.tsx';
import { IconButton } from '../../ui/button.tsx';
import { count, formatAgo, formatDuration } from '../../ui/format.ts';
import { markHidden } from '../../ui/plain-text.ts';
import { Status } from '../../ui/status.tsx';
import { isReading, isReplacing, kindWord } from './document-list.ts';
import css from './document-row.module.css';
import table from './document-table.module.css';

/** How far it is, and what is found meanwhile; for one that failed, why. */
function StateCell({ document }: { readonly document: DocumentInfo }): ReactNode {
  const { state, progress, error, remainingMs, notices } = document;
  const said = documentSaid(document);
  const running = isReading(document) && state !== 'queued';
  const replacing = isReplacing(document);
  const far = [
    running ? `${Math.floor(progress * 100)} %` : null,
    running && remainingMs !== null && remainingMs >= 1000 ? `${formatDuration(remainingMs)} left` : null,
    replacing ? 'replaces the version before' : null,
  ]
    .filter((part) => part !== null)
    .join(', ');
  const [notice] = notices;
  return (
    <>
      <Status said={said} />
      {running ? <ProgressBar value={progress} label={`${document.title}: ${said.word}`} /> : null}
      {far === '' ? null : (
        <span
          className={css.small}
          title={replacing ? `${far}. What was there before is found until the new version takes its place.` : far}
        >
          {far}
        </span>
      )}
      {error === null ? null : (
        <span className={css.reason} title={error.message}>
          {markHidden(error.message)}
        </span>
      )}
      {state === 'ready' && notice !== undefined ? (
        <span className={css.notice} title={notices.map(({ message }) => message).join('\n')}>
          <TriangleAlert size={12} aria-hidden />
          {notices.length === 1 ? markHidden(notice.message) : count(notices.length, 'notice')}
        </span>
      ) : null}
    </>
  );
}

export const DocumentRow = memo(function DocumentRow({
  document,
  now,
  chosen,
  changeable,
  reachable,
  onChoose,
  onOpen,
  onDelete,
}: {
  readonly document: DocumentInfo;
  readonly now: number;
  readonly chosen: boolean;
  readonly changeable: boolean;
  /** Whether Tab goes to its buttons. */
  readonly reachable: boolean;
  readonly onChoose: () => void;
  readonly onOpen: () => void;
  readonly onDelete: () => void;
}): ReactNode {
  const { id, state, chunks, pages, tags } = document;
  const title = markHidden(document.title);
  const tabIndex = reachable ? 0 : -1;
  return (
    <>
      {changeable ? (
        <td className={table.check}>
          <input
            type="checkbox"
            aria-label={`Choose ${title}`}
            tabIndex={tabIndex}
            checked={chosen}
            onChange={onChoose}
          />
        </td>
      ) : null}
      <td>
        <button type="button" className={css.title} tabIndex={tabIndex} onClick={onOpen}>
          {title}
        </button>
        <span className={css.source}>
          <span className={css.name} title={markHidden(document.sourceName)}>
            {markHidden(document.sourceName)}
          </span>
          {tags.slice(0, 2).map((tag) => (
            <span key={tag} className={css.tag}>
              {markHidden(tag)}
            </span>
          ))}
          {tags.length > 2 ? <span className={css.tag}>{`+${tags.length - 2}`}</span> : null}
        </span>
      </td>
      <td className={table.kind}>
        {kindWord(document)}
        <span className={css.small}>{formatBytes(document.bytes)}</span>
      </td>
      <td className={table.passages}>
        {chunks === 0 ? '–' : chunks.toLocaleString('en')}
        {pages === null ? null : <span className={css.small}>{count(pages, 'page')}</span>}
      </td>
      <td>
        <StateCell document={document} />
      </td>
      <td className={table.updated}>{formatAgo(document.updatedAtMs, now)}</td>
      {changeable ? (
        <td className={table.actions}>
          {state === 'failed' ? (
            <IconButton
              icon={RotateCw}
              label={`Retry ${title}`}
              tabIndex={tabIndex}
              onClick={() =>
                void perform('documents', 'documents.retry', { id }).then((answer) => {
                  if (answer.ok) announce(`${title} is read in again`);
                })
              }
            />
          ) : null}
          {isReading(document) ? (
            <IconButton
              icon={X}
              label={`Cancel reading in ${title}`}
              tabIndex={tabIndex}
              onClick={() => void perform('documents', 'documents.cancel', { id })}
            />
          ) : null}
          <IconButton
            icon={Trash2}
            label={`Delete ${title}`}
            tabIndex={tabIndex}
            disabled={state === 'deleting'}
            onClick={onDelete}
          />
        </td>
      ) : null}
    </>
  );
});
