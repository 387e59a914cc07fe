/** The question before containers go; the data goes only when the project's name was typed. */
import { type ReactNode, useState } from 'react';
import { areaOf, perform } from '../../app/actions.ts';
import { Confirm } from '../../ui/overlay.tsx';
import { TypedProof } from '../../ui/typed-proof.tsx';
import css from './remove-dialog.module.css';

export function RemoveDialog({
  id,
  open,
  onClose,
}: {
  readonly id: string;
  readonly open: boolean;
  readonly onClose: () => void;
}): ReactNode {
  const [data, setData] = useState(false);
  const [typed, setTyped] = useState('');
  const close = (): void => {
    setData(false);
    setTyped('');
    onClose();
  };
  return (
    <Confirm
      open={open}
      title={`Remove ${id}?`}
      text="Its containers and networks are removed. The compose files stay where they are, and so does the data in its volumes unless you say otherwise."
      action={data ? 'Remove with all data' : 'Remove'}
      ready={!data || typed === id}
      onConfirm={() => void perform(areaOf(id), 'stack.remove', data ? { stack: id, volumes: true } : { stack: id })}
      onClose={close}
    >
      <label className={css.choice}>
        <input type="checkbox" checked={data} onChange={(event) => setData(event.target.checked)} />
        Also delete the data in its volumes, for good
      </label>
      {data ? <TypedProof word={id} value={typed} onChange={setTyped} /> : null}
    </Confirm>
  );
}
