/** Which page is shown. Kept in the address (`#/logs`) so that a reload stays where the person was. */
import { create } from 'zustand';

export const pages = ['stack', 'chat', 'health', 'metrics', 'logs', 'backups', 'settings'] as const;
export type Page = (typeof pages)[number];

export const pageTitles: Readonly<Record<Page, string>> = {
  stack: 'Stack',
  chat: 'Chat',
  health: 'Health',
  metrics: 'Metrics',
  logs: 'Logs',
  backups: 'Backups',
  settings: 'Settings',
};

export interface Navigation {
  readonly page: Page;
  /** A service the page should bring forward, once: Logs of postgres. */
  readonly service: string | null;
}

export function isPage(name: string): name is Page {
  return (pages as readonly string[]).includes(name);
}

/** The page an address names; Stack for anything else. */
export function pageOf(hash: string): Page {
  const name = hash.replace(/^#\/?/, '');
  return isPage(name) ? name : 'stack';
}

export const useNavigation = create<Navigation>(() => ({ page: pageOf(window.location.hash), service: null }));

/** Shows a page, and there the given service. */
export function go(page: Page, service: string | null = null): void {
  useNavigation.setState({ page, service });
  window.history.replaceState(null, '', `#/${page}`);
}
