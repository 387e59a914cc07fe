/** What n8n does for the stack: each workflow with its runs, a way to run it now, and the way to the editor. */
import { ExternalLink, KeyRound, Play, Power, Workflow as WorkflowIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Workflow, Workflows } from '../../../shared/model/workflows.ts';
import { perform, useActions } from '../../app/actions.ts';
import { AreaProblem } from '../../app/area-problem.tsx';
import { useStream } from '../../app/bridge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useLive, useRunningOperation } from '../../app/live-store.ts';
import { goSettings, showLogs } from '../../app/navigation.ts';
import { EngineMissing, PageLoading, StackMissing, useGround } from '../../app/page-states.tsx';
import { ApplyNow } from '../../parts/capabilities/apply-now.tsx';
import { capabilityWords } from '../../parts/capabilities/capability-words.ts';
import { useCapabilities } from '../../parts/capabilities/use-capabilities.ts';
import { announce } from '../../ui/announce.ts';
import { EmptyState, Hero, PageBody } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { formatAgo } from '../../ui/format.ts';
import { markHidden } from '../../ui/plain-text.ts';
import { Status } from '../../ui/status.tsx';
import { useNow } from '../../ui/use-now.ts';
import { lastRunSaid, runsWords } from './workflow-words.ts';
import css from './workflows-page.module.css';

async function copyPassword(): Promise<void> {
  const answer = await perform('workflows', 'workflows.copyPassword', {});
  if (answer.ok) announce(`The password of ${answer.value.user} is on the clipboard`);
}

function Entry({ workflow, possible }: { readonly workflow: Workflow; readonly possible: boolean }): ReactNode {
  const now = useNow();
  const pending = useActions((state) => state.pending.has('workflows'));
  const { lastRun } = workflow;
  const said = lastRunSaid(workflow);
  return (
    <li className={css.workflow} aria-label={workflow.name}>
      <div className={css.words}>
        <h3>{markHidden(workflow.name)}</h3>
        <p className={css.summary}>{markHidden(workflow.summary)}</p>
        {lastRun?.message == null || lastRun.status !== 'error' ? null : (
          <p className={css.message}>{markHidden(lastRun.message)}</p>
        )}
      </div>
      <div className={css.last}>
        <Status said={said} />
        <p>
          {lastRun === null ? runsWords(workflow.runs) : `${formatAgo(lastRun.atMs, now)}, ${runsWords(workflow.runs)}`}
        </p>
      </div>
      <Button
        icon={Play}
        aria-label={`Run ${workflow.name} now`}
        disabled={!possible || pending || !workflow.active || lastRun?.status === 'running'}
        title={workflow.active ? undefined : 'It is not published in n8n'}
        onClick={() => void perform('workflows', 'workflows.run', { key: workflow.key })}
      >
        Run now
      </Button>
    </li>
  );
}

/** Explains what it would be, and switches it on. */
function Off(): ReactNode {
  const { list, problem, retry, set } = useCapabilities();
  const chosen = list?.find((one) => one.name === 'n8n')?.on === true;
  const running = useRunningOperation(null);
  const { purpose, cost } = capabilityWords.n8n;
  return (
    <PageBody>
      <EmptyState
        icon={WorkflowIcon}
        title={chosen ? 'Workflows begin with the next start' : 'Workflows are off'}
        text={
          <>
            {purpose}
            <span className={css.cost}>{cost}</span>
          </>
        }
      >
        {chosen ? (
          <ApplyNow label="Start them now" />
        ) : (
          <Button
            kind="primary"
            icon={Power}
            disabled={list === null || running !== null}
            onClick={() => void set('n8n', true)}
          >
            Switch workflows on
          </Button>
        )}
        <Button onClick={() => goSettings('parts')}>See all optional parts</Button>
      </EmptyState>
      <div className={css.narrow}>
        {problem === null ? null : <LiveProblem problem={problem} retry={retry} />}
        <AreaProblem area="stack" kinds={['start']} />
      </div>
    </PageBody>
  );
}

function Running({ workflows }: { readonly workflows: Workflows }): ReactNode {
  const stopped = workflows.state === 'stopped';
  return (
    <PageBody>
      <div className={css.page}>
        <Hero label="n8n" className={css.hero}>
          <div className={css.words}>
            <Status
              pill
              label="n8n"
              said={stopped ? { word: 'Not answering', tone: 'warn' } : { word: 'Running', tone: 'good' }}
            />
            <h2>{stopped ? 'n8n does not answer' : 'n8n works beside the stack'}</h2>
            <p>
              {stopped
                ? 'Adding documents, synchronising and chat go on without it. Only what the clock or a webhook begins waits.'
                : 'It begins things by the clock and by webhook. Everything you do here works without it too.'}
            </p>
          </div>
          <div className={css.tools}>
            {stopped ? (
              <>
                <ApplyNow label="Start it again" />
                <Button onClick={() => showLogs(null, 'n8n')}>See its log lines</Button>
              </>
            ) : (
              <>
                <Button
                  kind="primary"
                  icon={ExternalLink}
                  disabled={workflows.editorUrl === null}
                  title={workflows.editorUrl ?? undefined}
                  onClick={() => void perform('workflows', 'workflows.openEditor', {})}
                >
                  Open the editor
                </Button>
                <Button icon={KeyRound} onClick={() => void copyPassword()}>
                  Copy its password
                </Button>
              </>
            )}
          </div>
        </Hero>
        <AreaProblem area="workflows" />
        <AreaProblem area="stack" kinds={['start']} />
        {workflows.items.length === 0 ? (
          <EmptyState
            compact
            icon={WorkflowIcon}
            title="No workflows yet"
            text="They appear once n8n has been asked."
          />
        ) : (
          <ul className={css.list} aria-label="Workflows">
            {workflows.items.map((workflow) => (
              <Entry key={workflow.key} workflow={workflow} possible={!stopped} />
            ))}
          </ul>
        )}
      </div>
    </PageBody>
  );
}

export function WorkflowsPage(): ReactNode {
  const ground = useGround();
  const engine = useLive((state) => state.engine);
  const { item, problem, retry } = useStream('workflows.watch', {}, ground === 'ready' || ground === 'no-stack');
  if (ground === 'no-engine') return <EngineMissing engine={engine} />;
  if (ground === 'loading') return <PageLoading label="Looking at your stack" />;
  if (item?.state === 'off') return <Off />;
  if (ground === 'no-stack') return <StackMissing purpose="Start it, and its workflows run with it." />;
  if (item === null && problem !== null) {
    return (
      <PageBody>
        <LiveProblem problem={problem} retry={retry} />
      </PageBody>
    );
  }
  return item === null ? <PageLoading label="Looking for workflows" /> : <Running workflows={item} />;
}
