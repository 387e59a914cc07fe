/** The frame around every page: navigation, header, activity bar, palette, live region. The only module that knows all pages. */
import { Tooltip } from '@base-ui/react/tooltip';
import { type ReactNode, useEffect, useState } from 'react';
import { StackPage } from '../features/stack/stack-page.tsx';
import { useAnnouncement } from '../ui/announce.ts';
import { ActivityBar } from './activity-bar.tsx';
import { CommandPalette } from './command-palette.tsx';
import { ErrorBoundary } from './error-boundary.tsx';
import { Header } from './header.tsx';
import { followAddress, go, type Page, pageOfKey, pageTitles, useNavigation } from './navigation.ts';
import { LazyPage, type OwnLazy, ownLazy } from './own-lazy.tsx';
import css from './shell.module.css';
import { Sidebar } from './sidebar.tsx';
import { useTheme } from './theme.ts';

/** Every page but the first is code of its own, so that the first paint waits for none of it. */
const later = {
  stacks: ownLazy(() => import('../features/stacks/stacks-page.tsx').then((module) => module.StacksPage)),
  chat: ownLazy(() => import('../features/chat/chat-page.tsx').then((module) => module.ChatPage)),
  knowledge: ownLazy(() => import('../features/knowledge/knowledge-page.tsx').then((module) => module.KnowledgePage)),
  retrieval: ownLazy(() => import('../features/retrieval/retrieval-page.tsx').then((module) => module.RetrievalPage)),
  workflows: ownLazy(() => import('../features/workflows/workflows-page.tsx').then((module) => module.WorkflowsPage)),
  health: ownLazy(() => import('../features/health/health-page.tsx').then((module) => module.HealthPage)),
  metrics: ownLazy(() => import('../features/metrics/metrics-page.tsx').then((module) => module.MetricsPage)),
  logs: ownLazy(() => import('../features/logs/logs-page.tsx').then((module) => module.LogsPage)),
  backups: ownLazy(() => import('../features/backups/backups-page.tsx').then((module) => module.BackupsPage)),
  settings: ownLazy(() => import('../features/settings/settings-page.tsx').then((module) => module.SettingsPage)),
} satisfies Readonly<Record<Exclude<Page, 'stack'>, OwnLazy>>;

/** Fetched one after another while nothing else is to do, so that a page opens at once. */
async function fetchLater(): Promise<void> {
  for (const page of Object.values(later)) await page.fetch();
}

const views: Readonly<Record<Page, () => ReactNode>> = {
  stack: StackPage,
  stacks: () => <LazyPage page={later.stacks} label="Looking for projects" />,
  chat: () => <LazyPage page={later.chat} label="Loading the chat" />,
  knowledge: () => <LazyPage page={later.knowledge} label="Loading the knowledge bases" />,
  retrieval: () => <LazyPage page={later.retrieval} label="Loading the search" />,
  workflows: () => <LazyPage page={later.workflows} label="Loading the workflows" />,
  health: () => <LazyPage page={later.health} label="Loading the health page" />,
  metrics: () => <LazyPage page={later.metrics} label="Loading the charts" />,
  logs: () => <LazyPage page={later.logs} label="Loading the logs" />,
  backups: () => <LazyPage page={later.backups} label="Loading the backups" />,
  settings: () => <LazyPage page={later.settings} label="Loading the settings" />,
};

export function Shell(): ReactNode {
  const page = useNavigation((state) => state.page);
  const [palette, setPalette] = useState(false);
  const announcement = useAnnouncement((state) => state.text);
  useTheme();

  useEffect(() => {
    const handle = window.requestIdleCallback(() => void fetchLater(), { timeout: 4000 });
    return () => window.cancelIdleCallback(handle);
  }, []);

  useEffect(followAddress, []);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
      if (event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setPalette((open) => !open);
        return;
      }
      const target = pageOfKey(event.key);
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
