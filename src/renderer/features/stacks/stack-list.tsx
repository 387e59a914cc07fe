/** Every project the panel knows: the bundled stack, those opened, and those that only run on this engine. */
import { Anchor, Boxes, ChevronRight, FolderOpen, Play, Square } from 'lucide-react';
import type { ReactNode } from 'react';
import type { StackSummary } from '../../../shared/model/stacks.ts';
import { areaOf, naming, startStack, stopStack, useActions } from '../../app/actions.ts';
import { AreaProblem } from '../../app/area-problem.tsx';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useLive, useRunningOperation } from '../../app/live-store.ts';
import { go, goStack } from '../../app/navigation.ts';
import { underWay } from '../../parts/services/operation-progress.tsx';
import { EmptyState, PageBody, ProgressBar } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { operationFraction } from '../../ui/operation-progress.ts';
import { Status } from '../../ui/status.tsx';
import { stackSaid } from '../../ui/words.ts';
import { lookAgain, openPicked } from './open-project.ts';
import css from './stack-list.module.css';
import { containerWords, isUp, shortFiles } from './stack-words.ts';

const howToOpen = 'Open a compose file, or drop it (or its folder) anywhere on this page. Nothing is started by that.';

function OpenButton(): ReactNode {
  const pending = useActions((state) => state.pending.has('stacks'));
  return (
    <Button kind="primary" icon={FolderOpen} disabled={pending} onClick={() => void openPicked()}>
      Open a project
    </Button>
  );
}

function RowAction({ summary, stack }: { readonly summary: StackSummary; readonly stack: string | null }): ReactNode {
  const pending = useActions((state) => state.pending.has(areaOf(stack)));
  const operation = useRunningOperation(stack);
  if (summary.origin === 'engine') return <ChevronRight size={16} aria-hidden className={css.chevron} />;
  if (operation !== null) {
    return (
      <span className={css.working}>
        {underWay(operation)}
        <ProgressBar value={operationFraction(operation)} label={operation.title} />
      </span>
    );
  }
  return isUp(summary) ? (
    <Button
      icon={Square}
      disabled={pending || summary.status === 'stopping'}
      aria-label={`Stop ${summary.id}`}
      onClick={() => stopStack(naming(stack))}
    >
      Stop
    </Button>
  ) : (
    <Button
      icon={Play}
      disabled={pending || (summary.problem !== null && summary.containers === 0)}
      aria-label={`Start ${summary.id}`}
      onClick={() => startStack(naming(stack))}
    >
      Start
    </Button>
  );
}

function Row({ summary }: { readonly summary: StackSummary }): ReactNode {
  const { id, origin, files, problem } = summary;
  const stack = origin === 'bundled' ? null : id;
  const Icon = origin === 'bundled' ? Anchor : Boxes;
  return (
    <li className={css.item} aria-label={id}>
      <div className={css.row}>
        <span className={css.disc}>
          <Icon size={18} aria-hidden />
        </span>
        <div className={css.words}>
          <h3>
            <a
              className={css.link}
              href={stack === null ? '#/stack' : `#/stacks/${id}`}
              onClick={(event) => {
                event.preventDefault();
                if (stack === null) go('stack');
                else goStack(stack);
              }}
            >
              {id}
            </a>
            {origin === 'bundled' ? <span className={css.tag}>Bundled with Quayside</span> : null}
          </h3>
          <p className={css.facts}>
            <span>{containerWords(summary)}</span>
            <span className={css.files} title={files.join('\n')}>
              {shortFiles(files)}
            </span>
          </p>
        </div>
        <span className={css.status}>
          <Status said={stackSaid(summary.status)} pill />
        </span>
        <span className={css.action}>
          <RowAction summary={summary} stack={stack} />
        </span>
      </div>
      {problem === null ? null : (
        <div className={css.problem}>
          <LiveProblem problem={problem} stack={stack} retry={lookAgain} quiet />
        </div>
      )}
    </li>
  );
}

function Section({
  title,
  text,
  stacks,
}: {
  readonly title: string;
  readonly text: string;
  readonly stacks: readonly StackSummary[];
}): ReactNode {
  return (
    <section className={css.section} aria-label={title}>
      <h2>{title}</h2>
      <p className={css.about}>{text}</p>
      <ul className={css.list}>
        {stacks.map((summary) => (
          <Row key={summary.id} summary={summary} />
        ))}
      </ul>
    </section>
  );
}

export function StackList(): ReactNode {
  const stacks = useLive((state) => state.stacks) ?? [];
  const problem = useLive((state) => state.stacksProblem);
  const own = stacks.filter(({ origin }) => origin !== 'engine');
  const others = stacks.filter(({ origin }) => origin === 'engine');
  const opened = own.some(({ origin }) => origin === 'opened');
  return (
    <PageBody>
      <div className={css.page}>
        <header className={css.head}>
          <div>
            <h2>Any Compose project, the same way</h2>
            <p>Start, stop, preview, logs and figures, straight from a compose file.</p>
          </div>
          <OpenButton />
        </header>
        <AreaProblem area="stacks" />
        {problem === null ? null : <LiveProblem problem={problem} quiet />}
        {own.length === 0 ? null : (
          <Section title="Managed here" text="Quayside may start, stop and change these." stacks={own} />
        )}
        {opened ? null : others.length > 0 ? (
          <p className={css.hint}>
            <b>No other project is open yet.</b> {howToOpen}
          </p>
        ) : (
          <div className={css.none}>
            <EmptyState compact icon={FolderOpen} title="No other project is open yet" text={howToOpen} />
          </div>
        )}
        {others.length === 0 ? null : (
          <Section
            title="Also on this engine"
            text="Started by something else. You can look at them; nothing is changed until you choose to manage one."
            stacks={others}
          />
        )}
      </div>
    </PageBody>
  );
}
