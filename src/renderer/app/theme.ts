/** Puts the chosen theme on the document. "system" follows the desktop, also when it changes at night. */
import { useEffect, useSyncExternalStore } from 'react';
import { useLive } from './live-store.ts';

const dark = window.matchMedia('(prefers-color-scheme: dark)');

function subscribe(listener: () => void): () => void {
  dark.addEventListener('change', listener);
  return () => dark.removeEventListener('change', listener);
}

export function useTheme(): 'light' | 'dark' {
  const systemDark = useSyncExternalStore(subscribe, () => dark.matches);
  const chosen = useLive((state) => state.settings?.theme ?? 'system');
  const reduce = useLive((state) => state.settings?.reduceMotion ?? false);
  const theme = chosen === 'system' ? (systemDark ? 'dark' : 'light') : chosen;
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    if (reduce) document.documentElement.dataset.motion = 'reduced';
    else delete document.documentElement.dataset.motion;
  }, [theme, reduce]);
  return theme;
}
