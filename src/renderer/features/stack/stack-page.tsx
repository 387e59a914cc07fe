/** The stack: one big Start or Stop, what is happening, and a card for each service. */
import { Play, Square } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Operation } from '../../../shared/model/operation.ts';
import type { StackState } from '../../../shared/model/stack.ts';
import { startStack, stopStack, useActions } from '../../app/actions.ts';
import { AreaProblem } from '../../app/area-problem.tsx';
import { runningStackOperation, useLive } from '../../app/live-store.ts';
import { EngineMissing, PageLoading, useGround } from '../../app/page-states.tsx';
import { PageBody, ProgressBar } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { formatElapsed } from '../../ui/format.ts';
import { operationFraction } from '../../ui/operation-progress.ts';
import { ToneIcon } from '../../ui/status.tsx';
import { useNow } from '../../ui/use-now.ts';
import { stackSaid, stepSaid } from '../../ui/words.ts';
import { ServiceCard } from './service-card.tsx';
import css from './stack-page.module.css';
import { readyWords, stackSentence } from './stack-sentence.ts';

const underWay: Readonly<Partial<Record<Operation['kind'], string>>> = {
  start: 'Starting',
  stop: 'Stopping',
  restart: 'Restarting',
  remove: 'Removing',
};

const headings: Readonly<Partial<Record<Operation['kind'], string>>> = {
  start: 'Your stack is starting',
  stop: 'Your stack is stopping',
};

function Progress({ operation, stack }: { readonly operation: Operation; readonly stack: StackState }): ReactNode {
  const now = useNow();
  const others = operation.steps.filter((step) => step.service === null);
  return (
    <>
      <p className={css.text}>
        {operation.kind === 'stop' ? 'Services end in the reverse of their order' : readyWords(stack.services)}
        <time className={css.elapsed}>{formatElapsed(now - operation.startedAtMs)}</time>
      </p>
      <div className={css.progress}>
        <ProgressBar value={operationFraction(operation)} label={operation.title} />
      </div>
      {others.length === 0 ? null : (
        <ul className={css.steps} aria-label="Steps">
          {others.map((step) => (
            <li key={step.id}>
              <ToneIcon tone={stepSaid(step.state).tone} size={13} />
              {step.label}
              <span className="visually-hidden">: {stepSaid(step.state).word}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function MainButton({
  stack,
  operation,
}: {
  readonly stack: StackState;
  readonly operation: Operation | null;
}): ReactNode {
  const pending = useActions((state) => state.pending.has('stack'));
  if (operation !== null) {
    return (
      <Button size="lg" disabled>
        {underWay[operation.kind] ?? 'Working'}
      </Button>
    );
  }
  const stopped = stack.status === 'absent' || stack.status === 'stopped';
  const start = (
    <Button size="lg" kind="primary" icon={Play} disabled={pending} onClick={() => startStack()}>
      Start
    </Button>
  );
  const stop = (
    <Button size="lg" icon={Square} disabled={pending || stack.status === 'stopping'} onClick={stopStack}>
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

function Hero({ stack, operation }: { readonly stack: StackState; readonly operation: Operation | null }): ReactNode {
  const { heading, text } = stackSentence(stack);
  const { tone } = operation === null ? stackSaid(stack.status) : { tone: 'busy' as const };
  return (
    <section className={css.hero} aria-label="Stack">
      <span className={cx(css.disc, css[tone])}>
        <ToneIcon tone={tone} size={26} />
      </span>
      <div className={css.words}>
        <h2 className={css.heading}>{operation === null ? heading : (headings[operation.kind] ?? operation.title)}</h2>
        {operation === null ? <p className={css.text}>{text}</p> : <Progress operation={operation} stack={stack} />}
      </div>
      <div className={css.main}>
        <MainButton stack={stack} operation={operation} />
      </div>
    </section>
  );
}

export function StackPage(): ReactNode {
  const ground = useGround();
  const engine = useLive((state) => state.engine);
  const stack = useLive((state) => state.stack);
  const operation = useLive((state) => runningStackOperation(state.operations));
  if (ground === 'no-engine') return <EngineMissing engine={engine} />;
  if (ground === 'loading' || stack === null) return <PageLoading label="Looking at your stack" />;
  return (
    <PageBody>
      <div className={css.page}>
        <Hero stack={stack} operation={operation} />
        <AreaProblem area="stack" kinds={['start', 'stop', 'restart']} />
        {stack.staleSinceMs === null ? null : (
          <p className={css.stale} role="status">
            The engine does not answer right now. This is what it last said.
          </p>
        )}
        <div className={css.grid}>
          {stack.services.map((service) => (
            <ServiceCard key={service.name} service={service} operation={operation} />
          ))}
        </div>
      </div>
    </PageBody>
  );
}
