/** Whom a knowledge base is shared with and who else there is: read when the dialog opens, and again after a refusal. */
import { useCallback, useEffect, useState } from 'react';
import { isPanelOwner, type User } from '../../../shared/model/accounts.ts';
import type { Member } from '../../../shared/model/knowledge.ts';
import type { Problem } from '../../../shared/model/problem.ts';
import { call } from '../../app/bridge.ts';
import { useCall } from '../../app/use-call.ts';

interface Change {
  readonly userId: string;
  /** null: none any more. */
  readonly access: Member['access'] | null;
}

export interface Sharing {
  /** null until they were read once. */
  readonly members: readonly Member[] | null;
  /** Everybody but the owner, whose the knowledge base is. */
  readonly others: readonly User[];
  /** Why the last change was refused, or why nothing could be read. */
  readonly problem: Problem | null;
  /** What met the problem, once more. */
  readonly retry: () => void;
  /** Whether it was done. One at a time: while one is under way, others are not taken. */
  readonly change: (to: Change) => Promise<boolean>;
}

export function useSharing(kb: string): Sharing {
  const [members, setMembers] = useState<readonly Member[] | null>(null);
  const [others, setOthers] = useState<readonly User[]>([]);
  const [unread, setUnread] = useState<Problem | null>(null);
  const [asked, setAsked] = useState<Change | null>(null);
  const { busy, problem, run } = useCall();
  const load = useCallback(async (): Promise<void> => {
    const [shared, people] = await Promise.all([call('kb.members', { kb }), call('users.list', {})]);
    if (people.ok) setOthers(people.value.users.filter((user) => !isPanelOwner(user)));
    if (shared.ok && people.ok) setMembers(shared.value.members);
    setUnread(!shared.ok ? shared.problem : people.ok ? null : people.problem);
  }, [kb]);
  useEffect(() => void load(), [load]);

  const change = async (to: Change): Promise<boolean> => {
    if (busy) return false;
    setAsked(to);
    const { userId, access } = to;
    // What was chosen stands at once, and falls back should it be refused.
    if (access !== null)
      setMembers((before) => before?.map((one) => (one.userId === userId ? { ...one, access } : one)) ?? null);
    const answer = await (access === null
      ? run('kb.unshare', { kb, userId })
      : run('kb.share', { kb, userId, access }));
    if (answer.ok) setMembers(answer.value.members);
    // It may rest on people who are gone.
    else await load();
    return answer.ok;
  };
  return {
    members,
    others,
    problem: problem ?? unread,
    retry: () => void (problem === null || asked === null ? load() : change(asked)),
    change,
  };
}
