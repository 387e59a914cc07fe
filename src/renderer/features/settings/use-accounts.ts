/** People and keys, read again now and then while the page is open: a key that is used says so. */
import { useCallback, useState } from 'react';
import type { ApiKey, User } from '../../../shared/model/accounts.ts';
import type { Problem } from '../../../shared/model/problem.ts';
import { call } from '../../app/bridge.ts';
import { useLookAgain } from '../../ui/use-look-again.ts';

const lookEveryMs = 15_000;

export interface AccountsView {
  /** null until they were read once. */
  readonly users: readonly User[] | null;
  readonly keys: readonly ApiKey[] | null;
  readonly problem: Problem | null;
  readonly load: () => Promise<void>;
}

export function useAccounts(enabled: boolean): AccountsView {
  const [users, setUsers] = useState<readonly User[] | null>(null);
  const [keys, setKeys] = useState<readonly ApiKey[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const load = useCallback(async (): Promise<void> => {
    const [people, programs] = await Promise.all([call('users.list', {}), call('keys.list', {})]);
    if (people.ok) setUsers(people.value.users);
    if (programs.ok) setKeys(programs.value.keys);
    setProblem(!people.ok ? people.problem : programs.ok ? null : programs.problem);
  }, []);
  useLookAgain(load, lookEveryMs, enabled);
  return { users, keys, problem, load };
}
