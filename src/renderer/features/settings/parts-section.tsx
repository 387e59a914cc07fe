/** "Optional parts": what each is for, what it costs, and whether it runs with the stack. */
import type { ReactNode } from 'react';
import { AreaProblem } from '../../app/area-problem.tsx';
import { LiveProblem } from '../../app/live-problem.tsx';
import { ApplyNow } from '../../parts/capabilities/apply-now.tsx';
import { capabilitySaid, capabilityWords, isPending } from '../../parts/capabilities/capability-words.ts';
import { useCapabilities } from '../../parts/capabilities/use-capabilities.ts';
import { Card, Skeleton } from '../../ui/blocks.tsx';
import { Status } from '../../ui/status.tsx';
import { Toggle } from './fields.tsx';
import css from './settings.module.css';

export function PartsSection(): ReactNode {
  const { list, problem, retry, set } = useCapabilities();
  if (list === null) {
    return problem === null ? (
      <Skeleton height={240} label="Looking at the optional parts" />
    ) : (
      <LiveProblem problem={problem} retry={retry} />
    );
  }
  const pending = list.some(isPending);
  return (
    <>
      <p className={css.lead}>
        The core of the stack is always there. These come with it if you switch them on; their data is kept when you
        switch them off.
      </p>
      {problem === null ? null : <LiveProblem problem={problem} retry={retry} />}
      <AreaProblem area="stack" kinds={['start']} />
      <Card title="Optional parts" flush>
        <ul className={css.parts}>
          {list.map((one) => {
            const words = capabilityWords[one.name];
            return (
              <li key={one.name} className={css.part} aria-label={words.title}>
                <div className={css.rowWords}>
                  <p className={css.partTitle}>
                    {words.title} <Status said={capabilitySaid(one)} />
                  </p>
                  <p className={css.rowText}>{words.purpose}</p>
                  <p className={css.cost}>{words.cost}</p>
                </div>
                <Toggle label={words.title} checked={one.on} onChange={(on) => void set(one.name, on)} />
              </li>
            );
          })}
        </ul>
      </Card>
      <div className={css.apply} aria-live="polite">
        {pending ? (
          <>
            <p>What you switched takes effect with the next start of the stack.</p>
            <ApplyNow />
          </>
        ) : null}
      </div>
    </>
  );
}
