/** A page that asks the backend: what it shows while engine, stack or backend is not there, and when it comes back. */
import { type ReactNode, useRef } from 'react';
import { backendReady, useLive } from './live-store.ts';
import css from './needs-backend.module.css';
import { BackendMissing, EngineMissing, PageLoading, StackMissing, useGround } from './page-states.tsx';

/**
 * Shows `children` once the backend answers. When it goes away later while its stack runs (it starts again to be given a
 * folder, for instance) they stay as they are, with a line that says so: nothing half written is lost.
 */
export function NeedsBackend({
  purpose,
  missing,
  children,
}: {
  /** What starting the stack is good for here. */
  readonly purpose: string;
  /** What the backend does for this page. */
  readonly missing: string;
  readonly children: ReactNode;
}): ReactNode {
  const ground = useGround();
  const engine = useLive((state) => state.engine);
  const ready = useLive((state) => backendReady(state.stack));
  const shown = useRef(false);
  if (ground === 'no-engine') return <EngineMissing engine={engine} />;
  if (ground === 'loading') return <PageLoading label="Looking at your stack" />;
  if (ground === 'no-stack') {
    shown.current = false;
    return <StackMissing purpose={purpose} />;
  }
  if (ready) shown.current = true;
  if (!shown.current) return <BackendMissing purpose={missing} />;
  return (
    <div className={css.page}>
      {ready ? null : (
        <p className={css.away} role="status">
          The backend is away right now. This is what it last said; it goes on by itself.
        </p>
      )}
      <div className={css.content}>{children}</div>
    </div>
  );
}
