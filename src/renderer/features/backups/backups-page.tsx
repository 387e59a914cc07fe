/** Backups: one button, what each archive holds, and proof that it is whole. */
import { Archive, FolderOpen, ShieldCheck, ShieldQuestion, ShieldX } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Backup } from '../../../shared/model/backup.ts';
import { formatBytes } from '../../../shared/model/bytes.ts';
import type { Operation } from '../../../shared/model/operation.ts';
import { backUpNow, cancelOperation, perform, useActions } from '../../app/actions.ts';
import { AreaProblem } from '../../app/area-problem.tsx';
import { useStream } from '../../app/bridge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { backendReady, useLive } from '../../app/live-store.ts';
import { useGround } from '../../app/page-states.tsx';
import { EmptyState, Hero, PageBody, ProgressBar, Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { count, formatAgo, formatDate, formatElapsed } from '../../ui/format.ts';
import { progressWords } from '../../ui/operation-progress.ts';
import { ToneIcon } from '../../ui/status.tsx';
import { useNow } from '../../ui/use-now.ts';
import { stepSaid } from '../../ui/words.ts';
import { backupFacts, entryGroups } from './backup-words.ts';
import css from './backups-page.module.css';

function Running({ operation }: { readonly operation: Operation }): ReactNode {
  const now = useNow();
  return (
    <section className={css.running} aria-label={operation.title}>
      <header>
        <h2>{operation.title}</h2>
        <time>{formatElapsed(now - operation.startedAtMs)}</time>
        {operation.cancellable ? (
          <Button size="sm" disabled={operation.cancelling} onClick={() => cancelOperation(operation.id)}>
            {operation.cancelling ? 'Cancelling' : 'Cancel'}
          </Button>
        ) : null}
      </header>
      <ol>
        {operation.steps.map((step) => {
          const known = step.progress !== null && step.progress.total !== null && step.progress.total > 0;
          return (
            <li key={step.id} data-state={step.state}>
              <ToneIcon tone={stepSaid(step.state).tone} />
              <span>
                {step.label}
                <span className="visually-hidden">: {stepSaid(step.state).word}</span>
              </span>
              <span className={css.detail}>{step.detail ?? progressWords(step.progress)}</span>
              <span className={css.stepBar}>
                {step.state === 'running' ? (
                  <ProgressBar
                    value={known ? (step.progress?.done ?? 0) / (step.progress?.total ?? 1) : null}
                    label={step.label}
                  />
                ) : null}
              </span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function Verified({ backup }: { readonly backup: Backup }): ReactNode {
  const now = useNow();
  const { verified } = backup;
  if (verified === null) {
    return (
      <span className={css.stamp}>
        <ShieldQuestion size={15} aria-hidden /> Not verified yet
      </span>
    );
  }
  const Icon = verified.ok ? ShieldCheck : ShieldX;
  return (
    <span className={cx(css.stamp, verified.ok ? css.good : css.bad)} title={verified.detail}>
      <Icon size={15} aria-hidden />
      {verified.ok ? `Verified ${formatAgo(verified.atMs, now)}` : `Damaged: ${verified.detail}`}
    </span>
  );
}

function Entry({ backup, busy }: { readonly backup: Backup; readonly busy: boolean }): ReactNode {
  const date = formatDate(backup.atMs);
  return (
    <li className={css.backup} aria-label={`Backup of ${date}`}>
      <span className={css.disc}>
        <Archive size={18} aria-hidden />
      </span>
      <div className={css.words}>
        <h3>{date}</h3>
        <p className={css.facts}>{backupFacts(backup)}</p>
        <Verified backup={backup} />
        <details className={css.more}>
          <summary>What is in it</summary>
          <table>
            <tbody>
              {entryGroups(backup).map((group) => (
                <tr key={group.title}>
                  <th scope="row">{group.title}</th>
                  <td>{group.words}</td>
                  <td>{formatBytes(group.bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {backup.notes.length === 0 ? null : (
            <>
              <p className={css.notesTitle}>What is not in it, and why</p>
              <ul className={css.notes}>
                {backup.notes.map((note) => (
                  <li key={note}>{note}</li>
                ))}
              </ul>
            </>
          )}
          <p className={css.file}>{backup.fileName}</p>
        </details>
      </div>
      <div className={css.actions}>
        <Button
          icon={ShieldCheck}
          disabled={busy}
          aria-label={`Verify the backup of ${date}`}
          onClick={() => void perform('backups', 'backup.verify', { id: backup.id })}
        >
          Verify
        </Button>
        <Button
          icon={FolderOpen}
          kind="quiet"
          aria-label={`Show the backup of ${date} in its folder`}
          onClick={() => void perform('backups', 'backup.reveal', { id: backup.id })}
        >
          Show in folder
        </Button>
      </div>
    </li>
  );
}

export function BackupsPage(): ReactNode {
  const ground = useGround();
  const { item, problem, retry } = useStream('backup.watch', {});
  const running = useLive((state) =>
    state.operations?.find((one) => one.state === 'running' && (one.kind === 'backup' || one.kind === 'verify')),
  );
  const up = useLive((state) => backendReady(state.stack));
  const pending = useActions((state) => state.pending.has('backups'));
  const possible = ground === 'ready' && up;
  return (
    <PageBody>
      <div className={css.page}>
        <Hero label="Back up" className={css.hero}>
          <div>
            <h2>Keep a copy of everything</h2>
            <p>
              {possible || running !== undefined
                ? 'One archive of the database, the vectors, the cache and the configuration, taken while the stack runs.'
                : 'The stack has to run for a backup: its services write their own data out.'}
            </p>
          </div>
          <Button
            size="lg"
            kind="primary"
            icon={Archive}
            disabled={!possible || pending || running !== undefined}
            onClick={backUpNow}
          >
            Back up now
          </Button>
        </Hero>
        <AreaProblem area="backups" kinds={['backup', 'verify']} />
        {running === undefined ? null : <Running operation={running} />}
        {problem !== null && item === null ? <LiveProblem problem={problem} retry={retry} /> : null}
        {item === null && problem === null ? (
          <div className={css.waiting}>
            <Skeleton height={92} label="Looking for backups" />
            <Skeleton height={92} />
          </div>
        ) : null}
        {item === null ? null : item.backups.length === 0 ? (
          <EmptyState
            icon={Archive}
            title="No backup yet"
            text="Every backup is one file. Copy it anywhere to keep it safe."
          />
        ) : (
          <>
            <header className={css.listHead}>
              <h2>{count(item.backups.length, 'backup')}</h2>
              <span className={css.folder} title={item.folder}>
                {item.folder}
              </span>
              <Button size="sm" icon={FolderOpen} onClick={() => void perform('backups', 'backup.reveal', {})}>
                Open folder
              </Button>
            </header>
            <ul className={css.list} aria-label="Backups">
              {item.backups.map((backup) => (
                <Entry key={backup.id} backup={backup} busy={running !== undefined} />
              ))}
            </ul>
          </>
        )}
      </div>
    </PageBody>
  );
}
