/** "Who writes answers": everyone who may, who does, and who steps in. */
import { Cpu } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ConfigValue } from '../../../shared/model/rag-config.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { backendReady, useLive } from '../../app/live-store.ts';
import { ApplyNow } from '../../parts/capabilities/apply-now.tsx';
import { capabilityWords } from '../../parts/capabilities/capability-words.ts';
import { type Capabilities, useCapabilities } from '../../parts/capabilities/use-capabilities.ts';
import { Card, Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { Row, Toggle } from './fields.tsx';
import { ProviderCard } from './provider-card.tsx';
import { providerWords } from './provider-words.ts';
import css from './settings.module.css';
import { useConfig } from './use-config.ts';
import { type ProvidersView, useProviders } from './use-providers.ts';

/** What the stack's own model still needs; null when it is there. */
function LocalModel({ list, set }: Pick<Capabilities, 'list' | 'set'>): ReactNode {
  const llm = list?.find((one) => one.name === 'llm');
  if (llm === undefined || (llm.on && llm.applied)) return null;
  return (
    <div className={css.offer}>
      <Cpu size={16} aria-hidden />
      <p>
        {llm.on
          ? 'It is switched on and begins with the next start of the stack.'
          : `It is an optional part of the stack, which is off. ${capabilityWords.llm.cost}`}
      </p>
      {llm.on ? <ApplyNow label="Start it now" /> : <Button onClick={() => void set('llm', true)}>Switch it on</Button>}
    </div>
  );
}

function Fallback({
  providers,
  load,
}: Pick<ProvidersView, 'load'> & { readonly providers: NonNullable<ProvidersView['providers']> }): ReactNode {
  const { config, problem, change, dismiss } = useConfig(true);
  const { fallback, allowCloud, items, active } = providers;
  const locked = (key: string): boolean => config?.items.find((one) => one.key === key)?.locked !== false;
  const set = async (key: string, value: ConfigValue): Promise<void> => {
    await change({ [key]: value });
    await load();
  };
  const away = items.find((one) => one.name === fallback)?.local === false;
  return (
    <Card title="When it cannot be asked">
      <Row
        title="Who steps in"
        text={
          away && !allowCloud
            ? 'This one is outside your network, so it does not step in: see below.'
            : 'Before the first word only, and the answer says so.'
        }
      >
        <select
          className={css.input}
          aria-label="Who steps in"
          value={fallback}
          disabled={locked('llm.fallback')}
          onChange={(event) => void set('llm.fallback', event.target.value)}
        >
          <option value="off">Nobody: the answer fails</option>
          {items.map(({ name, local }) => (
            <option key={name} value={name} disabled={name === active && name !== fallback}>
              {`${providerWords[name].title}${local ? '' : ' (leaves this machine)'}`}
            </option>
          ))}
        </select>
      </Row>
      <Row
        title="A service outside may step in"
        text="Off: nothing is ever sent outside this machine and its network unless you chose that service yourself."
      >
        <Toggle
          label="A service outside may step in"
          checked={allowCloud}
          disabled={locked('llm.allowCloud')}
          onChange={(on) => void set('llm.allowCloud', on)}
        />
      </Row>
      {problem === null ? null : <LiveProblem problem={problem} onDismiss={dismiss} />}
    </Card>
  );
}

export function ProvidersSection(): ReactNode {
  const ready = useLive((state) => backendReady(state.stack));
  const { providers, problem, load, take } = useProviders(ready);
  const capabilities = useCapabilities();
  if (!ready) {
    return (
      <Card title="Who writes answers">
        <p className={css.rowText}>This can be chosen while the stack runs: it is the backend that keeps it.</p>
      </Card>
    );
  }
  if (providers === null) {
    return problem === null ? (
      <>
        <Skeleton height={132} label="Looking who may write answers" />
        <Skeleton height={132} />
      </>
    ) : (
      <LiveProblem problem={problem} retry={() => void load()} />
    );
  }
  return (
    <>
      <p className={css.lead}>
        {`${providerWords[providers.active].title} writes the next answer. A switch takes effect with the next question; an answer under way is not touched.`}
      </p>
      {providers.items.map((provider) => (
        <ProviderCard key={provider.name} provider={provider} active={provider.name === providers.active} take={take}>
          {provider.name === 'local' ? <LocalModel {...capabilities} /> : null}
        </ProviderCard>
      ))}
      <Fallback providers={providers} load={load} />
    </>
  );
}
