/** One question of a run: what was expected, at which place it was found, and what stood first instead. */
import { type ReactNode, useEffect, useState } from 'react';
import type { EvalItem, EvalRun } from '../../../shared/model/evaluation.ts';
import { searchModes } from '../../../shared/model/knowledge.ts';
import { call } from '../../app/bridge.ts';
import { PassageDrawer, type PassagePlace } from '../../parts/documents/passage-drawer.tsx';
import { Button } from '../../ui/button.tsx';
import { Drawer } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { Status } from '../../ui/status.tsx';
import { type EvalQuestion, mainMode, questionSaid } from './eval-words.ts';
import { whereWords } from './hit-card.tsx';
import { modeWords } from './mode-words.ts';
import css from './question-drawer.module.css';
import { change, runSearch } from './retrieval-store.ts';

/** "harbour.md › Night shift: “call the pilot”" */
export function expectedWords({ source, heading, text }: EvalItem['expected'][number]): string {
  const place = heading === undefined ? source : `${source} › ${heading}`;
  return markHidden(text === undefined ? place : `${place}: “${text}”`);
}

/** What the set says today; null while it is asked for, or when the question is no longer in it. */
function useExpected(run: EvalRun, question: string): EvalItem | null {
  const [item, setItem] = useState<EvalItem | null>(null);
  useEffect(() => {
    let gone = false;
    if (run.setId === null) return;
    void call('eval.set', { id: run.setId }).then((answer) => {
      if (gone || !answer.ok) return;
      setItem(answer.value.items.find((one) => one.question === question) ?? null);
    });
    return () => {
      gone = true;
    };
  }, [run.setId, question]);
  return item;
}

function Body({
  run,
  question,
  onClose,
}: {
  readonly run: EvalRun;
  readonly question: EvalQuestion;
  readonly onClose: () => void;
}): ReactNode {
  const [place, setPlace] = useState<PassagePlace | null>(null);
  const expected = useExpected(run, question.question);
  const tried = searchModes.filter((mode) => run.modes.some((one) => one.mode === mode));
  return (
    <div className={css.body}>
      <div>
        <Status said={questionSaid(question, mainMode(run))} pill label="What became of it" />
      </div>
      {expected === null || !question.answerable ? null : (
        <section>
          <h3>What counts as right</h3>
          <ul className={css.list}>
            {expected.expected.map((one) => (
              <li key={expectedWords(one)}>{expectedWords(one)}</li>
            ))}
          </ul>
        </section>
      )}
      {question.answerable ? (
        <section>
          <h3>Place of the first right passage</h3>
          <dl className={css.ranks}>
            {tried.map((mode) => (
              <div key={mode}>
                <dt>
                  {modeWords[mode].label} <small>{modeWords[mode].note}</small>
                </dt>
                <dd>{question.ranks[mode] ?? `not among the first ${run.topK}`}</dd>
              </div>
            ))}
          </dl>
        </section>
      ) : (
        <p>The documents do not answer this one: the right thing is to say so.</p>
      )}
      {question.top.length === 0 ? null : (
        <section>
          <h3>What stood first</h3>
          <ol className={css.top}>
            {question.top.map((hit, index) => (
              <li key={hit.chunkId}>
                <span className={css.number}>{index + 1}</span>
                <span className={css.hit}>
                  {markHidden(hit.title)}
                  <small>{markHidden(whereWords({ ...hit, page: null }))}</small>
                </span>
                <Button
                  size="sm"
                  aria-label={`Open passage ${index + 1}`}
                  onClick={() => setPlace({ ...hit, sourceName: hit.title, page: null })}
                >
                  Open
                </Button>
              </li>
            ))}
          </ol>
        </section>
      )}
      <div>
        <Button
          onClick={() => {
            change({ tab: 'bench', query: question.question, mode: 'compare' });
            onClose();
            void runSearch();
          }}
        >
          Try it on the bench
        </Button>
      </div>
      <PassageDrawer source={place} onClose={() => setPlace(null)} />
    </div>
  );
}

export function QuestionDrawer({
  run,
  question,
  onClose,
}: {
  readonly run: EvalRun;
  readonly question: EvalQuestion | null;
  readonly onClose: () => void;
}): ReactNode {
  const [last, setLast] = useState(question);
  // Keeps the words on screen while the drawer slides out.
  if (question !== null && question !== last) setLast(question);
  const shown = question ?? last;
  return (
    <Drawer open={question !== null} onClose={onClose} title={markHidden(shown?.question ?? '')}>
      {shown === null ? null : <Body key={shown.question} run={run} question={shown} onClose={onClose} />}
    </Drawer>
  );
}
