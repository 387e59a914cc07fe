/** Making a key, and telling its secret once: it lives in this dialog and is gone with it. */
import { type ReactNode, type RefObject, useState } from 'react';
import { type KeyScope, keyScopes } from '../../../shared/model/accounts.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useCall } from '../../app/use-call.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { SelectField, TextField } from '../../ui/field.tsx';
import { FormDialog, Notice } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import css from './access.module.css';
import { type Expiry, expiryChoices, scopeWords } from './access-words.ts';

function Scopes({
  chosen,
  onChange,
}: {
  readonly chosen: readonly KeyScope[];
  readonly onChange: (chosen: readonly KeyScope[]) => void;
}): ReactNode {
  return (
    <fieldset className={css.scopes}>
      <legend>What it may do</legend>
      {keyScopes.map((scope) => (
        <label key={scope}>
          <input
            type="checkbox"
            checked={chosen.includes(scope)}
            onChange={({ target }) =>
              onChange(target.checked ? [...chosen, scope] : chosen.filter((one) => one !== scope))
            }
          />
          <span>
            {`${scopeWords[scope].title} `}
            <small>{scopeWords[scope].text}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** `onMade` is called as soon as there is one, `onClose` when all is told. */
export function KeyForm({
  onMade,
  returnTo,
  onClose,
}: {
  readonly onMade: () => Promise<void>;
  /** What takes the focus at the end: the form that had it is gone by then. */
  readonly returnTo: RefObject<HTMLElement | null>;
  readonly onClose: () => void;
}): ReactNode {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly KeyScope[]>(['search:read', 'chat:use']);
  const [expiry, setExpiry] = useState<Expiry>('365');
  const [secret, setSecret] = useState<string | null>(null);
  const { busy, problem, run } = useCall();
  if (secret !== null) {
    return (
      <Notice
        open
        title={`The key “${markHidden(name.trim())}”`}
        text="Copy it now: it is not shown again. Keep it as you keep a password."
        returnTo={returnTo}
        onClose={onClose}
      >
        <div className={css.secret}>
          <CodeBlock title="Key" text={secret} copyLabel="Copy the key" />
        </div>
      </Notice>
    );
  }
  const make = async (): Promise<boolean> => {
    const answer = await run('keys.create', {
      name,
      scopes: [...scopes],
      expiresInDays: expiry === '' ? null : Number(expiry),
    });
    if (!answer.ok) return false;
    setSecret(answer.value.secret);
    void onMade();
    // The dialog goes on with the secret.
    return false;
  };
  return (
    <FormDialog
      open
      title="New key"
      action="Make the key"
      ready={name.trim() !== '' && scopes.length > 0}
      busy={busy}
      onSubmit={make}
      onClose={onClose}
    >
      <TextField
        label="Name"
        hint="What will use it, so that you know it again."
        value={name}
        onChange={setName}
        maxLength={100}
        placeholder="Editor plug-in"
        focused
      />
      <Scopes chosen={scopes} onChange={setScopes} />
      <SelectField label="Holds for" value={expiry} options={expiryChoices} onChange={setExpiry} />
      {problem === null ? null : <LiveProblem problem={problem} />}
    </FormDialog>
  );
}
