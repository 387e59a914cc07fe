/** Behind tabs: the panel itself, who writes answers, how answers are found, the optional parts of the stack, who else may use it. */
import { type ReactNode, useState } from 'react';
import type { Settings } from '../../../shared/model/settings.ts';
import { changeSettings } from '../../app/actions.ts';
import { AreaProblem } from '../../app/area-problem.tsx';
import { useLive } from '../../app/live-store.ts';
import { goSettings, type SettingsSection, settingsSections, useNavigation } from '../../app/navigation.ts';
import { Card, PageBody, Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { Choice } from '../../ui/choice.tsx';
import { Status } from '../../ui/status.tsx';
import { TabList, TabPanel, Tabs } from '../../ui/tabs.tsx';
import { engineSaid } from '../../ui/words.ts';
import { About } from './about.tsx';
import { AccessSection } from './access-section.tsx';
import { ConfigSection } from './config-section.tsx';
import { Row, Toggle } from './fields.tsx';
import { PartsSection } from './parts-section.tsx';
import { ProvidersSection } from './providers-section.tsx';
import css from './settings.module.css';

function Appearance({ settings }: { readonly settings: Settings }): ReactNode {
  return (
    <Card title="Appearance">
      <Row title="Theme" text="System follows your desktop.">
        <Choice
          label="Theme"
          value={settings.theme}
          options={[
            { value: 'system', label: 'System' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ]}
          onChange={(theme) => void changeSettings({ theme })}
        />
      </Row>
      <Row title="Reduce motion" text="Also follows your system’s own setting.">
        <Toggle
          label="Reduce motion"
          checked={settings.reduceMotion}
          onChange={(reduceMotion) => void changeSettings({ reduceMotion })}
        />
      </Row>
    </Card>
  );
}

function EngineChoice({ settings }: { readonly settings: Settings }): ReactNode {
  const engine = useLive((state) => state.engine);
  const [endpoint, setEndpoint] = useState(settings.engine);
  const [taken, setTaken] = useState(settings.engine);
  // While drawing, not in an effect: that one would run after the first letters and take them back.
  if (taken !== settings.engine) {
    setTaken(settings.engine);
    setEndpoint(settings.engine);
  }
  return (
    <Card title="Engine">
      <Row
        title="In use"
        text={
          engine === null
            ? 'Not asked yet'
            : `${engine.endpoint}, found by ${engine.foundBy}${engine.serverVersion === null ? '' : `, version ${engine.serverVersion}`}${
                engine.platform === null ? '' : `, ${engine.platform}`
              }`
        }
      >
        <Status said={engineSaid(engine?.state ?? 'connecting')} pill />
      </Row>
      <Row
        title="Address"
        text="Leave empty to let Quayside find it. It may be a socket, tcp with TLS, or ssh://user@host."
      >
        <form
          className={css.inline}
          onSubmit={(event) => {
            event.preventDefault();
            void changeSettings({ engine: endpoint.trim() });
          }}
        >
          <input
            type="text"
            className={css.input}
            aria-label="Engine address"
            placeholder="unix:///var/run/docker.sock"
            spellCheck={false}
            value={endpoint}
            maxLength={500}
            onChange={(event) => setEndpoint(event.target.value)}
          />
          <Button type="submit" disabled={endpoint.trim() === settings.engine}>
            Use this engine
          </Button>
        </form>
      </Row>
    </Card>
  );
}

const tails = [200, 1000, 5000, 10_000] as const;

function Reading({ settings }: { readonly settings: Settings }): ReactNode {
  const known = (tails as readonly number[]).includes(settings.logTail);
  return (
    <Card title="Logs and figures">
      <Row title="Log lines at first" text="How many lines of each service are read when the Logs page opens.">
        <select
          className={css.input}
          aria-label="Log lines at first"
          value={settings.logTail}
          onChange={(event) => void changeSettings({ logTail: Number(event.target.value) })}
        >
          {known ? null : <option value={settings.logTail}>{settings.logTail.toLocaleString('en')}</option>}
          {tails.map((tail) => (
            <option key={tail} value={tail}>
              {tail.toLocaleString('en')}
            </option>
          ))}
        </select>
      </Row>
      <Row title="Time shown in charts" text="The Metrics page has the same choice.">
        <Choice
          label="Time shown in charts"
          value={String(settings.metricsWindowS)}
          options={[
            { value: '60', label: '1 min' },
            { value: '300', label: '5 min' },
            { value: '900', label: '15 min' },
          ]}
          onChange={(value) => void changeSettings({ metricsWindowS: Number(value) })}
        />
      </Row>
    </Card>
  );
}

function General(): ReactNode {
  const settings = useLive((state) => state.settings);
  return (
    <>
      <AreaProblem area="settings" />
      {settings === null ? (
        <>
          <Skeleton height={130} label="Loading settings" />
          <Skeleton height={130} />
        </>
      ) : (
        <>
          <Appearance settings={settings} />
          <EngineChoice settings={settings} />
          <Reading settings={settings} />
        </>
      )}
      <About />
    </>
  );
}

const sections: Readonly<Record<SettingsSection, { readonly title: string; readonly view: () => ReactNode }>> = {
  general: { title: 'General', view: General },
  answers: { title: 'Who writes answers', view: ProvidersSection },
  retrieval: { title: 'Answering and retrieval', view: ConfigSection },
  parts: { title: 'Optional parts', view: PartsSection },
  access: { title: 'Users and keys', view: AccessSection },
};

export function SettingsPage(): ReactNode {
  const section = useNavigation((state) => state.settings);
  return (
    <Tabs className={css.tabbed} value={section} values={settingsSections} onChange={goSettings}>
      <div className={css.tabs}>
        <TabList label="Settings" tabs={settingsSections.map((one) => ({ value: one, label: sections[one].title }))} />
      </div>
      {settingsSections.map((one) => {
        const View = sections[one].view;
        return (
          <TabPanel key={one} value={one}>
            <PageBody>
              <div className={css.page}>
                <View />
              </div>
            </PageBody>
          </TabPanel>
        );
      })}
    </Tabs>
  );
}
