/** What a page shows when the engine or the stack is not there for it. Each says what to do next. */

import type { LucideIcon } from 'lucide-react';
import { Anchor, Cable, Download, Hourglass, LockKeyhole, Play, PlugZap, ServerOff } from 'lucide-react';
import type { ReactNode } from 'react';
import type { EngineState } from '../../shared/model/engine.ts';
import { EmptyState, PageBody, Skeleton } from '../ui/blocks.tsx';
import { Button } from '../ui/button.tsx';
import { startStack } from './actions.ts';
import { AreaProblem } from './area-problem.tsx';
import { LiveProblem } from './live-problem.tsx';
import { useLive, useRunningOperation } from './live-store.ts';
import { go } from './navigation.ts';
import css from './page-states.module.css';

const engineViews: Readonly<Record<EngineState['state'], { icon: LucideIcon; title: string; text: string }>> = {
  connecting: {
    icon: Cable,
    title: 'Looking for the engine',
    text: 'Quayside is asking the Docker engine whether it is there.',
  },
  ready: { icon: Cable, title: 'The engine is ready', text: '' },
  missing: {
    icon: Download,
    title: 'There is no Docker engine here yet',
    text: 'Quayside runs your stack on a Docker engine. Install one, and this page comes to life by itself.',
  },
  stopped: {
    icon: PlugZap,
    title: 'The engine is not running',
    text: 'It is installed, but nothing answers. Start it to go on.',
  },
  starting: {
    icon: Hourglass,
    title: 'The engine is starting',
    text: 'This can take a minute. Nothing to do but wait.',
  },
  'no-permission': {
    icon: LockKeyhole,
    title: 'You may not use the engine yet',
    text: 'It runs, but this account is not allowed to speak to it.',
  },
  'too-old': {
    icon: ServerOff,
    title: 'The engine is too old',
    text: 'It runs, but it lacks what Quayside needs. Update it to go on.',
  },
  'too-new': {
    icon: ServerOff,
    title: 'The engine is newer than Quayside',
    text: 'It runs, but it no longer speaks a language that Quayside knows. Update Quayside to go on.',
  },
  'not-answering': {
    icon: ServerOff,
    title: 'The engine does not answer',
    text: 'Something is at its address, but it stays silent. Quayside keeps asking.',
  },
};

/** For any engine state but ready. */
export function EngineMissing({ engine }: { readonly engine: EngineState | null }): ReactNode {
  const view = engineViews[engine?.state ?? 'connecting'];
  return (
    <PageBody>
      <EmptyState icon={view.icon} title={view.title} text={view.text} />
      <div className={css.narrow}>
        <AreaProblem area="engine" />
        {engine?.problem == null ? null : <LiveProblem problem={engine.problem} quiet />}
        {engine === null || engine.state === 'connecting' ? null : (
          <p className={css.endpoint}>
            Quayside keeps looking at <code>{engine.endpoint}</code> (found by {engine.foundBy}) and goes on by itself.{' '}
            <button type="button" className={css.link} onClick={() => go('settings')}>
              Use another engine
            </button>
          </p>
        )}
      </div>
    </PageBody>
  );
}

/** For pages that have nothing to show without a running stack. */
export function StackMissing({ purpose }: { readonly purpose: string }): ReactNode {
  const running = useRunningOperation(null);
  const starting = running !== null && running.kind !== 'stop';
  return (
    <PageBody>
      <EmptyState
        icon={Anchor}
        title={starting ? 'The stack is starting' : 'The stack is not running'}
        text={starting ? 'This page fills as soon as the services are ready.' : purpose}
      >
        {starting ? (
          <Button onClick={() => go('stack')}>Watch it start</Button>
        ) : (
          <Button kind="primary" icon={Play} disabled={running !== null} onClick={() => startStack()}>
            Start the stack
          </Button>
        )}
      </EmptyState>
      <div className={css.narrow}>
        <AreaProblem area="stack" kinds={['start', 'stop', 'restart']} />
      </div>
    </PageBody>
  );
}

/** For pages that have nothing to show without the backend, while the rest of the stack is there. */
export function BackendMissing({ purpose }: { readonly purpose: string }): ReactNode {
  const starting = useLive((state) => state.stack?.status === 'starting');
  return (
    <PageBody>
      <EmptyState
        icon={ServerOff}
        title={starting ? 'The backend is starting' : 'The backend does not answer'}
        text={
          starting
            ? 'This page fills as soon as it is ready.'
            : `${purpose} See on the Stack page how it is, and start it again from there.`
        }
      >
        <Button kind="primary" onClick={() => go('stack')}>
          Go to the stack
        </Button>
      </EmptyState>
    </PageBody>
  );
}

/** Placeholders until the first snapshot is there; gone within a fraction of a second as a rule. */
export function PageLoading({ label }: { readonly label: string }): ReactNode {
  return (
    <PageBody>
      <div className={css.loading} role="status">
        <Skeleton width="40%" height={28} label={label} />
        <Skeleton height={110} />
        <Skeleton height={180} />
      </div>
    </PageBody>
  );
}

export type Ground = 'loading' | 'no-engine' | 'no-stack' | 'ready';

/** What a page stands on right now: engine first, then the stack. A stack that is half up counts as there. */
export function useGround(): Ground {
  return useLive(({ engine, stack }) => {
    if (engine === null || engine.state === 'connecting') return 'loading';
    if (engine.state !== 'ready') return 'no-engine';
    if (stack === null || stack.status === 'unknown') return 'loading';
    return stack.status === 'absent' || stack.status === 'stopped' ? 'no-stack' : 'ready';
  });
}
