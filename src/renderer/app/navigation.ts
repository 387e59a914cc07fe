/** Which page is shown. Kept in the address (`#/logs`, `#/stacks/shop/plan`) so that a reload stays where the person was. */
import { create } from 'zustand';

export const pages = [
  'stack',
  'stacks',
  'chat',
  'knowledge',
  'retrieval',
  'workflows',
  'health',
  'metrics',
  'logs',
  'backups',
  'settings',
] as const;
export type Page = (typeof pages)[number];

/** "Projects" is Docker Compose's own word for what lies in a Compose file, and cannot be misread as the one Stack. */
export const pageTitles: Readonly<Record<Page, string>> = {
  stack: 'Stack',
  stacks: 'Projects',
  chat: 'Chat',
  knowledge: 'Knowledge',
  retrieval: 'Retrieval',
  workflows: 'Workflows',
  health: 'Health',
  metrics: 'Metrics',
  logs: 'Logs',
  backups: 'Backups',
  settings: 'Settings',
};

/**
 * What is pressed together with Control to reach a page: the first nine are digits, the tenth is 0, and Settings has the
 * comma that it has everywhere else. null: only by the list and the palette.
 */
export function pageKey(page: Page): string | null {
  if (page === 'settings') return ',';
  const place = pages.indexOf(page) + 1;
  return place <= 10 ? String(place % 10) : null;
}

/** The page that a key reaches. */
export function pageOfKey(key: string): Page | undefined {
  return pages.find((page) => pageKey(page) === key);
}

/** What can be read about one project, in the order of the tabs. */
export const stackSections = ['services', 'plan', 'logs', 'stats'] as const;
export type StackSection = (typeof stackSections)[number];

/** What the settings are about, in the order of the tabs. */
export const settingsSections = ['general', 'answers', 'retrieval', 'parts', 'access'] as const;
export type SettingsSection = (typeof settingsSections)[number];

export interface Navigation {
  readonly page: Page;
  /** A service the page should bring forward, once: Logs of postgres. */
  readonly service: string | null;
  /** The project whose details the Projects page shows; null for the list. */
  readonly stack: string | null;
  readonly section: StackSection;
  readonly settings: SettingsSection;
}

export function isPage(name: string): name is Page {
  return (pages as readonly string[]).includes(name);
}

function isSection(name: string): name is StackSection {
  return (stackSections as readonly string[]).includes(name);
}

/** The place an address names; the Stack page for anything else. */
export function placeOf(hash: string): Navigation {
  const [name = '', stack = '', section = ''] = hash.replace(/^#\/?/, '').split('/');
  const page = isPage(name) ? name : 'stack';
  return {
    page,
    service: null,
    stack: page === 'stacks' && /^[a-z0-9][a-z0-9_-]{0,127}$/.test(stack) ? stack : null,
    section: isSection(section) ? section : 'services',
    settings: (page === 'settings' ? settingsSections.find((one) => one === stack) : undefined) ?? 'general',
  };
}

export const useNavigation = create<Navigation>(() => placeOf(window.location.hash));

/** Links and the mouse's back button change the address alone: the page follows it. The answer stops that. */
export function followAddress(): () => void {
  const onChange = (): void => useNavigation.setState(placeOf(window.location.hash));
  window.addEventListener('hashchange', onChange);
  return () => window.removeEventListener('hashchange', onChange);
}

/** Shows a page, and there the given service. */
export function go(page: Page, service: string | null = null): void {
  useNavigation.setState({ page, service, stack: null, section: 'services', settings: 'general' });
  window.history.replaceState(null, '', `#/${page}`);
}

/** Shows a part of the settings. */
export function goSettings(settings: SettingsSection): void {
  useNavigation.setState({ page: 'settings', service: null, stack: null, section: 'services', settings });
  window.history.replaceState(null, '', `#/settings${settings === 'general' ? '' : `/${settings}`}`);
}

/** Shows one project, and there the given service. */
export function goStack(stack: string, section: StackSection = 'services', service: string | null = null): void {
  useNavigation.setState({ page: 'stacks', service, stack, section });
  window.history.replaceState(null, '', `#/stacks/${stack}${section === 'services' ? '' : `/${section}`}`);
}

/** Shows the log lines of a service where those of its stack are; null is the bundled stack. */
export function showLogs(stack: string | null, service: string): void {
  if (stack === null) go('logs', service);
  else goStack(stack, 'logs', service);
}
