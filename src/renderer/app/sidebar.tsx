/** Side navigation. Narrow windows keep the words under the icons. */
import {
  ChartSpline,
  Container,
  HeartPulse,
  Layers,
  LibraryBig,
  type LucideIcon,
  MessagesSquare,
  ScrollText,
  SearchCheck,
  Settings,
  TriangleAlert,
  Vault,
  Workflow,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from '../ui/cx.ts';
import { useLive } from './live-store.ts';
import { Mark } from './mark.tsx';
import { go, type Page, pageKey, pages, pageTitles, useNavigation } from './navigation.ts';
import css from './sidebar.module.css';

const icons: Readonly<Record<Page, LucideIcon>> = {
  stack: Container,
  stacks: Layers,
  chat: MessagesSquare,
  knowledge: LibraryBig,
  retrieval: SearchCheck,
  workflows: Workflow,
  health: HeartPulse,
  metrics: ChartSpline,
  logs: ScrollText,
  backups: Vault,
  settings: Settings,
};

export function Sidebar(): ReactNode {
  const current = useNavigation((state) => state.page);
  const trouble = useLive((state) => state.stack?.status === 'degraded');
  return (
    <nav className={css.nav} aria-label="Pages">
      <div className={css.brand}>
        <Mark />
        <span>Quayside</span>
      </div>
      <ul className={css.list}>
        {pages.map((page) => {
          const Icon = icons[page];
          const key = pageKey(page);
          return (
            <li key={page} className={cx(page === 'settings' && css.last)}>
              <a
                href={`#/${page}`}
                className={css.link}
                aria-current={page === current ? 'page' : undefined}
                aria-keyshortcuts={key === null ? undefined : `Control+${key}`}
                onClick={(event) => {
                  event.preventDefault();
                  go(page);
                }}
              >
                <Icon size={18} aria-hidden />
                <span>{pageTitles[page]}</span>
                {page === 'stack' && trouble ? (
                  <TriangleAlert size={13} className={css.trouble} role="img" aria-label="needs attention" />
                ) : (
                  <kbd aria-hidden className={css.key}>
                    {key}
                  </kbd>
                )}
              </a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
