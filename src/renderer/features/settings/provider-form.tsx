/** Who writes answers: the embedded answerer, or a model behind an OpenAI-compatible address. The key goes in and never comes back. */
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import type { Problem } from '../../../shared/model/problem.ts';
import type { ProviderName, Providers } from '../../../shared/model/providers.ts';
import { call } from '../../app/bridge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { backendReady, useLive } from '../../app/live-store.ts';
import { announce } from '../../ui/announce.ts';
import { Card, Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { Choice } from '../../ui/choice.tsx';
import { Row } from './fields.tsx';
import css from './settings.module.css';

interface Draft {
  readonly active: ProviderName;
  readonly openaiBaseUrl: string;
  readonly openaiModel: string;
  readonly openaiKey: string;
}

const openaiOf = (stored: Providers) => stored.items.find(({ name }) => name === 'openai-compatible');

function draftOf(stored: Providers): Draft {
  const openai = openaiOf(stored);
  return {
    active: stored.active,
    openaiBaseUrl: openai?.baseUrl ?? '',
    openaiModel: openai?.model ?? '',
    openaiKey: '',
  };
}

/** What is missing before it can be saved, in words; null when nothing is. */
export function missingOf(draft: Draft): string | null {
  if (draft.active === 'embedded') return null;
  if (!/^https?:\/\/.+/.test(draft.openaiBaseUrl))
    return 'Give the address of the model, starting with http:// or https://';
  return draft.openaiModel.trim() === '' ? 'Give the name of the model' : null;
}

export function ProviderForm(): ReactNode {
  const ready = useLive((state) => backendReady(state.stack));
  const [stored, setStored] = useState<Providers | null>(null);
  const [draft, setDraft] = useState<Draft | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [saving, setSaving] = useState(false);

  const take = useCallback((value: Providers): void => {
    setStored(value);
    setDraft(draftOf(value));
  }, []);
  const load = useCallback(async (): Promise<void> => {
    const answer = await call('providers.get', {});
    setProblem(answer.ok ? null : answer.problem);
    if (answer.ok) take(answer.value);
  }, [take]);
  useEffect(() => {
    if (ready) void load();
  }, [ready, load]);

  const save = async (): Promise<void> => {
    if (draft === null) return;
    setSaving(true);
    const configured =
      draft.active === 'embedded'
        ? null
        : await call('providers.configure', {
            name: 'openai-compatible',
            baseUrl: draft.openaiBaseUrl,
            model: draft.openaiModel,
            ...(draft.openaiKey === '' ? {} : { key: draft.openaiKey }),
          });
    const answer = configured?.ok === false ? configured : await call('providers.use', { name: draft.active });
    setSaving(false);
    setProblem(answer.ok ? null : answer.problem);
    if (answer.ok) {
      take(answer.value);
      announce('Saved');
    }
  };

  if (!ready) {
    return (
      <Card title="Answers">
        <p className={css.rowText}>Who writes answers can be chosen while the stack runs.</p>
      </Card>
    );
  }
  if (draft === null || stored === null) {
    return (
      <Card title="Answers">
        {problem === null ? (
          <Skeleton height={64} label="Loading" />
        ) : (
          <LiveProblem problem={problem} retry={() => void load()} />
        )}
      </Card>
    );
  }
  const missing = missingOf(draft);
  const changed = JSON.stringify(draft) !== JSON.stringify(draftOf(stored));
  return (
    <Card title="Answers">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Row
          title="Who writes them"
          text={
            draft.active === 'embedded'
              ? 'Quotes the best passages of your documents. Needs no key and no download; nothing leaves this machine.'
              : 'Questions and the passages found are sent to the address below.'
          }
        >
          <Choice
            label="Who writes answers"
            value={draft.active}
            options={[
              { value: 'embedded', label: 'Embedded' },
              { value: 'openai-compatible', label: 'OpenAI-compatible' },
            ]}
            onChange={(active) => setDraft({ ...draft, active })}
          />
        </Row>
        {draft.active === 'embedded' ? null : (
          <>
            <Row title="Address" text="The base URL, as its own documentation gives it.">
              <input
                type="url"
                className={css.input}
                aria-label="Base URL"
                placeholder="http://localhost:11434/v1"
                spellCheck={false}
                maxLength={500}
                value={draft.openaiBaseUrl}
                onChange={(event) => setDraft({ ...draft, openaiBaseUrl: event.target.value })}
              />
            </Row>
            <Row title="Model">
              <input
                type="text"
                className={css.input}
                aria-label="Model"
                placeholder="llama3.2"
                spellCheck={false}
                maxLength={200}
                value={draft.openaiModel}
                onChange={(event) => setDraft({ ...draft, openaiModel: event.target.value })}
              />
            </Row>
            <Row
              title="Key"
              text={
                openaiOf(stored)?.hasKey === true
                  ? 'A key is stored. Leave this empty to keep it.'
                  : 'Leave empty if the model asks for none.'
              }
            >
              <input
                type="password"
                className={css.input}
                aria-label="Key"
                autoComplete="off"
                maxLength={500}
                value={draft.openaiKey}
                onChange={(event) => setDraft({ ...draft, openaiKey: event.target.value })}
              />
            </Row>
          </>
        )}
        {problem === null ? null : (
          <LiveProblem problem={problem} retry={() => void save()} onDismiss={() => setProblem(null)} />
        )}
        <div className={css.save}>
          <span className={css.rowText}>{changed ? (missing ?? '') : ''}</span>
          <Button type="submit" kind="primary" disabled={!changed || missing !== null || saving}>
            {saving ? 'Saving' : 'Save'}
          </Button>
        </div>
      </form>
    </Card>
  );
}
