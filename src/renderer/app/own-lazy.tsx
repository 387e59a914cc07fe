/**
 * Loads a page's code on first use. Not React.lazy: React holds a revealed Suspense fallback for about 300 ms
 * even when the code is already there (perf.md section 1).
 */
import { type ComponentType, type ReactNode, useEffect, useState } from 'react';
import { PageLoading } from './page-states.tsx';

export interface OwnLazy<P = object> {
  /** null until it is loaded. */
  loaded(): ComponentType<P> | null;
  /** Fetches the code; calling it again is harmless. */
  fetch(): Promise<void>;
}

export function ownLazy<P = object>(load: () => Promise<ComponentType<P>>): OwnLazy<P> {
  let component: ComponentType<P> | null = null;
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

/** `children` draw what was loaded, with whatever it needs. */
export function Lazily<P>({
  part,
  label,
  children,
}: {
  readonly part: OwnLazy<P>;
  readonly label: string;
  readonly children: (Loaded: ComponentType<P>) => ReactNode;
}): ReactNode {
  const [, redraw] = useState(0);
  useEffect(() => {
    if (part.loaded() === null) void part.fetch().then(() => redraw((n) => n + 1));
  }, [part]);
  const Loaded = part.loaded();
  return Loaded === null ? <PageLoading label={label} /> : children(Loaded);
}

export function LazyPage({ page, label }: { readonly page: OwnLazy; readonly label: string }): ReactNode {
  return (
    <Lazily part={page} label={label}>
      {(Loaded) => <Loaded />}
    </Lazily>
  );
}
