/** Starts the stack once more, so that what was switched on or off takes effect. */
import { Play } from 'lucide-react';
import type { ReactNode } from 'react';
import { startStack, useActions } from '../../app/actions.ts';
import { useRunningOperation } from '../../app/live-store.ts';
import { Button } from '../../ui/button.tsx';

export function ApplyNow({ label = 'Apply now' }: { readonly label?: string }): ReactNode {
  const running = useRunningOperation(null);
  const pending = useActions((state) => state.pending.has('stack'));
  return (
    <Button
      kind="primary"
      icon={Play}
      disabled={running !== null || pending}
      title="Starts what is new and leaves the rest running"
      onClick={() => startStack()}
    >
      {running === null ? label : 'Starting'}
    </Button>
  );
}
