/** An answer's link, asked about before it is opened: answers are untrusted, and so is where they lead. */
import { type ReactNode, useState } from 'react';
import { perform } from '../../app/actions.ts';
import { Confirm } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import css from './link-dialog.module.css';

export function LinkDialog({ url, onClose }: { readonly url: string | null; readonly onClose: () => void }): ReactNode {
  const [last, setLast] = useState(url);
  // Keeps the words on screen while the dialog fades.
  if (url !== null && url !== last) setLast(url);
  const shown = url ?? last ?? '';
  const host = shown === '' ? '' : new URL(shown).host;
  return (
    <Confirm
      open={url !== null}
      title={`Open ${host} in your browser?`}
      text="This address was written in an answer. Open it only if you trust it."
      action="Open in browser"
      danger={false}
      onConfirm={() => void perform('chat', 'chat.openLink', { url: shown })}
      onClose={onClose}
    >
      <p className={css.address}>{markHidden(shown)}</p>
    </Confirm>
  );
}
