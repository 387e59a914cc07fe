/** One who may write answers: how it is, where it leads, its settings, a test of each step, and the switch to it. */
import { CircleCheck, Cloud, House, Zap } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { Problem } from '../../../shared/model/problem.ts';
import type { Provider, ProviderTest } from '../../../shared/model/providers.ts';
import { call } from '../../app/bridge.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { announce } from '../../ui/announce.ts';
import { Button } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { Confirm } from '../../ui/overlay.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { Status } from '../../ui/status.tsx';
import { useNow } from '../../ui/use-now.ts';
import { OllamaPull } from './ollama-pull.tsx';
import css from './provider-card.module.css';
import { ProviderFields } from './provider-fields.tsx';
import { TestResult } from './provider-test.tsx';
import {
  availabilitySaid,
  changeOf,
  draftOf,
  faultOf,
  isChange,
  leavesWords,
  lookedWords,
  providerWords,
} from './provider-words.ts';
import type { ProvidersView } from './use-providers.ts';

function hostOf(address: string): string {
  try {
    return new URL(address).host;
  } catch {
    return address;
  }
}

type Doing = 'saving' | 'testing' | 'switching';

export function ProviderCard({
  provider,
  active,
  take,
  children,
}: {
  readonly provider: Provider;
  readonly active: boolean;
  readonly take: ProvidersView['take'];
  /** What stands in the way of using it, when something does. */
  readonly children?: ReactNode;
}): ReactNode {
  const now = useNow();
  const { name } = provider;
  const words = providerWords[name];
  const [open, setOpen] = useState(active && words.address !== null);
  const [draft, setDraft] = useState(() => draftOf(provider));
  const [doing, setDoing] = useState<Doing | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [test, setTest] = useState<ProviderTest | null>(null);
  const [asking, setAsking] = useState(false);
  const change = changeOf(provider, draft);
  const changed = isChange(change);
  const fault = faultOf(provider, draft);
  const settable = words.address !== null || words.model !== null;

  /** Stores what was typed; answers whether it is stored. */
  const save = async (): Promise<boolean> => {
    if (!changed) return true;
    setDoing('saving');
    const answer = await call('providers.configure', change);
    setDoing(null);
    setProblem(answer.ok ? null : answer.problem);
    if (!take(answer) || !answer.ok) return false;
    const stored = answer.value.items.find((one) => one.name === name);
    if (stored !== undefined) setDraft(draftOf(stored));
    announce('Saved');
    return true;
  };
  const tryOut = async (): Promise<void> => {
    setDoing('testing');
    setTest(null);
    const answer = await call('providers.test', change);
    setDoing(null);
    setProblem(answer.ok ? null : answer.problem);
    if (!answer.ok) return;
    setTest(answer.value);
    announce(answer.value.ok ? 'The test went well' : (answer.value.problem?.title ?? 'The test failed'));
  };
  const use = async (): Promise<void> => {
    if (!(await save())) return;
    setDoing('switching');
    const answer = await call('providers.use', { name });
    setDoing(null);
    setProblem(answer.ok ? null : answer.problem);
    if (take(answer)) announce(`${words.title} writes the next answer`);
  };
  const ready = fault === null && (provider.configured || changed);
  const Place = provider.local ? House : Cloud;
  return (
    <section className={cx(css.card, active && css.active)} aria-label={words.title}>
      <header className={css.head}>
        <div className={css.words}>
          <h3>
            {words.title}
            {active ? (
              <span className={css.inUse}>
                <CircleCheck size={13} aria-hidden /> In use
              </span>
            ) : null}
          </h3>
          <p className={css.purpose}>{words.purpose}</p>
          <p className={cx(css.leaves, !provider.local && css.away)}>
            <Place size={14} aria-hidden />
            {leavesWords(provider)}
          </p>
        </div>
        <div className={css.state}>
          <Status said={availabilitySaid(provider)} pill label={words.title} />
          <span className={css.looked}>{lookedWords(provider.availability, now)}</span>
        </div>
      </header>
      {children}
      {open && settable ? (
        <form
          className={css.form}
          aria-label={`Settings of ${words.title}`}
          onSubmit={(event) => {
            event.preventDefault();
            if (fault === null) void save();
          }}
        >
          <ProviderFields provider={provider} draft={draft} onDraft={setDraft} />
          {name === 'ollama' && provider.configured ? <OllamaPull model={draft.model} /> : null}
          <div className={css.save}>
            <span>{changed ? (fault ?? '') : ''}</span>
            <Button type="submit" disabled={!changed || fault !== null || doing !== null}>
              {doing === 'saving' ? 'Saving' : 'Save'}
            </Button>
          </div>
        </form>
      ) : null}
      {test === null ? null : <TestResult test={test} onDismiss={() => setTest(null)} />}
      {problem === null ? null : <LiveProblem problem={problem} onDismiss={() => setProblem(null)} />}
      <footer className={css.foot}>
        {settable ? (
          <Button kind="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? 'Hide its settings' : provider.configured ? 'Change its settings' : 'Set it up'}
          </Button>
        ) : null}
        {provider.model === '' ? null : <span className={css.model}>{markHidden(provider.model)}</span>}
        <span className={css.spring} />
        {name === 'embedded' ? null : (
          <Button icon={Zap} disabled={!ready || doing !== null} onClick={() => void tryOut()}>
            {doing === 'testing' ? 'Testing' : 'Test'}
          </Button>
        )}
        {active ? null : (
          <Button
            aria-label={`Use ${words.title}`}
            disabled={!ready || doing !== null}
            onClick={() => (provider.local ? void use() : setAsking(true))}
          >
            {doing === 'switching' ? 'Switching' : 'Use'}
          </Button>
        )}
      </footer>
      <Confirm
        open={asking}
        title={`Send questions to ${hostOf(draft.baseUrl)}?`}
        text="Each question, the passages found for it and earlier messages of the conversation will leave this machine. Your documents as a whole stay here."
        action="Use it"
        danger={false}
        onConfirm={() => void use()}
        onClose={() => setAsking(false)}
      />
    </section>
  );
}
