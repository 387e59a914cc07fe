/** Joins the ring to React: one redraw per 80 ms at most, however many lines come. */
import { useEffect, useMemo, useState } from 'react';
import type { LogRing } from './log-ring.ts';
import { createLogView, type LogFilter, type LogView } from './log-view.ts';

const redrawMs = 80;

export interface LogViewNow {
  readonly view: LogView;
  /** Changes whenever the view's content did. */
  readonly tick: number;
  /** Rows that fell off the top with the last tick. */
  readonly gone: number;
}

export function useLogView(ring: LogRing, filter: LogFilter): LogViewNow {
  const view = useMemo(() => createLogView(ring, filter), [ring, filter]);
  const [now, setNow] = useState({ tick: 0, gone: 0 });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const redraw = (): void => {
      timer = undefined;
      const gone = view.update();
      setNow(({ tick }) => ({ tick: tick + 1, gone }));
    };
    const close = ring.subscribe(() => {
      timer ??= setTimeout(redraw, redrawMs);
    });
    redraw();
    return () => {
      clearTimeout(timer);
      close();
    };
  }, [ring, view]);
  return { view, ...now };
}
