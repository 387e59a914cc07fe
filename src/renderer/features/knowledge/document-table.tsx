/**
 * The documents as a table that draws only the rows in sight. One row takes the focus: arrows move it, Enter opens, Space
 * chooses, Delete asks to delete; Tab goes through that row's buttons.
 */
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import type { DocumentInfo } from '../../../shared/model/chat.ts';
import { cx } from '../../ui/cx.ts';
import { useNow } from '../../ui/use-now.ts';
import { nextSorting, type Sorting, type SortKey } from './document-list.ts';
import { DocumentRow } from './document-row.tsx';
import css from './document-table.module.css';

const rowHeight = 60;
/** Rows that Page up and Page down go. */
const pageRows = 8;

export interface DocumentTableProps {
  /** In the order they are shown. */
  readonly documents: readonly DocumentInfo[];
  readonly sorting: Sorting;
  readonly onSorting: (sorting: Sorting) => void;
  readonly chosen: ReadonlySet<string>;
  readonly onChosen: (chosen: ReadonlySet<string>) => void;
  /** False for someone who may only read. */
  readonly changeable: boolean;
  readonly onOpen: (id: string) => void;
  readonly onDelete: (documents: readonly DocumentInfo[]) => void;
}

function HeadCell({
  label,
  sortKey,
  sorting,
  onSorting,
  className,
}: {
  readonly label: string;
  readonly sortKey: SortKey;
  readonly sorting: Sorting;
  readonly onSorting: (sorting: Sorting) => void;
  readonly className?: string | undefined;
}): ReactNode {
  const on = sorting.key === sortKey;
  const Icon = sorting.descending ? ArrowDown : ArrowUp;
  return (
    <th
      scope="col"
      className={className}
      aria-sort={on ? (sorting.descending ? 'descending' : 'ascending') : undefined}
    >
      <button type="button" className={css.sort} onClick={() => onSorting(nextSorting(sorting, sortKey))}>
        {label}
        {on ? <Icon size={12} aria-hidden /> : null}
      </button>
    </th>
  );
}

export function DocumentTable(props: DocumentTableProps): ReactNode {
  const { documents, sorting, onSorting, chosen, onChosen, changeable, onOpen, onDelete } = props;
  const now = useNow();
  const scroller = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(0);
  /** The row that is to have the focus as soon as it is drawn. */
  const wanted = useRef<number | null>(null);
  const current = Math.min(at, documents.length - 1);
  const virtual = useVirtualizer({
    count: documents.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => documents[index]?.id ?? index,
    overscan: 8,
    // Room for what floats over the end of the list.
    paddingEnd: chosen.size > 0 ? 80 : 0,
  });

  useEffect(() => {
    if (wanted.current === null) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"]`);
    if (row == null) return;
    wanted.current = null;
    row.focus({ preventScroll: true });
  });

  const toggle = (id: string): void => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChosen(next);
  };
  const moveTo = (index: number): void => {
    const to = Math.max(0, Math.min(documents.length - 1, index));
    wanted.current = to;
    setAt(to);
    virtual.scrollToIndex(to);
  };
  /** What a key does on a row; null when it does nothing. */
  const actionOf = (event: KeyboardEvent<HTMLElement>, document: DocumentInfo): (() => void) | null => {
    switch (event.key) {
      case 'ArrowDown':
        return () => moveTo(current + 1);
      case 'ArrowUp':
        return () => moveTo(current - 1);
      case 'PageDown':
        return () => moveTo(current + pageRows);
      case 'PageUp':
        return () => moveTo(current - pageRows);
      case 'Home':
        return () => moveTo(0);
      case 'End':
        return () => moveTo(documents.length - 1);
      case 'Enter':
        return () => onOpen(document.id);
      case ' ':
        return changeable ? () => toggle(document.id) : null;
      case 'Delete': {
        const many = documents.filter(({ id }) => chosen.has(id));
        return changeable ? () => onDelete(many.length > 0 ? many : [document]) : null;
      }
      case 'a':
        return changeable && (event.ctrlKey || event.metaKey)
          ? () => onChosen(new Set(documents.map(({ id }) => id)))
          : null;
      default:
        return null;
    }
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const document = documents[current];
    // Its buttons and the checkbox answer to their own keys.
    if (document === undefined || !(event.target instanceof HTMLTableRowElement)) return;
    const act = actionOf(event, document);
    if (act === null) return;
    event.preventDefault();
    act();
  };

  const chosenCount = documents.reduce((sum, { id }) => sum + (chosen.has(id) ? 1 : 0), 0);
  const head = { sorting, onSorting };
  return (
    <div ref={scroller} className={css.scroller}>
      <table
        className={css.table}
        data-changeable={changeable}
        aria-label="Documents"
        aria-rowcount={documents.length + 1}
      >
        <thead className={css.head}>
          <tr className={css.line} aria-rowindex={1}>
            {changeable ? (
              <th scope="col" className={css.check}>
                <input
                  type="checkbox"
                  aria-label="Choose all that are shown"
                  checked={chosenCount === documents.length}
                  ref={(box) => {
                    if (box !== null) box.indeterminate = chosenCount > 0 && chosenCount < documents.length;
                  }}
                  onChange={(event) => onChosen(new Set(event.target.checked ? documents.map(({ id }) => id) : []))}
                />
              </th>
            ) : null}
            <HeadCell label="Document" sortKey="title" {...head} />
            <HeadCell label="Kind, size" sortKey="size" className={css.kind} {...head} />
            <HeadCell label="Passages" sortKey="passages" className={css.passages} {...head} />
            <th scope="col">State</th>
            <HeadCell label="Updated" sortKey="updated" className={css.updated} {...head} />
            {changeable ? (
              <th scope="col" className={css.actions}>
                <span className="visually-hidden">Actions</span>
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody className={css.body} style={{ height: virtual.getTotalSize() }} onKeyDown={onKeyDown}>
          {virtual.getVirtualItems().map((item) => {
            const document = documents[item.index];
            if (document === undefined) return null;
            return (
              <tr
                key={item.key}
                data-index={item.index}
                aria-rowindex={item.index + 2}
                aria-selected={chosen.has(document.id)}
                // The one row that keys act on.
                tabIndex={item.index === current ? 0 : -1}
                className={cx(css.line, css.row)}
                style={{ transform: `translateY(${item.start}px)` }}
                onFocus={() => setAt(item.index)}
              >
                <DocumentRow
                  document={document}
                  now={now}
                  chosen={chosen.has(document.id)}
                  changeable={changeable}
                  reachable={item.index === current}
                  onChoose={() => toggle(document.id)}
                  onOpen={() => onOpen(document.id)}
                  onDelete={() => onDelete([document])}
                />
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
