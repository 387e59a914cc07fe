/** The frame around every page: navigation, header, activity bar, palette, live region. The only module that knows all pages. */
import { Tooltip } from '@base-ui/react/tooltip';
import { type ReactNode, useEffect, useState } from 'react';
import { BackupsPage } from '../features/backups/backups-page.tsx';
import { ChatPage } from '../features/chat/chat-page.tsx';
import { HealthPage } from '../features/health/health-page.tsx';
import { LogsPage } from '../features/logs/logs-page.tsx';
import { SettingsPage } from '../features/settings/settings-page.tsx';
import { StackPage } from '../features/stack/stack-page.tsx';
import { useAnnouncement } from '../ui/announce.ts';
import { ActivityBar } from './activity-bar.tsx';
import { CommandPalette } from './command-palette.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { Header } from './header.tsx';
import { go, type Page, pages, pageTitles, useNavigation } from './navigation.ts';
import { LazyPage, ownLazy } from './own-lazy.tsx';
import css from './shell.module.css';
import { Sidebar } from './sidebar.tsx';
import { useTheme } from './theme.ts';

const metrics = ownLazy(() => import('../features/metrics/metrics-page.tsx').then((module) => module.MetricsPage));

const views: Readonly<Record<Page, () => ReactNode>> = {
  stack: StackPage,
  chat: ChatPage,
  health: HealthPage,
  metrics: () => <LazyPage page={metrics} label="Loading the charts" />,
  logs: LogsPage,
  backups: BackupsPage,
  settings: SettingsPage,
};

export function Shell(): ReactNode {
  const page = useNavigation((state) => state.page);
  const [palette, setPalette] = useState(false);
  const announcement = useAnnouncement((state) => state.text);
  useTheme();

  useEffect(() => {
    const handle = window.requestIdleCallback(() => void metrics.fetch(), { timeout: 4000 });
    return () => window.cancelIdleCallback(handle);
  }, []);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      if (event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setPalette((open) => !open);
        return;
      }
      const target = pages[Number(event.key) - 1];
      if (target !== undefined) {
        event.preventDefault();
        setPalette(false);
        go(target);
      }
    };
    // A file dropped beside its target must not navigate the window away.
    const onDrop = (event: DragEvent): void => event.preventDefault();
    window.addEventListener('keydown', onKey);
    window.addEventListener('dragover', onDrop);
    window.addEventListener('drop', onDrop);
    return () => {
      window.removeEventListener('keydown', onKey);
      window.removeEventListener('dragover', onDrop);
      window.removeEventListener('drop', onDrop);
    };
  }, []);

  const View = views[page];
  return (
    <Tooltip.Provider delay={450}>
      <div className={css.shell}>
        <button type="button" className={css.skip} onClick={() => document.getElementById('main')?.focus()}>
          Skip to the page
        </button>
        <Sidebar />
        <Header title={pageTitles[page]} onPalette={() => setPalette(true)} />
        <main id="main" className={css.main} tabIndex={-1} aria-label={pageTitles[page]}>
          <ErrorBoundary key={page}>
            <View />
          </ErrorBoundary>
        </main>
        <ActivityBar />
      </div>
      <CommandPalette open={palette} onClose={() => setPalette(false)} />
      <div className="visually-hidden" role="status" aria-live="polite" aria-atomic="true">
        {announcement}
      </div>
    </Tooltip.Provider>
  );
}
