/** "Users and keys": people who sign in, keys for programs, and how a program asks with one. */
import type { ReactNode } from 'react';
import { LiveProblem } from '../../app/live-problem.tsx';
import { backendReady, useLive } from '../../app/live-store.ts';
import { Card, Skeleton } from '../../ui/blocks.tsx';
import { KeysCard } from './keys-card.tsx';
import { OpenAiCard } from './openai-card.tsx';
import css from './settings.module.css';
import { useAccounts } from './use-accounts.ts';
import { UsersCard } from './users-card.tsx';

export function AccessSection(): ReactNode {
  const ready = useLive((state) => backendReady(state.stack));
  const { users, keys, problem, load } = useAccounts(ready);
  if (!ready) {
    return (
      <Card title="Users and keys">
        <p className={css.rowText}>
          These can be seen and changed while the stack runs: it is the backend that keeps them.
        </p>
      </Card>
    );
  }
  if (users === null || keys === null) {
    return problem === null ? (
      <>
        <Skeleton height={160} label="Asking who may use the stack" />
        <Skeleton height={160} />
      </>
    ) : (
      <LiveProblem problem={problem} retry={() => void load()} />
    );
  }
  return (
    <>
      {problem === null ? null : <LiveProblem problem={problem} retry={() => void load()} quiet />}
      <KeysCard keys={keys} load={load} />
      <OpenAiCard />
      <UsersCard users={users} load={load} />
    </>
  );
}
