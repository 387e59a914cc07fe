/** Who may write answers, in words. */
import type { Provider, ProviderChange, ProviderName, ProviderTest } from '../../../shared/model/providers.ts';
import { formatAgo, formatLatency } from '../../ui/format.ts';
import type { Said } from '../../ui/words.ts';

interface Words {
  readonly title: string;
  readonly purpose: string;
  /** What its address looks like; null where there is none to set. */
  readonly address: string | null;
  readonly model: string | null;
  readonly key: boolean;
}

export const providerWords: Readonly<Record<ProviderName, Words>> = {
  embedded: {
    title: 'Embedded answerer',
    purpose: 'Quotes the best passages of your documents, word for word. Needs no key and no download.',
    address: null,
    model: null,
    key: false,
  },
  local: {
    title: 'The stack’s own model',
    purpose: 'A small language model that the stack runs itself, on this machine’s processor.',
    address: null,
    model: null,
    key: false,
  },
  ollama: {
    title: 'Ollama',
    purpose: 'Models that an Ollama server runs, here or elsewhere in your network.',
    address: 'http://host.docker.internal:11434',
    model: 'llama3.2',
    key: false,
  },
  'openai-compatible': {
    title: 'OpenAI-compatible service',
    purpose: 'Any service that speaks as OpenAI’s does: vLLM, LM Studio, llama.cpp, OpenAI itself and many more.',
    address: 'http://host.docker.internal:1234/v1',
    model: 'gpt-4.1-mini',
    key: true,
  },
  anthropic: {
    title: 'Anthropic',
    purpose: 'Claude models, by Anthropic’s own service.',
    address: 'https://api.anthropic.com',
    model: 'claude-sonnet-4-5',
    key: true,
  },
};

/** What is sent where. */
export function leavesWords({ local, name }: Pick<Provider, 'local' | 'name'>): string {
  if (name === 'embedded' || name === 'local') return 'Nothing leaves this machine.';
  return local
    ? 'Stays on this machine or in its network, as far as the address tells.'
    : 'Leaves this machine: the question, the passages found for it, and earlier messages of the conversation.';
}

export function availabilitySaid({ configured, availability }: Pick<Provider, 'configured' | 'availability'>): Said {
  if (!configured) return { word: 'Not set up', tone: 'idle' };
  if (availability.status === 'available') return { word: 'Available', tone: 'good' };
  return availability.status === 'unavailable'
    ? { word: 'Not available', tone: 'bad' }
    : { word: 'Not looked at yet', tone: 'idle' };
}

/** "answered in 12 ms, 3 min ago" */
export function lookedWords({ latencyMs, checkedAtMs }: Provider['availability'], now: number): string {
  if (checkedAtMs === null) return '';
  const when = formatAgo(checkedAtMs, now);
  return latencyMs === null ? `looked ${when}` : `answered in ${formatLatency(latencyMs)}, ${when}`;
}

/** What a person has typed. `key`: null removes it, empty leaves it. */
export interface Draft {
  readonly baseUrl: string;
  readonly model: string;
  readonly key: string | null;
  /** Empty: the service tells. */
  readonly contextTokens: string;
}

export function draftOf({ baseUrl, model, contextTokens }: Provider): Draft {
  return { baseUrl: baseUrl ?? '', model, key: '', contextTokens: contextTokens === null ? '' : String(contextTokens) };
}

/** Only what differs from what is stored. */
export function changeOf(provider: Provider, draft: Draft): ProviderChange {
  const stored = draftOf(provider);
  const tokens = draft.contextTokens.trim();
  return {
    name: provider.name,
    ...(draft.baseUrl.trim() === stored.baseUrl ? {} : { baseUrl: draft.baseUrl.trim() }),
    ...(draft.model.trim() === stored.model ? {} : { model: draft.model.trim() }),
    ...(draft.key === '' ? {} : { key: draft.key }),
    ...(tokens === stored.contextTokens ? {} : { contextTokens: tokens === '' ? null : Number(tokens) }),
  };
}

export const isChange = (change: ProviderChange): boolean => Object.keys(change).length > 1;

/** What is missing or wrong before it can be tried, in words; null when nothing is. */
export function faultOf(provider: Provider, draft: Draft): string | null {
  const words = providerWords[provider.name];
  const tokens = draft.contextTokens.trim();
  if (words.address !== null && !/^https?:\/\/[^\s]+$/.test(draft.baseUrl.trim()))
    return 'Give the address of the service, starting with http:// or https://';
  if (words.model !== null && draft.model.trim() === '') return 'Give the name of the model';
  if (tokens !== '' && !(/^\d+$/.test(tokens) && Number(tokens) >= 512 && Number(tokens) <= 10_000_000))
    return 'The context window is a whole number of tokens, 512 or more';
  if (provider.name === 'anthropic' && (draft.key === null || (draft.key === '' && !provider.hasKey)))
    return 'Anthropic takes nobody without a key';
  return null;
}

export interface TestStep {
  readonly label: string;
  readonly state: 'done' | 'failed' | 'skipped';
  readonly detail: string;
}

const order = ['connect', 'key', 'model', 'answer'] as const;

/** The steps that an answer takes, and how far the test came. */
export function testSteps(test: ProviderTest): TestStep[] {
  const failed = test.failedAt === null ? order.length : order.indexOf(test.failedAt);
  const details: Readonly<Record<(typeof order)[number], string>> = {
    connect: test.ok ? `all of it took ${formatLatency(test.latencyMs)}` : '',
    key: '',
    model: [
      test.model,
      test.contextTokens === null ? null : `reads ${test.contextTokens.toLocaleString('en')} tokens`,
      test.models === null ? null : `one of ${test.models.toLocaleString('en')}`,
    ]
      .filter((part) => part !== null && part !== '')
      .join(', '),
    answer: test.ttftMs === null ? '' : `after ${formatLatency(test.ttftMs)}`,
  };
  const labels = {
    connect: 'Reached the service',
    key: 'Was let in',
    model: 'Found the model',
    answer: 'Got a first word',
  };
  const open = { connect: 'The service', key: 'The key', model: 'The model', answer: 'A first word' };
  const failures = {
    connect: 'The service was not reached',
    key: 'The key was not taken',
    model: 'The model is not there',
    answer: 'No word came',
  };
  return order.map((step, index) => ({
    label: index === failed ? failures[step] : index < failed ? labels[step] : open[step],
    state: index < failed ? 'done' : index === failed ? 'failed' : 'skipped',
    detail: index < failed ? details[step] : index > failed ? 'not tried' : '',
  }));
}
