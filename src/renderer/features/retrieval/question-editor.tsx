/** The questions of a set, edited in place and saved together. */
import { Plus, Save } from 'lucide-react';
import { type ReactNode, useEffect, useId, useState } from 'react';
import type { EvalItem, EvalSet } from '../../../shared/model/evaluation.ts';
import { useActions } from '../../app/actions.ts';
import { AreaProblem } from '../../app/area-problem.tsx';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useCall } from '../../app/use-call.ts';
import { Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { TextField } from '../../ui/field.tsx';
import { count } from '../../ui/format.ts';
import { SearchField } from '../../ui/search-field.tsx';
import { saveSet } from './eval-store.ts';
import css from './question-editor.module.css';
import { QuestionForm } from './question-form.tsx';

/** More fields than this at once help nobody; the search leads to the others. */
const maxShown = 100;
const maxItems = 2000;

/** What a form holds: `key` stays with a question while others come and go. */
export interface Draft {
  readonly key: number;
  readonly item: EvalItem;
}

/** Why a question cannot be saved yet; null when it can. */
export function whatIsMissing({ question, answerable, expected }: EvalItem): string | null {
  if (question.trim() === '') return 'The question is missing';
  if (!answerable) return null;
  if (expected.length === 0 || expected.some(({ source }) => source.trim() === ''))
    return 'Say which document answers it';
  return null;
}

/** As it is stored: trimmed, and without passages where the documents do not answer. */
function toSave({ question, answerable, expected }: EvalItem): EvalItem {
  const clean = (text: string | undefined): string | undefined => (text?.trim() === '' ? undefined : text?.trim());
  return {
    question: question.trim(),
    answerable,
    expected: answerable
      ? expected.map(({ source, heading, text }) => {
          const [h, t] = [clean(heading), clean(text)];
          return {
            source: source.trim(),
            ...(h === undefined ? {} : { heading: h }),
            ...(t === undefined ? {} : { text: t }),
          };
        })
      : [],
  };
}

let nextKey = 0;
const draftOf = (item: EvalItem): Draft => {
  nextKey += 1;
  return { key: nextKey, item };
};
const emptyItem: EvalItem = { question: '', expected: [{ source: '' }], answerable: true };

export function QuestionEditor({
  set,
  onDone,
}: {
  readonly set: EvalSet | null;
  readonly onDone: () => void;
}): ReactNode {
  const [name, setName] = useState(set?.name ?? '');
  const [description, setDescription] = useState(set?.description ?? '');
  const [drafts, setDrafts] = useState<readonly Draft[] | null>(set === null ? [draftOf(emptyItem)] : null);
  const [open, setOpen] = useState<number | null>(null);
  const [query, setQuery] = useState('');
  const [documents, setDocuments] = useState<readonly string[]>([]);
  const listId = useId();
  const saving = useActions((state) => state.pending.has('evaluation'));
  const { problem, run } = useCall();

  const load = async (id: string): Promise<void> => {
    const answer = await run('eval.set', { id });
    if (answer.ok) setDrafts(answer.value.items.map(draftOf));
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for the set that is edited
  useEffect(() => {
    if (set !== null) void load(set.id);
    else setOpen(drafts?.[0]?.key ?? null);
  }, [set]);
  // Names that sets of this page expect already are offered again.
  useEffect(() => {
    const names = new Set(drafts?.flatMap(({ item }) => item.expected.map(({ source }) => source)) ?? []);
    setDocuments([...names].filter((one) => one !== '').slice(0, 500));
  }, [drafts]);

  const incomplete = drafts?.filter(({ item }) => whatIsMissing(item) !== null) ?? [];
  const words = query.toLowerCase();
  const found = drafts?.filter(({ key, item }) => key === open || item.question.toLowerCase().includes(words)) ?? [];
  const shown = found.slice(0, maxShown);
  const save = async (): Promise<void> => {
    if (drafts === null) return;
    const items = drafts.map(({ item }) => toSave(item));
    const saved = await saveSet({ ...(set === null ? {} : { id: set.id }), name: name.trim(), description, items });
    if (saved) onDone();
  };
  return (
    <div className={css.page}>
      <header className={css.head}>
        <h2>{set === null ? 'New question set' : 'Edit the questions'}</h2>
        <span className={css.missing} role="status">
          {incomplete.length === 0 ? '' : `${count(incomplete.length, 'question')} not complete yet`}
        </span>
        <Button onClick={onDone}>Cancel</Button>
        <Button
          kind="primary"
          icon={Save}
          disabled={saving || drafts === null || name.trim() === '' || incomplete.length > 0}
          onClick={() => void save()}
        >
          Save
        </Button>
      </header>
      <div className={css.scroll}>
        <div className={css.measure}>
          <AreaProblem area="evaluation" />
          {problem === null || set === null ? null : <LiveProblem problem={problem} retry={() => void load(set.id)} />}
          <div className={css.about}>
            <TextField
              label="Name"
              value={name}
              onChange={setName}
              maxLength={100}
              placeholder="Harbour questions"
              focused={set === null}
            />
            <TextField label="Description" value={description} onChange={setDescription} maxLength={2000} />
          </div>
          {drafts === null && problem === null ? <Skeleton height={180} label="Loading the questions" /> : null}
          {drafts === null ? null : (
            <>
              <div className={css.tools}>
                <SearchField label="Search the questions" value={query} onChange={setQuery} />
                <span>{count(drafts.length, 'question')}</span>
                <Button
                  icon={Plus}
                  disabled={drafts.length >= maxItems}
                  onClick={() => {
                    const fresh = draftOf(emptyItem);
                    setDrafts([fresh, ...drafts]);
                    setOpen(fresh.key);
                  }}
                >
                  Add question
                </Button>
              </div>
              <ul className={css.list} aria-label="Questions">
                {shown.map(({ key, item }) => (
                  <QuestionForm
                    key={key}
                    item={item}
                    missing={whatIsMissing(item)}
                    open={key === open}
                    listId={listId}
                    onOpen={() => setOpen(key === open ? null : key)}
                    onChange={(next) => setDrafts(drafts.map((one) => (one.key === key ? { key, item: next } : one)))}
                    onRemove={() => setDrafts(drafts.filter((one) => one.key !== key))}
                  />
                ))}
              </ul>
              {found.length > shown.length ? (
                <p
                  className={css.more}
                >{`and ${count(found.length - shown.length, 'more question')}: search to reach them`}</p>
              ) : null}
            </>
          )}
        </div>
      </div>
      <datalist id={listId}>
        {documents.map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
    </div>
  );
}
