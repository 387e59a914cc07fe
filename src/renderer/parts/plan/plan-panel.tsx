/** The what-if preview: a sentence, the choices, every line of the plan, and a start that does exactly that. */
import { CircleCheckBig, ListChecks, Play, RefreshCw } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { PlanView } from '../../../shared/model/plan.ts';
import { planSummary } from '../../../shared/model/plan-summary.ts';
import { areaOf, naming, startStack, useActions } from '../../app/actions.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { Skeleton } from '../../ui/blocks.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { count } from '../../ui/format.ts';
import { PlanDetails } from './plan-details.tsx';
import css from './plan-panel.module.css';
import { type PlanOptions, usePlan } from './use-plan.ts';

function Summary({ view }: { readonly view: PlanView }): ReactNode {
  const Icon = view.writes ? ListChecks : CircleCheckBig;
  return (
    <>
      <Icon size={22} aria-hidden className={cx(css.icon, !view.writes && css.good)} />
      <div className={css.words}>
        <h2>{view.writes ? planSummary(view) : 'Nothing to do'}</h2>
        <p>
          {view.writes
            ? 'Nothing is changed until you start.'
            : `Everything is as the files say. A start would change nothing.`}
        </p>
      </div>
    </>
  );
}

export function PlanPanel({
  stack,
  revision,
  busy,
  onStarted,
}: {
  /** null is the bundled stack. */
  readonly stack: string | null;
  readonly revision: number;
  /** Something changes the stack right now: there is no telling what a start would do after it. */
  readonly busy: boolean;
  readonly onStarted: () => void;
}): ReactNode {
  const [options, setOptions] = useState<PlanOptions>({});
  const { view, problem, asking, again } = usePlan(stack, options, revision, busy);
  const pending = useActions((state) => state.pending.has(areaOf(stack)));
  const toggle = (key: keyof PlanOptions, on: boolean): void => {
    setOptions(({ [key]: _gone, ...others }) => (on ? { ...others, [key]: true } : others));
  };
  if (problem !== null) return <LiveProblem problem={problem} stack={stack} retry={again} />;
  if (view === null) {
    return (
      <div className={css.panel} role="status">
        <Skeleton height={64} label="Working out what a start would do" />
        <Skeleton height={120} />
      </div>
    );
  }
  const { orphans } = view;
  return (
    <div className={css.panel} aria-busy={asking}>
      <section className={css.head} aria-label="What a start would do">
        <Summary view={view} />
        <IconButton icon={RefreshCw} label="Look again" disabled={busy} onClick={again} />
        <Button
          kind="primary"
          icon={Play}
          disabled={busy || pending || asking || !view.writes}
          onClick={() => {
            startStack({ ...naming(stack), ...options });
            onStarted();
          }}
        >
          Start now
        </Button>
      </section>
      <fieldset className={css.choices}>
        <legend className="visually-hidden">How to start</legend>
        {orphans.length === 0 ? null : (
          <label>
            <input
              type="checkbox"
              checked={options.removeOrphans === true}
              onChange={(event) => toggle('removeOrphans', event.target.checked)}
            />
            {`Also remove ${count(orphans.length, 'container')} of services that the files do not name`}
          </label>
        )}
        <label>
          <input
            type="checkbox"
            checked={options.forceRecreate === true}
            onChange={(event) => toggle('forceRecreate', event.target.checked)}
          />
          Replace every container, changed or not
        </label>
      </fieldset>
      <PlanDetails view={view} />
    </div>
  );
}
