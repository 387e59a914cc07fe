/** Forms that make a source: a folder of this machine, or a page on the web. */
import { FolderOpen } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { OfferedFile } from '../../../shared/contract/contract.ts';
import type { KnowledgeBase } from '../../../shared/model/knowledge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useCall } from '../../app/use-call.ts';
import { Button } from '../../ui/button.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { FormDialog } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import css from './source-add.module.css';
import { everyChoices, everyOf } from './source-words.ts';

interface Props {
  readonly kb: KnowledgeBase;
  readonly onClose: () => void;
}

export function AddFolder({ kb, onClose }: Props): ReactNode {
  const [folder, setFolder] = useState<OfferedFile | null>(null);
  const [every, setEvery] = useState('900');
  const { busy, problem, run } = useCall();
  const pick = async (): Promise<void> => {
    const answer = await run('sources.pickFolder', {});
    const [picked] = answer.ok ? answer.value.files : [];
    if (picked !== undefined) setFolder(picked);
  };
  return (
    <FormDialog
      open
      title="Keep up with a folder"
      text="The backend is given this one folder to read, and cannot change anything in it. For that it starts again, which takes a few seconds; an answer that is being written may break off."
      action="Add folder"
      ready={folder !== null}
      busy={busy}
      onSubmit={async () => {
        if (folder === null) return false;
        return (await run('sources.addFolder', { kb: kb.id, token: folder.token, everySeconds: everyOf(every) })).ok;
      }}
      onClose={onClose}
    >
      <div className={css.pick}>
        <Button icon={FolderOpen} disabled={busy} onClick={() => void pick()}>
          {folder === null ? 'Choose a folder' : 'Choose another'}
        </Button>
        <span className={css.picked}>{folder === null ? 'None chosen yet' : markHidden(folder.name)}</span>
      </div>
      <SelectField label="Look for changes" value={every} options={everyChoices(900)} onChange={setEvery} />
      {problem === null ? null : <LiveProblem problem={problem} />}
    </FormDialog>
  );
}

/** Only what a browser would open; the backend says more about addresses that it may not read. */
function looksLikePage(text: string): boolean {
  return /^https?:\/\/[^\s/]+/i.test(text.trim());
}

export function AddPage({ kb, onClose }: Props): ReactNode {
  const [url, setUrl] = useState('');
  const [every, setEvery] = useState('86400');
  const { busy, problem, run } = useCall();
  const wrong = url.trim() !== '' && !looksLikePage(url) && !'https://'.startsWith(url.trim());
  return (
    <FormDialog
      open
      title="Keep up with a page"
      text="The text of this one page is read in, and again when it changes. Pages that it links to are not followed."
      action="Add page"
      ready={looksLikePage(url)}
      busy={busy}
      onSubmit={async () =>
        (await run('sources.addPage', { kb: kb.id, url: url.trim(), everySeconds: everyOf(every) })).ok
      }
      onClose={onClose}
    >
      <TextField
        label="Address"
        error={wrong ? 'It begins with https:// or http://' : null}
        value={url}
        onChange={setUrl}
        maxLength={2000}
        placeholder="https://example.org/handbook"
        focused
      />
      <SelectField label="Look for changes" value={every} options={everyChoices(86_400)} onChange={setEvery} />
      {problem === null ? null : <LiveProblem problem={problem} />}
    </FormDialog>
  );
}
