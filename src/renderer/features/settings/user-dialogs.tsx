/** Adding somebody, another password for them, and the question before they go with all that is theirs. */
import { type ReactNode, useState } from 'react';
import { type User, userTitle } from '../../../shared/model/accounts.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useCall } from '../../app/use-call.ts';
import { announce } from '../../ui/announce.ts';
import { SelectField, TextField } from '../../ui/field.tsx';
import { Confirm, FormDialog } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { TypedProof } from '../../ui/typed-proof.tsx';
import { passwordFault, roleWords, shortestPassword } from './access-words.ts';

function Password({
  label,
  value,
  onChange,
  focused = false,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly focused?: boolean;
}): ReactNode {
  return (
    <TextField
      label={label}
      hint={`${shortestPassword} characters or more. Tell it to them yourself; it is not shown again.`}
      error={passwordFault(value)}
      value={value}
      onChange={onChange}
      maxLength={200}
      secret
      focused={focused}
    />
  );
}

export function NewUser({
  onDone,
  onClose,
}: {
  readonly onDone: () => Promise<void>;
  readonly onClose: () => void;
}): ReactNode {
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<User['role']>('user');
  const { busy, problem, run } = useCall();
  const typed = email.trim();
  const fits = /^[^\s@]+@[^\s@]+$/.test(typed);
  return (
    <FormDialog
      open
      title="Add somebody"
      action="Add"
      ready={fits && password.length >= shortestPassword}
      busy={busy}
      onSubmit={async () => {
        const shown = name.trim();
        const answer = await run('users.create', {
          email: typed,
          password,
          role,
          ...(shown === '' ? {} : { name: shown }),
        });
        if (!answer.ok) return false;
        announce(`${userTitle(answer.value)} may sign in`);
        await onDone();
        return true;
      }}
      onClose={onClose}
    >
      <TextField
        label="E-mail address"
        hint="They sign in with it; nothing is sent there."
        error={typed === '' || typed.includes('@') ? null : 'This is not an e-mail address yet'}
        value={email}
        onChange={setEmail}
        maxLength={254}
        placeholder="ada@example.org"
        focused
      />
      <TextField label="Name" hint="May be left empty." value={name} onChange={setName} maxLength={100} />
      <Password label="Password" value={password} onChange={setPassword} />
      <SelectField
        label="Role"
        hint={`${roleWords[role].text}.`}
        value={role}
        options={[
          { value: 'user', label: roleWords.user.title },
          { value: 'owner', label: roleWords.owner.title },
        ]}
        onChange={setRole}
      />
      {problem === null ? null : <LiveProblem problem={problem} />}
    </FormDialog>
  );
}

export function NewPassword({ user, onClose }: { readonly user: User; readonly onClose: () => void }): ReactNode {
  const [password, setPassword] = useState('');
  const { busy, problem, run } = useCall();
  return (
    <FormDialog
      open
      title={`Another password for ${markHidden(userTitle(user))}`}
      text="The one before opens nothing from then on, and they are signed out everywhere."
      action="Set it"
      ready={password.length >= shortestPassword}
      busy={busy}
      onSubmit={async () => {
        const answer = await run('users.change', { id: user.id, password });
        if (answer.ok) announce(`${userTitle(user)} has another password`);
        return answer.ok;
      }}
      onClose={onClose}
    >
      <Password label="New password" value={password} onChange={setPassword} focused />
      {problem === null ? null : <LiveProblem problem={problem} />}
    </FormDialog>
  );
}

export function RemoveUser({
  user,
  onConfirm,
  onClose,
}: {
  readonly user: User;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}): ReactNode {
  const [typed, setTyped] = useState('');
  const word = user.email ?? userTitle(user);
  return (
    <Confirm
      open
      title={`Remove ${markHidden(userTitle(user))}?`}
      text="Their conversations, keys, knowledge bases and documents go with them, for good. To keep those, stop them from signing in instead."
      action="Remove"
      ready={typed === word}
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <TypedProof word={word} value={typed} onChange={setTyped} />
    </Confirm>
  );
}
