/**
 * Loads a page's code on first use. Not React.lazy: React holds a revealed Suspense fallback for about 300 ms
 * even when the code is already there (perf.md section 1).
 */
import { type ComponentType, type ReactNode, useEffect, useState } from 'react';
import { PageLoading } from './page-states.tsx';

export interface OwnLazy {
  readonly Page: () => ReactNode;
  /** Fetches the code ahead of use. */
  readonly prefetch: () => void;
}

export function ownLazy(load: () => Promise<ComponentType>, label: string): OwnLazy {
  let Loaded: ComponentType | null = null;
  let loading: Promise<void> | undefined;
  const fetch = (): Promise<void> => {
    loading ??= load().then((component) => {
      Loaded = component;
    });
    return loading;
  };
  function Page(): ReactNode {
    const [, redraw] = useState(0);
    useEffect(() => {
      if (Loaded === null) void fetch().then(() => redraw((n) => n + 1));
    }, []);
    return Loaded === null ? <PageLoading label={label} /> : <Loaded />;
  }
  return { Page, prefetch: () => void fetch() };
}
