/** Files on their way in, and those that were refused. */
import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Operation, OperationStep } from '../../../shared/model/operation.ts';
import { dismissOperation } from '../../app/actions.ts';
import { ProgressBar } from '../../ui/blocks.tsx';
import { IconButton } from '../../ui/button.tsx';
import { count } from '../../ui/format.ts';
import { markHidden } from '../../ui/plain-text.ts';
import { ToneIcon } from '../../ui/status.tsx';
import { stepSaid } from '../../ui/words.ts';
import css from './ingesting.module.css';

function IngestFile({ step }: { readonly step: OperationStep }): ReactNode {
  const said = stepSaid(step.state);
  const { progress } = step;
  const share =
    progress === null || progress.total === null || progress.total === 0 ? null : progress.done / progress.total;
  return (
    <li className={css.file}>
      <ToneIcon tone={said.tone} size={14} />
      <span className={css.fileWords}>
        <span className={css.fileName}>{markHidden(step.label)}</span>
        <span className={css.fileDetail}>{step.problem?.cause ?? step.detail ?? said.word}</span>
        {step.state === 'running' ? <ProgressBar value={share} label={step.label} /> : null}
      </span>
    </li>
  );
}

/** One ingest: its files that are not done yet, with the reason of each that was refused. */
export function Ingesting({ operation }: { readonly operation: Operation }): ReactNode {
  const open = operation.steps.filter((step) => step.state !== 'done');
  const shown = open.slice(0, 20);
  return (
    <section className={css.ingest} aria-label="Being added">
      <header className={css.ingestHead}>
        <h3>{operation.title}</h3>
        {operation.state === 'running' ? null : (
          <IconButton size="sm" icon={X} label="Dismiss" onClick={() => dismissOperation(operation.id)} />
        )}
      </header>
      <ul>
        {shown.map((step) => (
          <IngestFile key={step.id} step={step} />
        ))}
      </ul>
      {open.length > shown.length ? (
        <p className={css.fileDetail}>{`and ${count(open.length - shown.length, 'more file')}`}</p>
      ) : null}
    </section>
  );
}
