/** The stack: one big Start or Stop, what a start would do, what is happening, and a card for each service. */
import { Eye, Play, Square } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { Operation } from '../../../shared/model/operation.ts';
import type { StackState } from '../../../shared/model/stack.ts';
import { startStack, stopStack, useActions } from '../../app/actions.ts';
import { AreaProblem } from '../../app/area-problem.tsx';
import { useLive, useRunningOperation } from '../../app/live-store.ts';
import { Lazily, ownLazy } from '../../app/own-lazy.tsx';
import { EngineMissing, PageLoading, useGround } from '../../app/page-states.tsx';
import { OperationProgress, underWay } from '../../parts/services/operation-progress.tsx';
import { ServiceCard } from '../../parts/services/service-card.tsx';
import { stackSentence } from '../../parts/services/stack-sentence.ts';
import { Hero, PageBody } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { Drawer } from '../../ui/overlay.tsx';
import { ToneIcon } from '../../ui/status.tsx';
import { stackSaid } from '../../ui/words.ts';
import css from './stack-page.module.css';

/** Most days nobody asks for it: the first paint does not wait for its code. */
const planPanel = ownLazy(() => import('../../parts/plan/plan-panel.tsx').then((module) => module.PlanPanel));

const headings: Readonly<Partial<Record<Operation['kind'], string>>> = {
  start: 'Your stack is starting',
  stop: 'Your stack is stopping',
};

function MainButtons({
  stack,
  operation,
  onPreview,
}: {
  readonly stack: StackState;
  readonly operation: Operation | null;
  readonly onPreview: () => void;
}): ReactNode {
  const pending = useActions((state) => state.pending.has('stack'));
  if (operation !== null) {
    return (
      <Button size="lg" disabled>
        {underWay(operation)}
      </Button>
    );
  }
  const stopped = stack.status === 'absent' || stack.status === 'stopped';
  const start = (
    <>
      <Button size="lg" kind="quiet" icon={Eye} aria-label="Preview what Start would do" onClick={onPreview}>
        Preview
      </Button>
      <Button size="lg" kind="primary" icon={Play} disabled={pending} onClick={() => startStack()}>
        Start
      </Button>
    </>
  );
  const stop = (
    <Button size="lg" icon={Square} disabled={pending || stack.status === 'stopping'} onClick={() => stopStack()}>
      Stop
    </Button>
  );
  if (stopped) return start;
  return stack.status === 'degraded' ? (
    <>
      {stop}
      {start}
    </>
  ) : (
    stop
  );
}

function StackHead({
  stack,
  operation,
}: {
  readonly stack: StackState;
  readonly operation: Operation | null;
}): ReactNode {
  const [preview, setPreview] = useState(false);
  const { heading, text } = stackSentence(stack);
  const { tone } = operation === null ? stackSaid(stack.status) : { tone: 'busy' as const };
  return (
    <Hero label="Stack" className={css.hero}>
      <span className={cx(css.disc, css[tone])}>
        <ToneIcon tone={tone} size={26} />
      </span>
      <div className={css.words}>
        <h2 className={css.heading}>{operation === null ? heading : (headings[operation.kind] ?? operation.title)}</h2>
        {operation === null ? (
          <p className={css.text}>{text}</p>
        ) : (
          <OperationProgress operation={operation} stack={stack} />
        )}
      </div>
      <div className={css.main}>
        <MainButtons stack={stack} operation={operation} onPreview={() => setPreview(true)} />
      </div>
      <Drawer open={preview} onClose={() => setPreview(false)} title="What Start would do">
        <Lazily part={planPanel} label="Working out what a start would do">
          {(PlanPanel) => (
            <PlanPanel
              stack={null}
              revision={stack.revision}
              busy={operation !== null}
              onStarted={() => setPreview(false)}
            />
          )}
        </Lazily>
      </Drawer>
    </Hero>
  );
}

export function StackPage(): ReactNode {
  const ground = useGround();
  const engine = useLive((state) => state.engine);
  const stack = useLive((state) => state.stack);
  const operation = useRunningOperation(null);
  if (ground === 'no-engine') return <EngineMissing engine={engine} />;
  if (ground === 'loading' || stack === null) return <PageLoading label="Looking at your stack" />;
  return (
    <PageBody>
      <div className={css.page}>
        <StackHead stack={stack} operation={operation} />
        <AreaProblem area="stack" kinds={['start', 'stop', 'restart', 'scale', 'remove']} />
        {stack.staleSinceMs === null ? null : (
          <p className={css.stale} role="status">
            The engine does not answer right now. This is what it last said.
          </p>
        )}
        <div className={css.grid}>
          {stack.services.map((service) => (
            <ServiceCard key={service.name} stack={null} service={service} operation={operation} />
          ))}
        </div>
      </div>
    </PageBody>
  );
}
