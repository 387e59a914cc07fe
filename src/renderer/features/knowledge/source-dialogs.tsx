/** How often a source is looked at, and the question before one is given up. */
import { type ReactNode, useState } from 'react';
import type { Source } from '../../../shared/model/knowledge.ts';
import { perform } from '../../app/actions.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useCall } from '../../app/use-call.ts';
import { Choice } from '../../ui/choice.tsx';
import { SelectField } from '../../ui/field.tsx';
import { Confirm, FormDialog } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import css from './source-dialogs.module.css';
import { everyChoices, everyOf } from './source-words.ts';

export function ChangeInterval({
  source,
  onClose,
}: {
  readonly source: Source;
  readonly onClose: () => void;
}): ReactNode {
  const [every, setEvery] = useState(source.everySeconds === null ? '' : String(source.everySeconds));
  const { busy, problem, run } = useCall();
  return (
    <FormDialog
      open
      title={`How often to look at “${markHidden(source.name)}”`}
      action="Save"
      busy={busy}
      onSubmit={async () => (await run('sources.change', { id: source.id, everySeconds: everyOf(every) })).ok}
      onClose={onClose}
    >
      <SelectField
        label="Look for changes"
        value={every}
        options={everyChoices(source.everySeconds)}
        onChange={setEvery}
      />
      {problem === null ? null : <LiveProblem problem={problem} />}
    </FormDialog>
  );
}

export function RemoveSource({
  source,
  open,
  onClose,
}: {
  readonly source: Source;
  readonly open: boolean;
  readonly onClose: () => void;
}): ReactNode {
  const [documents, setDocuments] = useState<'keep' | 'delete'>('keep');
  const what = source.kind === 'folder' ? 'folder' : 'page';
  return (
    <Confirm
      open={open}
      title={`Stop keeping up with “${markHidden(source.name)}”?`}
      text={
        documents === 'keep'
          ? `What was added from it stays and can be found, but no longer follows the ${what}.`
          : `What was added from it is deleted and no longer found. The ${what} itself stays as it is.`
      }
      action={documents === 'keep' ? 'Remove' : 'Remove with its documents'}
      onConfirm={() => void perform('sources', 'sources.remove', { id: source.id, documents })}
      onClose={onClose}
    >
      <div className={css.choice}>
        <Choice
          label="Its documents"
          value={documents}
          options={[
            { value: 'keep', label: 'Keep its documents' },
            { value: 'delete', label: 'Delete them' },
          ]}
          onChange={setDocuments}
        />
      </div>
    </Confirm>
  );
}
