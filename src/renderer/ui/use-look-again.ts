/** What no stream tells of: read at once, and again and again while it is shown. */
import { useEffect } from 'react';

/** @param look stable from one render to the next @param everyMs milliseconds between two looks @param enabled false: not now */
export function useLookAgain(look: () => Promise<void>, everyMs: number, enabled: boolean): void {
  useEffect(() => {
    if (!enabled) return;
    void look();
    const timer = setInterval(() => void look(), everyMs);
    return () => clearInterval(timer);
  }, [look, everyMs, enabled]);
}
