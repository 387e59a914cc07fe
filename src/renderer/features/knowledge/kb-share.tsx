/** Sharing a knowledge base: whom it is shared with, what they may do with it, and who else it can be shared with. */
import { UserMinus, UserPlus } from 'lucide-react';
import { type ReactNode, useRef, useState } from 'react';
import { type User, userTitle } from '../../../shared/model/accounts.ts';
import type { KnowledgeBase, Member } from '../../../shared/model/knowledge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { goSettings } from '../../app/navigation.ts';
import { announce } from '../../ui/announce.ts';
import { Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { SelectField } from '../../ui/field.tsx';
import { DirectDialog } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { Status } from '../../ui/status.tsx';
import css from './kb-share.module.css';
import { useSharing } from './use-sharing.ts';

type Access = Member['access'];
const mayOptions = [
  { value: 'read', label: 'May read' },
  { value: 'write', label: 'May read and change' },
] as const satisfies readonly { value: Access; label: string }[];

const titleOf = (who: Pick<User, 'name' | 'email'>): string => markHidden(userTitle(who));
/** With the address, where the name alone could mean two people. */
function fullTitle(who: Pick<User, 'name' | 'email'>): string {
  return who.email === null || who.name === '' || who.name === who.email
    ? titleOf(who)
    : `${titleOf(who)} (${markHidden(who.email)})`;
}

export function KbShare({
  kb,
  open,
  onClose,
}: {
  readonly kb: KnowledgeBase;
  readonly open: boolean;
  readonly onClose: () => void;
}): ReactNode {
  return (
    <DirectDialog
      open={open}
      title={`Share “${markHidden(kb.name)}”`}
      text="Those you share it with find it among their own. Changes hold at once."
      onClose={onClose}
    >
      <OpenShare kb={kb} onClose={onClose} />
    </DirectDialog>
  );
}

/** In a small window what it tells could be below the edge. */
const showUp = (node: HTMLElement | null): void => node?.scrollIntoView({ block: 'nearest' });

/** Why there is nobody left to choose. */
function whyNobody(others: readonly User[], members: readonly Member[]): string {
  if (others.length === 0) return 'There is nobody to share it with: only you use this stack so far.';
  return members.length === 0
    ? 'There is nobody to share it with: none of the others may sign in.'
    : 'It is shared with everybody who may sign in.';
}

function OpenShare({ kb, onClose }: { readonly kb: KnowledgeBase; readonly onClose: () => void }): ReactNode {
  const { members, others, problem, retry, change } = useSharing(kb.id);
  const list = useRef<HTMLElement>(null);
  const told = problem === null ? null : <LiveProblem problem={problem} retry={retry} />;
  if (members === null) return told ?? <Skeleton height={96} label="Asking whom it is shared with" />;

  const share = async (userId: string, title: string, access: Access): Promise<boolean> => {
    const done = await change({ userId, access });
    if (done) announce(`${title} ${access === 'read' ? 'may read it' : 'may read and change it'}`);
    return done;
  };
  const stop = async (userId: string, title: string): Promise<void> => {
    if (!(await change({ userId, access: null }))) return;
    announce(`No longer shared with ${title}`);
    // The button went with its row.
    list.current?.focus();
  };
  const add = async (user: User, access: Access): Promise<boolean> => {
    const done = await share(user.id, titleOf(user), access);
    // The form goes with the last person to choose.
    if (done) list.current?.focus();
    return done;
  };
  const left = others.filter(({ id, disabled }) => !disabled && members.every(({ userId }) => userId !== id));
  return (
    <>
      <section ref={list} tabIndex={-1} aria-label="Shared with" className={css.shared}>
        {members.length === 0 ? (
          <p className={css.none}>It is shared with nobody yet.</p>
        ) : (
          <ul className={css.list}>
            {members.map((member) => (
              <Row
                key={member.userId}
                member={member}
                disabled={others.some(({ id, disabled }) => disabled && id === member.userId)}
                onChange={(access) => void share(member.userId, titleOf(member), access)}
                onStop={() => void stop(member.userId, titleOf(member))}
              />
            ))}
          </ul>
        )}
      </section>
      {left.length > 0 ? (
        <Add people={left} onShare={add} />
      ) : (
        <div className={css.nobody}>
          <p>{whyNobody(others, members)}</p>
          <Button
            icon={UserPlus}
            onClick={() => {
              onClose();
              goSettings('access');
            }}
          >
            Add people in Settings
          </Button>
        </div>
      )}
      {told === null ? null : (
        <div ref={showUp} className={css.problem}>
          {told}
        </div>
      )}
    </>
  );
}

function Row({
  member,
  disabled,
  onChange,
  onStop,
}: {
  readonly member: Member;
  /** May not sign in at present. */
  readonly disabled: boolean;
  readonly onChange: (access: Access) => void;
  readonly onStop: () => void;
}): ReactNode {
  const title = titleOf(member);
  return (
    <li aria-label={title}>
      <div className={css.words}>
        <p className={css.title}>
          {title} {disabled ? <Status said={{ word: 'May not sign in', tone: 'warn' }} /> : null}
        </p>
        {member.email === null || member.email === userTitle(member) ? null : (
          <p className={css.email}>{markHidden(member.email)}</p>
        )}
      </div>
      <select
        className={css.may}
        aria-label={`What ${title} may do`}
        value={member.access}
        onChange={(event) => {
          const chosen = mayOptions.find(({ value }) => value === event.target.value);
          if (chosen !== undefined) onChange(chosen.value);
        }}
      >
        {mayOptions.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <Button size="sm" kind="quiet" icon={UserMinus} aria-label={`Stop sharing with ${title}`} onClick={onStop}>
        Stop sharing
      </Button>
    </li>
  );
}

function Add({
  people,
  onShare,
}: {
  readonly people: readonly User[];
  readonly onShare: (who: User, access: Access) => Promise<boolean>;
}): ReactNode {
  const [chosen, setChosen] = useState('');
  const [access, setAccess] = useState<Access>('read');
  const who = people.find(({ id }) => id === chosen);
  return (
    <form
      className={css.add}
      aria-label="Share it with somebody else"
      onSubmit={(event) => {
        event.preventDefault();
        if (who !== undefined) void onShare(who, access).then((done) => (done ? setChosen('') : undefined));
      }}
    >
      <SelectField
        label="Share with"
        value={who?.id ?? ''}
        options={[
          { value: '', label: 'Choose somebody' },
          ...people.map((user) => ({ value: user.id, label: fullTitle(user) })),
        ]}
        onChange={setChosen}
      />
      <SelectField label="What they may do" value={access} options={mayOptions} onChange={setAccess} />
      <Button type="submit" icon={UserPlus} disabled={who === undefined}>
        Share
      </Button>
    </form>
  );
}
