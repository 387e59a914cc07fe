/** What a test of a provider found: each step that an answer takes, and the words of the one that failed. */
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ProviderTest } from '../../../shared/model/providers.ts';
import { IconButton } from '../../ui/button.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { ToneIcon } from '../../ui/status.tsx';
import css from './provider-card.module.css';
import { testSteps } from './provider-words.ts';

const tones = { done: 'good', failed: 'bad', skipped: 'idle' } as const;
const spoken = { done: 'done', failed: 'failed' } as const;

export function TestResult({
  test,
  onDismiss,
}: {
  readonly test: ProviderTest;
  readonly onDismiss: () => void;
}): ReactNode {
  return (
    <section className={css.test} aria-label={test.ok ? 'The test went well' : 'The test failed'}>
      <ol>
        {testSteps(test).map(({ label, state, detail }) => (
          <li key={label} data-state={state}>
            <ToneIcon tone={tones[state]} size={15} />
            <span>
              {label}
              {state === 'skipped' ? null : <span className="visually-hidden">: {spoken[state]}</span>}
            </span>
            <span className={css.detail}>{markHidden(detail)}</span>
          </li>
        ))}
      </ol>
      {test.problem === null ? null : (
        <p className={css.why}>
          <strong>{markHidden(test.problem.title)}.</strong> {markHidden(test.problem.detail)}
        </p>
      )}
      <IconButton size="sm" icon={X} label="Put the result away" onClick={onDismiss} />
    </section>
  );
}
