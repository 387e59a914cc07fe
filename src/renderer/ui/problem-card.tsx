/** A Problem for a person: what happened, why, what shows it, and buttons that do something about it. */
import { ChevronRight, OctagonAlert, X } from 'lucide-react';
import { type ReactNode, useId, useState } from 'react';
import type { Problem, Remedy } from '../../shared/model/problem.ts';
import { Button, IconButton } from './button.tsx';
import { CopyButton } from './copy-button.tsx';
import { cx } from './cx.ts';
import { plainText } from './plain-text.ts';
import css from './problem-card.module.css';

export function ProblemCard({
  problem,
  onRemedy,
  canRun,
  onDismiss,
  quiet = false,
}: {
  readonly problem: Problem;
  readonly onRemedy: (remedy: Remedy) => void;
  /** Whether pressing would do something here; others are shown as words. */
  readonly canRun: (remedy: Remedy) => boolean;
  readonly onDismiss?: (() => void) | undefined;
  /** Warning colours: something to do, nothing broken. */
  readonly quiet?: boolean;
}): ReactNode {
  const titleId = useId();
  const evidenceId = useId();
  const [shown, setShown] = useState(false);
  const buttons = problem.remedies.filter(canRun);
  // A retry that nothing can repeat here would be an empty promise.
  const advice = problem.remedies.filter((remedy) => !canRun(remedy) && remedy.action !== 'retry');
  const evidence = problem.evidence.map(plainText);
  return (
    <section className={cx(css.card, quiet && css.quiet)} aria-labelledby={titleId} role="alert">
      <OctagonAlert size={20} aria-hidden className={css.icon} />
      <div className={css.body}>
        <h3 id={titleId} className={css.title}>
          {problem.title}
        </h3>
        <p className={css.cause}>{problem.cause}</p>
        {buttons.length === 0 && evidence.length === 0 ? null : (
          <div className={css.actions}>
            {buttons.map((remedy, index) => (
              <Button
                key={`${remedy.action} ${remedy.label}`}
                kind={index === 0 ? 'primary' : 'secondary'}
                title={remedy.action === 'copy-command' ? remedy.command : undefined}
                onClick={() => onRemedy(remedy)}
              >
                {remedy.label}
              </Button>
            ))}
            {evidence.length === 0 ? null : (
              <Button
                kind="quiet"
                icon={ChevronRight}
                aria-expanded={shown}
                aria-controls={evidenceId}
                className={cx(css.more, shown && css.open)}
                onClick={() => setShown(!shown)}
              >
                {shown ? 'Hide details' : 'Show details'}
              </Button>
            )}
          </div>
        )}
        {advice.length === 0 ? null : (
          <ul className={css.advice}>
            {advice.map((remedy) => (
              <li key={`${remedy.action} ${remedy.label}`}>{remedy.label}</li>
            ))}
          </ul>
        )}
        <div id={evidenceId} hidden={!shown} className={css.evidence}>
          <div className={css.evidenceHead}>
            <span>
              Code <code>{problem.code}</code>
            </span>
            <CopyButton text={() => [problem.title, problem.cause, ...evidence].join('\n')} label="Copy the details">
              Copy
            </CopyButton>
          </div>
          <pre className={css.lines}>{evidence.join('\n')}</pre>
        </div>
      </div>
      {onDismiss === undefined ? null : <IconButton label="Dismiss" icon={X} size="sm" onClick={onDismiss} />}
    </section>
  );
}
