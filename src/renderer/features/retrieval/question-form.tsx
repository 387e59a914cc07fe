/** One question in the editor: a line, and opened the fields that say which passages answer it. */
import { ChevronRight, Plus, Trash2, TriangleAlert } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import type { EvalItem } from '../../../shared/model/evaluation.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { Choice } from '../../ui/choice.tsx';
import { cx } from '../../ui/cx.ts';
import { TextField } from '../../ui/field.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import css from './question-form.module.css';

type Expected = EvalItem['expected'][number];
const maxExpected = 50;

function ExpectedForm({
  expected,
  number,
  listId,
  onChange,
  onRemove,
}: {
  readonly expected: Expected;
  readonly number: number;
  readonly listId: string;
  readonly onChange: (expected: Expected) => void;
  /** null: the last one stays. */
  readonly onRemove: (() => void) | null;
}): ReactNode {
  return (
    <fieldset className={css.expected}>
      <legend className="visually-hidden">{`Right passage ${number}`}</legend>
      <TextField
        label="Document"
        value={expected.source}
        onChange={(source) => onChange({ ...expected, source })}
        maxLength={500}
        placeholder="harbour-rules.md"
        list={listId}
      />
      <TextField
        label="Under the heading"
        value={expected.heading ?? ''}
        onChange={(heading) => onChange({ ...expected, heading })}
        maxLength={300}
        placeholder="any"
      />
      <TextField
        label="With the words"
        value={expected.text ?? ''}
        onChange={(text) => onChange({ ...expected, text })}
        maxLength={2000}
        placeholder="any"
      />
      {onRemove === null ? null : (
        <IconButton icon={Trash2} label={`Take away right passage ${number}`} onClick={onRemove} />
      )}
    </fieldset>
  );
}

export function QuestionForm({
  item,
  missing,
  open,
  listId,
  onOpen,
  onChange,
  onRemove,
}: {
  readonly item: EvalItem;
  /** Why it cannot be saved yet. */
  readonly missing: string | null;
  readonly open: boolean;
  /** A datalist with names of documents. */
  readonly listId: string;
  readonly onOpen: () => void;
  readonly onChange: (item: EvalItem) => void;
  readonly onRemove: () => void;
}): ReactNode {
  const bodyId = useId();
  const words = item.question.trim() === '' ? 'New question' : markHidden(item.question);
  const { expected } = item;
  const facts = item.answerable
    ? expected.map(({ source, heading }) => (heading ? `${source} › ${heading}` : source)).join(', ')
    : 'The documents do not answer it';
  return (
    <li className={css.question}>
      <div className={css.line}>
        <button type="button" className={css.head} aria-expanded={open} aria-controls={bodyId} onClick={onOpen}>
          <ChevronRight size={15} aria-hidden className={cx(css.arrow, open && css.turned)} />
          <span className={css.words}>
            <span className={css.text}>{words}</span>
            {missing === null ? (
              <span className={css.facts}>{markHidden(facts)}</span>
            ) : (
              <span className={css.missing}>
                <TriangleAlert size={12} aria-hidden /> {missing}
              </span>
            )}
          </span>
        </button>
        <IconButton icon={Trash2} label={`Delete “${words}”`} onClick={onRemove} />
      </div>
      <div id={bodyId} className={css.body} hidden={!open}>
        {open ? (
          <>
            <TextField
              label="Question"
              value={item.question}
              onChange={(question) => onChange({ ...item, question })}
              maxLength={2000}
              rows={2}
            />
            <div className={css.answerable}>
              <Choice
                label="Do the documents answer it?"
                value={item.answerable ? 'yes' : 'no'}
                options={[
                  { value: 'yes', label: 'The documents answer it' },
                  { value: 'no', label: 'They do not' },
                ]}
                onChange={(value) =>
                  onChange({
                    ...item,
                    answerable: value === 'yes',
                    expected: value === 'yes' && expected.length === 0 ? [{ source: '' }] : expected,
                  })
                }
              />
            </div>
            {item.answerable ? (
              <>
                {expected.map((one, index) => (
                  <ExpectedForm
                    // biome-ignore lint/suspicious/noArrayIndexKey: they have no name of their own, and stay in their order
                    key={index}
                    expected={one}
                    number={index + 1}
                    listId={listId}
                    onChange={(next) =>
                      onChange({ ...item, expected: expected.map((old, at) => (at === index ? next : old)) })
                    }
                    onRemove={
                      expected.length === 1
                        ? null
                        : () => onChange({ ...item, expected: expected.filter((_, at) => at !== index) })
                    }
                  />
                ))}
                <div>
                  <Button
                    size="sm"
                    icon={Plus}
                    disabled={expected.length >= maxExpected}
                    onClick={() => onChange({ ...item, expected: [...expected, { source: '' }] })}
                  >
                    Another passage is right, too
                  </Button>
                </div>
              </>
            ) : null}
          </>
        ) : null}
      </div>
    </li>
  );
}
