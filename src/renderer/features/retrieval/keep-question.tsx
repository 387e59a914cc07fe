/** Keeps a query as a question of a set, with the passage that answers it: so a good bench becomes a measure. */
import { type ReactNode, useEffect, useState } from 'react';
import type { EvalItem } from '../../../shared/model/evaluation.ts';
import type { SearchHit } from '../../../shared/model/knowledge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useCall } from '../../app/use-call.ts';
import { announce } from '../../ui/announce.ts';
import { SelectField, TextField } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/overlay.tsx';
import { loadSets, useEval } from './eval-store.ts';
import { change } from './retrieval-store.ts';

type Expected = EvalItem['expected'][number];

/** What counts as right later: the section survives another cutting into passages, the words are exact. */
export function expectedOf(hit: SearchHit, as: 'section' | 'words' | 'document'): Expected {
  const source = hit.sourceName;
  const heading = hit.headingPath.at(-1);
  if (as === 'section' && heading !== undefined) return { source, heading };
  const text = hit.text.trim().replace(/\s+/g, ' ').slice(0, 160);
  return as === 'words' && text !== '' ? { source, text } : { source };
}

const newSet = '';

export function KeepQuestion({
  query,
  hit,
  onClose,
}: {
  readonly query: string;
  readonly hit: SearchHit;
  readonly onClose: () => void;
}): ReactNode {
  const sets = useEval((state) => state.sets);
  const [setId, setSetId] = useState<string | null>(null);
  const [name, setName] = useState('My questions');
  const [question, setQuestion] = useState(query);
  const [as, setAs] = useState<'section' | 'words' | 'document'>(hit.headingPath.length > 0 ? 'section' : 'words');
  const { busy, problem, run } = useCall();
  useEffect(() => void loadSets(), []);
  const chosen = setId ?? sets?.[0]?.id ?? newSet;
  const save = async (): Promise<boolean> => {
    const item: EvalItem = { question: question.trim(), expected: [expectedOf(hit, as)], answerable: true };
    if (chosen === newSet) {
      const made = await run('eval.saveSet', { name: name.trim(), description: '', items: [item] });
      if (made.ok) change({ setId: made.value.id });
      if (made.ok) announce(`Kept in ${made.value.name}`);
      return made.ok;
    }
    const held = await run('eval.set', { id: chosen });
    if (!held.ok) return false;
    const { set, items } = held.value;
    const saved = await run('eval.saveSet', {
      id: set.id,
      name: set.name,
      description: set.description,
      items: [...items, item],
    });
    if (saved.ok) announce(`Kept in ${set.name}`);
    return saved.ok;
  };
  return (
    <FormDialog
      open
      title="Keep as question"
      text="Evaluation asks it again later and sees whether this passage is still found."
      action="Keep"
      ready={question.trim() !== '' && (chosen !== newSet || name.trim() !== '') && sets !== null}
      busy={busy}
      onSubmit={async () => {
        const done = await save();
        if (done) void loadSets();
        return done;
      }}
      onClose={onClose}
    >
      <TextField label="Question" value={question} onChange={setQuestion} maxLength={2000} rows={2} />
      <SelectField
        label="What counts as right"
        value={as}
        options={[
          ...(hit.headingPath.length > 0
            ? [{ value: 'section' as const, label: `Any passage under “${hit.headingPath.at(-1) ?? ''}”` }]
            : []),
          { value: 'words' as const, label: 'A passage with the first words of this one' },
          { value: 'document' as const, label: `Any passage of ${hit.sourceName}` },
        ]}
        onChange={setAs}
      />
      <SelectField
        label="Set"
        value={chosen}
        options={[
          ...(sets ?? []).map(({ id, name: words }) => ({ value: id, label: words })),
          { value: newSet, label: 'A new set' },
        ]}
        onChange={setSetId}
      />
      {chosen === newSet ? (
        <TextField label="Name of the new set" value={name} onChange={setName} maxLength={100} />
      ) : null}
      {problem === null ? null : <LiveProblem problem={problem} />}
    </FormDialog>
  );
}
