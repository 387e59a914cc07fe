/** Keys by which programs use the stack: what each may do, when it was last used, and the way to end it. */
import { KeyRound, Plus } from 'lucide-react';
import { type ReactNode, useRef, useState } from 'react';
import type { ApiKey } from '../../../shared/model/accounts.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useCall } from '../../app/use-call.ts';
import { announce } from '../../ui/announce.ts';
import { Card, EmptyState } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { Status } from '../../ui/status.tsx';
import { useNow } from '../../ui/use-now.ts';
import css from './access.module.css';
import { endedSaid, keyFacts, mayWords } from './access-words.ts';
import { KeyForm } from './key-form.tsx';

export function KeysCard({
  keys,
  load,
}: {
  readonly keys: readonly ApiKey[];
  readonly load: () => Promise<void>;
}): ReactNode {
  const now = useNow();
  const newKey = useRef<HTMLButtonElement>(null);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const { busy, problem, run } = useCall();
  const revoke = async ({ id, name }: ApiKey): Promise<void> => {
    const answer = await run('keys.revoke', { id });
    if (answer.ok) announce(`${name} opens nothing any more`);
    await load();
  };
  return (
    <Card
      title="Keys for programs"
      flush
      action={
        <Button ref={newKey} size="sm" icon={Plus} onClick={() => setMaking(true)}>
          New key
        </Button>
      }
    >
      {problem === null ? null : (
        <div className={css.problem}>
          <LiveProblem problem={problem} />
        </div>
      )}
      {keys.length === 0 ? (
        <EmptyState
          compact
          icon={KeyRound}
          title="No keys yet"
          text="A program that asks or searches your documents, or adds some, needs a key. It does what you allow, in your name."
        />
      ) : (
        <ul className={css.list} aria-label="Keys">
          {keys.map((key) => {
            const ended = endedSaid(key, now);
            return (
              <li key={key.id} aria-label={markHidden(key.name)}>
                <div className={css.words}>
                  <p className={css.title}>
                    {markHidden(key.name)} <code>{`…${key.last4}`}</code>
                    {ended === null ? null : <Status said={ended} />}
                  </p>
                  <p className={css.text}>{mayWords(key.scopes)}</p>
                  <p className={css.facts}>{keyFacts(key, now)}</p>
                </div>
                <Button
                  size="sm"
                  disabled={busy}
                  aria-label={`Revoke ${markHidden(key.name)}`}
                  onClick={() => setRevoking(key)}
                >
                  Revoke
                </Button>
              </li>
            );
          })}
        </ul>
      )}
      {making ? <KeyForm onMade={load} returnTo={newKey} onClose={() => setMaking(false)} /> : null}
      {revoking === null ? null : (
        <Confirm
          open
          title={`Revoke “${markHidden(revoking.name)}”?`}
          text="Whatever program uses it is refused from then on. A revoked key cannot be brought back; a new one can be made."
          action="Revoke"
          onConfirm={() => void revoke(revoking)}
          onClose={() => setRevoking(null)}
        />
      )}
    </Card>
  );
}
