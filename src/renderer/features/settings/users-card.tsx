/** People who may sign in at the backend: who they are, whether they may, and what can be changed about that. */
import { Ban, Check, KeyRound, MoreHorizontal, ShieldCheck, Trash2, UserPlus, UserRound } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { isPanelOwner, type User, type UserChange, userTitle } from '../../../shared/model/accounts.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useCall } from '../../app/use-call.ts';
import { announce } from '../../ui/announce.ts';
import { Card } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { ActionMenu } from '../../ui/menu.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { Status } from '../../ui/status.tsx';
import css from './access.module.css';
import { roleWords, userSaid } from './access-words.ts';
import { NewPassword, NewUser, RemoveUser } from './user-dialogs.tsx';

type Asked = { readonly what: 'password' | 'remove'; readonly user: User };

export function UsersCard({
  users,
  load,
}: {
  readonly users: readonly User[];
  readonly load: () => Promise<void>;
}): ReactNode {
  const [adding, setAdding] = useState(false);
  const [asked, setAsked] = useState<Asked | null>(null);
  const { busy, problem, run } = useCall();
  const change = async (to: UserChange, words: string): Promise<void> => {
    if ((await run('users.change', to)).ok) announce(words);
    await load();
  };
  const remove = async ({ id }: User, title: string): Promise<void> => {
    if ((await run('users.remove', { id })).ok) announce(`${title} is gone`);
    await load();
  };
  return (
    <Card
      title="People"
      flush
      action={
        <Button size="sm" icon={UserPlus} onClick={() => setAdding(true)}>
          Add somebody
        </Button>
      }
    >
      <p className={css.lead}>
        Each has knowledge bases and conversations of their own and signs in at the backend with e-mail address and
        password. Nobody sees what is somebody else’s, unless a knowledge base was shared with them.
      </p>
      {problem === null ? null : (
        <div className={css.problem}>
          <LiveProblem problem={problem} />
        </div>
      )}
      <ul className={css.list} aria-label="People">
        {users.map((user) => {
          const title = markHidden(userTitle(user));
          const { id, disabled, role } = user;
          return (
            <li key={id} aria-label={title}>
              <div className={css.words}>
                <p className={css.title}>
                  {title} <Status said={userSaid(user)} />
                </p>
                {user.email === null || user.email === userTitle(user) ? null : (
                  <p className={css.text}>{markHidden(user.email)}</p>
                )}
                <p className={css.facts}>{`${roleWords[role].title}. ${roleWords[role].text}.`}</p>
              </div>
              {isPanelOwner(user) ? null : (
                <ActionMenu
                  label={`Change ${title}`}
                  icon={MoreHorizontal}
                  actions={[
                    {
                      label: 'Set another password',
                      icon: KeyRound,
                      disabled: busy,
                      run: () => setAsked({ what: 'password', user }),
                    },
                    role === 'owner'
                      ? {
                          label: 'Make a user',
                          icon: UserRound,
                          disabled: busy,
                          run: () => void change({ id, role: 'user' }, `${title} is a user`),
                        }
                      : {
                          label: 'Make an owner',
                          icon: ShieldCheck,
                          disabled: busy,
                          run: () => void change({ id, role: 'owner' }, `${title} is an owner`),
                        },
                    disabled
                      ? {
                          label: 'Let sign in again',
                          icon: Check,
                          disabled: busy,
                          run: () => void change({ id, disabled: false }, `${title} may sign in again`),
                        }
                      : {
                          label: 'Stop from signing in',
                          icon: Ban,
                          disabled: busy,
                          run: () => void change({ id, disabled: true }, `${title} may not sign in any more`),
                        },
                    {
                      label: 'Remove',
                      icon: Trash2,
                      danger: true,
                      disabled: busy,
                      run: () => setAsked({ what: 'remove', user }),
                    },
                  ]}
                />
              )}
            </li>
          );
        })}
      </ul>
      {adding ? <NewUser onDone={load} onClose={() => setAdding(false)} /> : null}
      {asked?.what === 'password' ? <NewPassword user={asked.user} onClose={() => setAsked(null)} /> : null}
      {asked?.what === 'remove' ? (
        <RemoveUser
          user={asked.user}
          onConfirm={() => void remove(asked.user, userTitle(asked.user))}
          onClose={() => setAsked(null)}
        />
      ) : null}
    </Card>
  );
}
