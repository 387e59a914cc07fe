/** Each question of a run: what became of it, and at which place each way found a right passage. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { SearchX } from 'lucide-react';
import { type ReactNode, useMemo, useRef, useState } from 'react';
import type { EvalRun } from '../../../shared/model/evaluation.ts';
import { searchModes } from '../../../shared/model/knowledge.ts';
import { EmptyState } from '../../ui/blocks.tsx';
import { Choice } from '../../ui/choice.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { SearchField } from '../../ui/search-field.tsx';
import { Status } from '../../ui/status.tsx';
import { type EvalQuestion, fits, mainMode, type QuestionFilter, questionFilters, questionSaid } from './eval-words.ts';
import { modeWords } from './mode-words.ts';
import { QuestionDrawer } from './question-drawer.tsx';
import css from './question-table.module.css';

const rowHeight = 44;
const filterWords: Readonly<Record<QuestionFilter, string>> = {
  all: 'All',
  missed: 'Missed',
  'wrongly-abstained': 'Wrongly not answered',
  'wrongly-answered': 'Answered all the same',
};

export function QuestionTable({ run }: { readonly run: EvalRun }): ReactNode {
  const [filter, setFilter] = useState<QuestionFilter>('all');
  const [query, setQuery] = useState('');
  const [opened, setOpened] = useState<EvalQuestion | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const main = mainMode(run);
  const modes = searchModes.filter((mode) => run.modes.some((one) => one.mode === mode));
  const shown = useMemo(() => {
    const words = query.toLowerCase();
    return run.items.filter((item) => fits(item, filter, main) && item.question.toLowerCase().includes(words));
  }, [run, filter, query, main]);
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  });
  const columns = { gridTemplateColumns: `minmax(0, 1fr) 176px repeat(${modes.length}, 82px)` };
  return (
    <section className={css.section} aria-label="Questions of the run">
      <div className={css.tools}>
        <SearchField label="Search the questions" value={query} onChange={setQuery} />
        <Choice
          label="Which questions"
          value={filter}
          options={questionFilters.map((value) => ({
            value,
            label: filterWords[value],
            note: String(run.items.filter((item) => fits(item, value, main)).length),
          }))}
          onChange={setFilter}
        />
      </div>
      {shown.length === 0 ? (
        <EmptyState
          compact
          icon={SearchX}
          title={filter === 'all' ? 'No question fits' : 'None of the questions'}
          text={filter === 'all' ? undefined : 'That is good news, unless the search leaves them out.'}
        />
      ) : (
        <div ref={scroller} className={css.scroller} style={{ height: Math.min(440, shown.length * rowHeight + 36) }}>
          <table className={css.table} aria-label="Questions" aria-rowcount={shown.length + 1}>
            <thead className={css.head}>
              <tr className={css.line} style={columns} aria-rowindex={1}>
                <th scope="col">Question</th>
                <th scope="col">What became of it</th>
                {modes.map((mode) => (
                  <th
                    key={mode}
                    scope="col"
                    className={css.rank}
                    title={`Place of the first right passage, ${modeWords[mode].label.toLowerCase()}`}
                  >
                    {modeWords[mode].label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className={css.body} style={{ height: virtual.getTotalSize() }}>
              {virtual.getVirtualItems().map((item) => {
                const question = shown[item.index];
                if (question === undefined) return null;
                return (
                  <tr
                    key={item.key}
                    className={css.line}
                    aria-rowindex={item.index + 2}
                    style={{ ...columns, transform: `translateY(${item.start}px)` }}
                  >
                    <td>
                      <button type="button" className={css.question} onClick={() => setOpened(question)}>
                        {markHidden(question.question)}
                      </button>
                    </td>
                    <td>
                      <Status said={questionSaid(question, main)} />
                    </td>
                    {modes.map((mode) => (
                      <td key={mode} className={css.rank}>
                        {!question.answerable ? (
                          <span className={css.none}>none</span>
                        ) : question.ranks[mode] === null ? (
                          <span className={css.missed}>not found</span>
                        ) : (
                          question.ranks[mode]
                        )}
                      </td>
                    ))}
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      <QuestionDrawer run={run} question={opened} onClose={() => setOpened(null)} />
    </section>
  );
}
