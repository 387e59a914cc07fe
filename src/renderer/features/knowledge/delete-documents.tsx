/** The question before documents go: how many, and how many passages can no longer be found. */
import { type ReactNode, useState } from 'react';
import type { DocumentInfo } from '../../../shared/model/chat.ts';
import { count } from '../../ui/format.ts';
import { Confirm } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { forEach } from './bulk.ts';

/** Nothing is asked while `documents` is empty. */
export function DeleteDocuments({
  documents,
  onDeleted,
  onClose,
}: {
  readonly documents: readonly DocumentInfo[];
  readonly onDeleted: () => void;
  readonly onClose: () => void;
}): ReactNode {
  const [last, setLast] = useState(documents);
  // Keeps the words while the dialog fades.
  if (documents.length > 0 && documents !== last) setLast(documents);
  const [only] = last;
  const passages = last.reduce((sum, { chunks }) => sum + chunks, 0);
  const what = last.length === 1 ? `“${markHidden(only?.title ?? '')}”` : count(last.length, 'document');
  const them = last.length === 1 ? 'Its' : 'Their';
  return (
    <Confirm
      open={documents.length > 0}
      title={`Delete ${what}?`}
      text={`${passages === 0 ? '' : `${them} ${count(passages, 'passage')} can no longer be found from then on. `}The ${
        last.length === 1 ? 'file' : 'files'
      } on your disk ${last.length === 1 ? 'stays where it is' : 'stay where they are'}.`}
      action="Delete"
      onConfirm={() => {
        void forEach(
          'documents.delete',
          last.map(({ id }) => id),
        );
        onDeleted();
      }}
      onClose={onClose}
    />
  );
}
