/** The virtual list of log rows: follows the newest until the person scrolls up. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown } from 'lucide-react';
import {
  type ReactNode,
  type RefObject,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { cx } from '../../ui/cx.ts';
import { count } from '../../ui/format.ts';
import { LogLineRow } from './log-line-row.tsx';
import css from './log-list.module.css';
import { isLine, lowerBound } from './log-view.ts';
import type { LogViewNow } from './use-log-view.ts';

const rowHeight = 21;

export interface LogListHandle {
  /** Brings the row with this id to the middle and stops following. */
  show(id: number): void;
}

export function LogList({
  now: { view, tick, gone },
  follow,
  onFollow,
  wrap,
  times,
  currentId,
  colourOf,
  ref,
}: {
  readonly now: LogViewNow;
  readonly follow: boolean;
  readonly onFollow: (follow: boolean) => void;
  readonly wrap: boolean;
  readonly times: boolean;
  /** The match the person stands on. */
  readonly currentId: number | null;
  readonly colourOf: (service: string) => string;
  readonly ref: RefObject<LogListHandle | null>;
}): ReactNode {
  const scroller = useRef<HTMLElement>(null);
  const lastTop = useRef(0);
  const [pausedAt, setPausedAt] = useState(0);
  const rows = view.rows();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 24,
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new size of rows needs measuring anew
  useEffect(() => virtual.measure(), [wrap]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: tick stands for the view's content
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    if (follow) {
      if (rows.length > 0) virtual.scrollToIndex(rows.length - 1, { align: 'end' });
    } else if (gone > 0 && !wrap) {
      // Rows left at the top: keep what the person reads where it is.
      element.scrollTop = Math.max(0, element.scrollTop - gone * rowHeight);
    }
  }, [tick, follow, view, wrap]);

  useImperativeHandle(ref, () => ({
    show(id) {
      const index = lowerBound(rows.length, (i) => rows[i]?.id ?? 0, id);
      if (follow) setPausedAt(view.shown());
      onFollow(false);
      virtual.scrollToIndex(index, { align: 'center' });
    },
  }));

  const onScroll = (): void => {
    const element = scroller.current;
    if (element === null) return;
    const up = element.scrollTop < lastTop.current - 2;
    lastTop.current = element.scrollTop;
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < 8;
    if (follow && up && !atEnd) {
      setPausedAt(view.shown());
      onFollow(false);
    } else if (!follow && atEnd && !up) onFollow(true);
  };

  const fresh = view.shown() - pausedAt;
  return (
    <div className={css.frame}>
      <section
        ref={scroller}
        className={css.scroller}
        onScroll={onScroll}
        role="log"
        aria-live="off"
        aria-label="Log lines"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
      >
        <div className={cx(css.canvas, wrap && css.wrap)} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <div
                key={item.key}
                data-index={item.index}
                ref={wrap ? virtual.measureElement : undefined}
                className={css.row}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {isLine(row) ? (
                  <LogLineRow
                    line={row.line}
                    times={times}
                    matcher={view.filter.matcher}
                    current={row.id === currentId}
                    colour={colourOf(row.line.service)}
                  />
                ) : (
                  <p className={css.gap}>
                    {count(row.dropped, 'line')} left out here: they came faster than this window could show
                  </p>
                )}
              </div>
            );
          })}
        </div>
      </section>
      {follow ? null : (
        <button type="button" className={css.jump} onClick={() => onFollow(true)}>
          <ArrowDown size={14} aria-hidden />
          {fresh > 0 ? `Jump to live, ${count(fresh, 'new line')}` : 'Jump to live'}
        </button>
      )}
    </div>
  );
}
