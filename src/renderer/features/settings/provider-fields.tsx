/** Address, model, key and window of a service. The key goes in and never comes back. */
import { ListChecks } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { formatBytes } from '../../../shared/model/bytes.ts';
import type { Problem } from '../../../shared/model/problem.ts';
import type { ModelInfo, Provider } from '../../../shared/model/providers.ts';
import { call } from '../../app/bridge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { Button } from '../../ui/button.tsx';
import { count } from '../../ui/format.ts';
import { markHidden } from '../../ui/plain-text.ts';
import { Row } from './fields.tsx';
import { type Draft, providerWords } from './provider-words.ts';
import css from './settings.module.css';

const mostModels = 200;

/** The models that the service has, to choose from; typing narrows them down. */
function ModelList({
  models,
  typed,
  onChoose,
}: {
  readonly models: readonly ModelInfo[];
  readonly typed: string;
  readonly onChoose: (id: string) => void;
}): ReactNode {
  const exact = models.some((model) => model.id === typed);
  const shown = models.filter((model) => exact || model.id.toLowerCase().includes(typed.trim().toLowerCase()));
  return (
    <ul className={css.models} aria-label="Models of the service">
      {shown.slice(0, mostModels).map((model) => (
        <li key={model.id}>
          <button type="button" aria-pressed={model.id === typed} onClick={() => onChoose(model.id)}>
            <span className={css.modelName}>{markHidden(model.id)}</span>
            <span className={css.modelFacts}>
              {[
                model.contextTokens === null ? null : `${model.contextTokens.toLocaleString('en')} tokens`,
                model.bytes === null ? null : formatBytes(model.bytes),
              ]
                .filter((part) => part !== null)
                .join(', ')}
            </span>
          </button>
        </li>
      ))}
      {shown.length === 0 ? <li className={css.rowText}>None of them is called that.</li> : null}
    </ul>
  );
}

function Model({ provider, draft, onDraft }: FieldProps): ReactNode {
  const [models, setModels] = useState<readonly ModelInfo[] | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [asking, setAsking] = useState(false);
  const look = async (): Promise<void> => {
    setAsking(true);
    const answer = await call('providers.models', { name: provider.name });
    setAsking(false);
    setProblem(answer.ok ? null : answer.problem);
    setModels(answer.ok ? answer.value.models : null);
  };
  return (
    <>
      <Row
        title="Model"
        text={
          models === null
            ? 'Its name, as the service knows it.'
            : `${count(models.length, 'model')} there: choose one, or type.`
        }
      >
        <div className={css.inline}>
          <input
            type="text"
            className={css.input}
            aria-label="Model"
            placeholder={providerWords[provider.name].model ?? ''}
            spellCheck={false}
            maxLength={200}
            value={draft.model}
            onChange={(event) => onDraft({ ...draft, model: event.target.value })}
          />
          <Button
            icon={ListChecks}
            disabled={asking || !provider.configured}
            title={provider.configured ? undefined : 'Save the address first'}
            onClick={() => void look()}
          >
            {asking ? 'Asking' : 'See its models'}
          </Button>
        </div>
      </Row>
      {problem === null ? null : (
        <LiveProblem problem={problem} retry={() => void look()} onDismiss={() => setProblem(null)} quiet />
      )}
      {models === null ? null : (
        <ModelList models={models} typed={draft.model} onChoose={(model) => onDraft({ ...draft, model })} />
      )}
    </>
  );
}

function Key({ provider, draft, onDraft }: FieldProps): ReactNode {
  const [replacing, setReplacing] = useState(false);
  const stored = provider.hasKey && draft.key !== null;
  const ends = provider.keyLast4 === null ? '' : `, ends in …${provider.keyLast4}`;
  if (stored && !replacing) {
    return (
      <Row title="Key" text={`A key is stored${ends}. It is never shown again.`}>
        <div className={css.inline}>
          <Button onClick={() => setReplacing(true)}>Replace</Button>
          <Button onClick={() => onDraft({ ...draft, key: null })}>Remove</Button>
        </div>
      </Row>
    );
  }
  const removed = provider.hasKey && draft.key === null;
  return (
    <Row
      title="Key"
      text={
        removed
          ? 'The stored key is removed when you save.'
          : provider.name === 'anthropic'
            ? 'Stored sealed, never shown again.'
            : 'Stored sealed, never shown again. Leave empty if the service asks for none.'
      }
    >
      <div className={css.inline}>
        {removed ? null : (
          <input
            type="password"
            className={css.input}
            aria-label="Key"
            autoComplete="off"
            maxLength={500}
            value={draft.key ?? ''}
            onChange={(event) => onDraft({ ...draft, key: event.target.value })}
          />
        )}
        {removed || replacing ? (
          <Button
            onClick={() => {
              setReplacing(false);
              onDraft({ ...draft, key: '' });
            }}
          >
            Keep the stored one
          </Button>
        ) : null}
      </div>
    </Row>
  );
}

interface FieldProps {
  readonly provider: Provider;
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
}

export function ProviderFields(props: FieldProps): ReactNode {
  const { provider, draft, onDraft } = props;
  const words = providerWords[provider.name];
  return (
    <>
      {words.address === null ? null : (
        <Row
          title="Address"
          text="The base URL. host.docker.internal is this machine, seen from the stack; on Linux, what listens on 127.0.0.1 alone is not reached."
        >
          <input
            type="url"
            className={css.input}
            aria-label="Address"
            placeholder={words.address}
            spellCheck={false}
            maxLength={500}
            value={draft.baseUrl}
            onChange={(event) => onDraft({ ...draft, baseUrl: event.target.value })}
          />
        </Row>
      )}
      {words.model === null ? null : <Model {...props} />}
      {words.key ? <Key {...props} /> : null}
      {words.model === null ? null : (
        <Row title="Context window" text="In tokens. Leave empty to let the service tell.">
          <input
            type="text"
            inputMode="numeric"
            className={css.input}
            aria-label="Context window in tokens"
            placeholder="The service tells"
            maxLength={8}
            value={draft.contextTokens}
            onChange={(event) => onDraft({ ...draft, contextTokens: event.target.value })}
          />
        </Row>
      )}
    </>
  );
}
