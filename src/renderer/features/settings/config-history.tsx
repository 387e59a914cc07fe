/** What was changed, when and by whom, with a way back. */
import { Undo2 } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import type { Problem } from '../../../shared/model/problem.ts';
import type { ConfigChange, ConfigEntry, ConfigValue } from '../../../shared/model/rag-config.ts';
import { call } from '../../app/bridge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { formatDate } from '../../ui/format.ts';
import { markHidden } from '../../ui/plain-text.ts';
import css from './config.module.css';
import { titleOf, valueWords } from './config-words.ts';

const most = 200;

export function ConfigHistory({
  revision,
  entries,
  onPutBack,
}: {
  /** A new one has a longer history. */
  readonly revision: number;
  readonly entries: readonly ConfigEntry[];
  readonly onPutBack: (key: string, value: ConfigValue) => void;
}): ReactNode {
  const [changes, setChanges] = useState<readonly ConfigChange[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: read again with each change
  useEffect(() => {
    let gone = false;
    void call('config.history', {}).then((answer) => {
      if (gone) return;
      setProblem(answer.ok ? null : answer.problem);
      if (answer.ok) setChanges(answer.value.changes);
    });
    return () => {
      gone = true;
    };
  }, [revision]);
  if (problem !== null) return <LiveProblem problem={problem} onDismiss={() => setProblem(null)} />;
  if (changes === null) return <Skeleton height={60} label="Loading the history" />;
  if (changes.length === 0) return <p className={css.help}>Nothing was changed yet.</p>;
  const now = new Map(entries.map((entry) => [entry.key, entry]));
  return (
    <ul className={css.history} aria-label="Changes">
      {changes.slice(0, most).map(({ id, key, oldValue, newValue, changedBy, changedAtMs }) => {
        const entry = now.get(key);
        const held = entry?.source === 'database' ? entry.value : null;
        const possible = entry !== undefined && !entry.locked && held !== oldValue;
        return (
          <li key={id}>
            <time className={css.when}>{formatDate(changedAtMs)}</time>
            <span className={css.what}>
              <b>{titleOf(key)}</b>
              {`: ${valueWords(oldValue)} → ${valueWords(newValue)} `}
              <span className={css.who}>by {changedBy === null ? 'somebody who is gone' : markHidden(changedBy)}</span>
            </span>
            {possible ? (
              <Button
                size="sm"
                icon={Undo2}
                aria-label={`Put ${titleOf(key)} back to ${valueWords(oldValue)}`}
                onClick={() => onPutBack(key, oldValue)}
              >
                Put back
              </Button>
            ) : null}
          </li>
        );
      })}
    </ul>
  );
}
