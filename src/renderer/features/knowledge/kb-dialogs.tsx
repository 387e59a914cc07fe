/** Making a knowledge base, changing its name and words, and the question before one goes with all it holds. */
import { type ReactNode, useState } from 'react';
import { formatBytes } from '../../../shared/model/bytes.ts';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { perform } from '../../app/actions.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useCall } from '../../app/use-call.ts';
import { TextField } from '../../ui/field.tsx';
import { count } from '../../ui/format.ts';
import { Confirm, FormDialog } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { TypedProof } from '../../ui/typed-proof.tsx';
import { showKb } from './knowledge-store.ts';

/** `kb` null: a new one, which is shown once it is there. */
export function KbForm({
  kb,
  open,
  onClose,
}: {
  readonly kb: KnowledgeBase | null;
  readonly open: boolean;
  readonly onClose: () => void;
}): ReactNode {
  // Its fields begin anew each time it opens.
  return open ? <OpenForm kb={kb} onClose={onClose} /> : null;
}

function OpenForm({ kb, onClose }: { readonly kb: KnowledgeBase | null; readonly onClose: () => void }): ReactNode {
  const [name, setName] = useState(kb?.name ?? '');
  const [description, setDescription] = useState(kb?.description ?? '');
  const { busy, problem, run } = useCall();
  const save = async (): Promise<boolean> => {
    if (kb === null) {
      const answer = await run('kb.create', { name, description });
      if (answer.ok) showKb(answer.value.id);
      return answer.ok;
    }
    // The default one keeps its name.
    const change = kb.isDefault ? { id: kb.id, description } : { id: kb.id, name, description };
    return (await run('kb.change', change)).ok;
  };
  return (
    <FormDialog
      open
      title={kb === null ? 'New knowledge base' : `Change “${markHidden(kb.name)}”`}
      text={
        kb === null
          ? 'It holds documents that are asked together. You choose which ones a question goes to.'
          : undefined
      }
      action={kb === null ? 'Create' : 'Save'}
      ready={name.trim() !== ''}
      busy={busy}
      onSubmit={save}
      onClose={onClose}
    >
      {kb?.isDefault === true ? null : (
        <TextField label="Name" value={name} onChange={setName} maxLength={100} placeholder="Contracts" focused />
      )}
      <TextField
        label="Description"
        hint="What it is about, for you and others who use it."
        value={description}
        onChange={setDescription}
        maxLength={2000}
        rows={3}
        focused={kb?.isDefault === true}
      />
      {problem === null ? null : <LiveProblem problem={problem} />}
    </FormDialog>
  );
}

/** What goes with it: "12 documents with 340 passages (4.2 MB) and 1 source go with it." */
function whatGoes(kb: KnowledgeBase): string {
  if (kb.documents === 0 && kb.sources === 0) return 'It is empty: nothing but the name goes.';
  const parts = [
    kb.documents === 0
      ? null
      : `${count(kb.documents, 'document')} with ${count(kb.chunks, 'passage')} (${formatBytes(kb.bytes)})`,
    kb.sources === 0 ? null : count(kb.sources, 'source'),
  ].filter((part) => part !== null);
  return `${parts.join(' and ')} will be deleted with it, for good. None of it is found from then on. Your own files, folders and pages stay where they are.`;
}

export function KbDelete({
  kb,
  open,
  onClose,
}: {
  readonly kb: KnowledgeBase;
  readonly open: boolean;
  readonly onClose: () => void;
}): ReactNode {
  const [typed, setTyped] = useState('');
  const proof = kb.documents > 0;
  return (
    <Confirm
      open={open}
      title={`Delete “${markHidden(kb.name)}”?`}
      text={whatGoes(kb)}
      action="Delete"
      ready={!proof || typed === kb.name}
      onConfirm={() => void perform('knowledge', 'kb.delete', { id: kb.id })}
      onClose={() => {
        setTyped('');
        onClose();
      }}
    >
      {proof ? <TypedProof word={kb.name} value={typed} onChange={setTyped} /> : null}
    </Confirm>
  );
}
