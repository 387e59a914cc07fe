/** Has the Ollama server fetch the model that was named, and shows how far that is. */
import { Download } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { Problem } from '../../../shared/model/problem.ts';
import { call } from '../../app/bridge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useLive } from '../../app/live-store.ts';
import { ProgressBar } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { operationFraction, progressWords } from '../../ui/operation-progress.ts';
import { operationSaid } from '../../ui/words.ts';
import { Row } from './fields.tsx';
import css from './settings.module.css';

export function OllamaPull({ model }: { readonly model: string }): ReactNode {
  const [started, setStarted] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const operation = useLive((state) => state.operations?.find((one) => one.id === started) ?? null);
  const running = operation?.state === 'running';
  const name = model.trim();
  const pull = async (): Promise<void> => {
    const answer = await call('providers.pull', { model: name });
    setProblem(answer.ok ? null : answer.problem);
    if (answer.ok) setStarted(answer.value.operationId);
  };
  const step = operation?.steps.find((one) => one.state === 'running') ?? operation?.steps.at(-1);
  const text =
    operation === null
      ? 'If the server does not have this model yet, it can fetch it.'
      : running
        ? (step?.detail ?? (progressWords(step?.progress ?? null) || 'The server fetches it.'))
        : `${operationSaid(operation.state).word}${operation.outcome === null ? '' : `: ${operation.outcome}`}`;
  return (
    <>
      <Row title="Fetch it" text={text}>
        <Button icon={Download} disabled={name === '' || running} onClick={() => void pull()}>
          {running ? 'Fetching' : 'Fetch this model'}
        </Button>
      </Row>
      {running ? <ProgressBar value={operationFraction(operation)} label={`Fetching ${name}`} /> : null}
      {problem === null && operation?.problem == null ? null : (
        <div className={css.under}>
          <LiveProblem
            problem={(problem ?? operation?.problem) as Problem}
            retry={() => void pull()}
            onDismiss={() => {
              setProblem(null);
              setStarted(null);
            }}
          />
        </div>
      )}
    </>
  );
}
