/** People and keys in words. */
import { type ApiKey, isPanelOwner, type KeyScope, type User } from '../../../shared/model/accounts.ts';
import { formatAgo, formatDate } from '../../ui/format.ts';
import type { Said } from '../../ui/words.ts';

/** What a key may be made for: a verb, and what that lets a program do. */
export const scopeWords: Readonly<Record<KeyScope, { readonly title: string; readonly text: string }>> = {
  'chat:use': { title: 'Ask', text: 'as clients of OpenAI do' },
  'search:read': { title: 'Search', text: 'find passages, read documents' },
  'ingest:write': { title: 'Add documents', text: 'files, folders and pages' },
  'reindex:run': { title: 'Have documents read again', text: 'after a change of settings' },
  'workflow:report': { title: 'Report runs of workflows', text: 'how they have ended' },
  'metrics:read': { title: 'Read figures', text: 'for Prometheus' },
};

/** How long a key holds; empty is without end. */
export const expiryChoices = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'One year' },
  { value: '', label: 'Without end' },
] as const;
export type Expiry = (typeof expiryChoices)[number]['value'];

export function mayWords(scopes: readonly KeyScope[]): string {
  if (scopes.length === 0) return 'May do nothing that this panel knows of';
  const [first = '', ...others] = scopes.map((scope) => scopeWords[scope].title);
  return [`May ${first.toLowerCase()}`, ...others.map((other) => other.toLowerCase())].join(', ');
}

/** null while it holds. */
export function endedSaid({ expiresAtMs }: Pick<ApiKey, 'expiresAtMs'>, now: number): Said | null {
  return expiresAtMs !== null && expiresAtMs <= now ? { word: 'Ended', tone: 'idle' } : null;
}

/** "Used 3 min ago, holds until 2 Jan 2027, 10:00" */
export function keyFacts({ lastUsedAtMs, expiresAtMs }: ApiKey, now: number): string {
  const used = lastUsedAtMs === null ? 'Never used' : `Last used ${formatAgo(lastUsedAtMs, now)}`;
  if (expiresAtMs === null) return `${used}, holds without end`;
  return `${used}, ${expiresAtMs <= now ? 'ended' : 'holds until'} ${formatDate(expiresAtMs)}`;
}

export function userSaid(user: User): Said {
  if (user.disabled) return { word: 'May not sign in', tone: 'warn' };
  if (isPanelOwner(user)) return { word: 'This panel', tone: 'good' };
  return user.hasPassword ? { word: 'May sign in', tone: 'good' } : { word: 'Has no password', tone: 'idle' };
}

export const roleWords: Readonly<Record<User['role'], { readonly title: string; readonly text: string }>> = {
  owner: { title: 'Owner', text: 'May change settings and users too' },
  user: { title: 'User', text: 'Has knowledge bases and conversations of their own' },
};

/** As the backend asks of it. */
export const shortestPassword = 10;

/** What is wrong with a new password; null while nothing was typed or nothing is wrong. */
export function passwordFault(password: string): string | null {
  return password === '' || password.length >= shortestPassword
    ? null
    : `${shortestPassword} characters or more, please: ${shortestPassword - password.length} to go`;
}

/** How a program asks the documents, ready to be pasted. `QUAYSIDE_KEY` holds the key, so that no example holds one. */
export function examples(baseUrl: string): Readonly<Record<'shell' | 'python', string>> {
  return {
    shell: [
      'export QUAYSIDE_KEY="the key"',
      `curl ${baseUrl}/chat/completions \\`,
      `  -H "Authorization: Bearer $QUAYSIDE_KEY" \\`,
      `  -H "Content-Type: application/json" \\`,
      `  -d '{"model": "quayside", "messages": [{"role": "user", "content": "Where do I start?"}]}'`,
    ].join('\n'),
    python: [
      'import os',
      'from openai import OpenAI',
      '',
      `client = OpenAI(base_url="${baseUrl}", api_key=os.environ["QUAYSIDE_KEY"])`,
      'answer = client.chat.completions.create(',
      '    model="quayside",',
      '    messages=[{"role": "user", "content": "Where do I start?"}],',
      ')',
      'print(answer.choices[0].message.content)',
    ].join('\n'),
  };
}
