/** What Quayside is doing right now, on every page, and what it did before. */
import { History, X } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { Operation } from '../../shared/model/operation.ts';
import { ProgressBar } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { count, formatAgo, formatElapsed } from '../ui/format.ts';
import { operationFraction, operationNow } from '../ui/operation-progress.ts';
import { Drawer } from '../ui/overlay.tsx';
import { Status, ToneIcon } from '../ui/status.tsx';
import { useNow } from '../ui/use-now.ts';
import { operationSaid } from '../ui/words.ts';
import { cancelOperation, placeOfOperation } from './actions.ts';
import css from './activity-bar.module.css';
import { ActivityList } from './activity-list.tsx';
import { useLive } from './live-store.ts';

function Title({ operation }: { readonly operation: Operation }): ReactNode {
  const place = placeOfOperation(operation);
  return (
    <>
      <span className={css.title}>{operation.title}</span>
      {place === null ? null : <span className={css.place}>{`in ${place}`}</span>}
    </>
  );
}

function Running({ operation, others }: { readonly operation: Operation; readonly others: number }): ReactNode {
  const now = useNow();
  return (
    <>
      <ToneIcon tone="busy" />
      <Title operation={operation} />
      <span className={css.detail}>{operation.cancelling ? 'Cancelling' : operationNow(operation)}</span>
      {others > 0 ? <span className={css.detail}>{`and ${count(others, 'more operation')}`}</span> : null}
      <span className={css.bar}>
        <ProgressBar value={operationFraction(operation)} label={operation.title} />
      </span>
      <time className={css.elapsed}>{formatElapsed(now - operation.startedAtMs)}</time>
      {operation.cancellable ? (
        <Button
          size="sm"
          icon={X}
          disabled={operation.cancelling}
          aria-label={`Cancel: ${operation.title}`}
          onClick={() => cancelOperation(operation.id)}
        >
          {operation.cancelling ? 'Cancelling' : 'Cancel'}
        </Button>
      ) : null}
    </>
  );
}

function Last({ operation }: { readonly operation: Operation | undefined }): ReactNode {
  const now = useNow();
  if (operation === undefined) return <span className={css.detail}>Nothing under way</span>;
  return (
    <>
      <Status said={operationSaid(operation.state)} />
      <Title operation={operation} />
      <span className={css.detail}>{operation.problem?.title ?? operation.outcome ?? ''}</span>
      <span className={css.when}>{formatAgo(operation.endedAtMs ?? operation.startedAtMs, now)}</span>
    </>
  );
}

export function ActivityBar(): ReactNode {
  const operations = useLive((state) => state.operations);
  const [shown, setShown] = useState(false);
  const running = operations?.filter((operation) => operation.state === 'running') ?? [];
  const first = running[0];
  return (
    <section className={css.activity} aria-label="Activity">
      <div className={css.now}>
        {first === undefined ? (
          <Last operation={operations?.[0]} />
        ) : (
          <Running operation={first} others={running.length - 1} />
        )}
      </div>
      <Button size="sm" kind="quiet" icon={History} onClick={() => setShown(true)}>
        Activity
      </Button>
      <Drawer open={shown} onClose={() => setShown(false)} title="Activity">
        <ActivityList operations={operations ?? []} />
      </Drawer>
    </section>
  );
}
