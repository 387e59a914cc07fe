/**
 * Loads a page's code on first use. Not React.lazy: React holds a revealed Suspense fallback for about 300 ms
 * even when the code is already there (perf.md section 1).
 */
import { type ComponentType, type ReactNode, useEffect, useState } from 'react';
import { PageLoading } from './page-states.tsx';

export interface OwnLazy {
  /** null until it is loaded. */
  loaded(): ComponentType | null;
  /** Fetches the code; calling it again is harmless. */
  fetch(): Promise<void>;
}

export function ownLazy(load: () => Promise<ComponentType>): OwnLazy {
  let component: ComponentType | null = null;
  let loading: Promise<void> | undefined;
  return {
    loaded: () => component,
    fetch() {
      loading ??= load().then((one) => {
        component = one;
      });
      return loading;
    },
  };
}

export function LazyPage({ page, label }: { readonly page: OwnLazy; readonly label: string }): ReactNode {
  const [, redraw] = useState(0);
  useEffect(() => {
    if (page.loaded() === null) void page.fetch().then(() => redraw((n) => n + 1));
  }, [page]);
  const Loaded = page.loaded();
  return Loaded === null ? <PageLoading label={label} /> : <Loaded />;
}
