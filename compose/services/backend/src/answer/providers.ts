/** Which provider answers, and the settings of each. Keys are stored encrypted and never leave again. */
import { z } from 'zod';
import type { Principal } from '../auth/principal.ts';
import type { ConfigValues } from '../config/keys.ts';
import type { RagConfig } from '../config/service.ts';
import { BackendProblem, type ProblemCode, toBackendProblem } from '../http/problem.ts';
import { log } from '../observability/log.ts';
import { providerAvailability } from '../observability/metrics.ts';
import type { SearchParts } from '../retrieval/search.ts';
import { isNear } from './addresses.ts';
import { createAnthropic } from './anthropic.ts';
import { createEmbedded } from './embedded.ts';
import { mayFallBack, withFallback } from './fallback.ts';
import { createLocal, createLocalService } from './local.ts';
import { createModelAnswerer } from './model-answerer.ts';
import { createOllama, type Ollama } from './ollama.ts';
import { createOpenAiCompatible } from './openai-compatible.ts';
import type { ModelInfo, ModelService, ServiceSettings } from './port.ts';
import type { Answerer } from './provider.ts';
import {
  type ProviderName,
  providerNames,
  type RemoteProviderName,
  type ServiceName,
  serviceNames,
} from './provider-names.ts';
import { dataKeys, seal, unseal } from './sealed-key.ts';
import { type TryOut, tryOut } from './try-out.ts';
import { createWindows } from './windows.ts';

const availabilityJson = z.object({
  status: z.enum(['available', 'unavailable', 'unknown']),
  code: z.string().nullable(),
  latencyMs: z.number().nullable(),
  checkedAtMs: z.number().nullable(),
});
export const providersJson = z
  .object({
    active: z.enum(providerNames),
    /** Who takes over when the active one cannot be asked. */
    fallback: z.enum(['off', ...providerNames]),
    allowCloud: z.boolean(),
    items: z.array(
      z.object({
        name: z.enum(providerNames),
        /** null: it has none. */
        baseUrl: z.string().nullable(),
        model: z.string(),
        hasKey: z.boolean(),
        /** Of a long enough key, to tell it from others. */
        keyLast4: z.string().nullable(),
        /** The window that the owner fixed; null lets the service tell. */
        contextTokens: z.number().nullable(),
        configured: z.boolean(),
        /** What is sent there stays on this machine or its own network, as far as the address tells. */
        local: z.boolean(),
        availability: availabilityJson,
      }),
    ),
  })
  .meta({ id: 'Providers' });
export type ProvidersJson = z.output<typeof providersJson>;
type Availability = z.output<typeof availabilityJson>;

/** Undefined leaves a value as it is; an empty key does too, null removes it. */
export interface ProviderChange {
  readonly baseUrl?: string | undefined;
  readonly model?: string | undefined;
  readonly key?: string | null | undefined;
  readonly contextTokens?: number | null | undefined;
}
export interface Providers {
  get(): Promise<ProvidersJson>;
  set(name: RemoteProviderName, change: ProviderChange): Promise<void>;
  /** @throws {BackendProblem} `provider-not-configured`, `config-locked` */
  setActive(who: Principal, name: ProviderName): Promise<void>;
  /** A snapshot for one run: a later change does not touch it. @throws {BackendProblem} `provider-not-configured` */
  active(): Promise<Answerer>;
  /** Tries settings out before they are stored: what is not given is as stored. Never throws for what the service does. */
  test(name: ProviderName, change: ProviderChange): Promise<TryOut>;
  /** @throws {BackendProblem} `provider-not-configured` and what the service answers */
  models(name: ProviderName): Promise<ModelInfo[]>;
  /** @throws {BackendProblem} `provider-not-configured` */
  ollama(): Promise<Ollama>;
  /** Looks whether each provider that is set up can be asked, if it was not looked at lately; sets the gauge. */
  probe(): Promise<Availability>;
}
export const PROVIDERS = Symbol('providers');

/** Whether two addresses lead to the same scheme, host and port. Empty or malformed ones equal nothing. */
export function sameOrigin(a: string, b: string): boolean {
  try {
    return new URL(a).origin === new URL(b).origin;
  } catch {
    return false;
  }
}

interface Stored extends ServiceSettings {
  readonly contextTokens: number | null;
}

const usualAddress: Readonly<Record<RemoteProviderName, string>> = {
  'openai-compatible': '',
  ollama: '',
  anthropic: 'https://api.anthropic.com',
};
/** Anthropic takes nobody without one; the others may. */
const isComplete = (name: ServiceName, { baseUrl, model, key }: ServiceSettings): boolean =>
  baseUrl !== '' && model !== '' && (name !== 'anthropic' || key !== null);

/** A service that answers is asked again after this; one that does not, with every look. */
const probeEveryMs = 30_000;
const probeTimeoutMs = 2000;
const minKeyForLast4 = 12;

const unknownYet: Availability = { status: 'unknown', code: null, latencyMs: null, checkedAtMs: null };
const isService = (name: ProviderName): name is ServiceName => name !== 'embedded';
/** Until its service was asked what it is called. */
const localModel = 'local';

export function createProviders(
  parts: SearchParts,
  config: RagConfig,
  secrets: { readonly dataKey: string; readonly apiToken: string },
  /** The model that the stack runs itself; an empty address where it runs none. */
  own: { readonly baseUrl: string; readonly token: string },
): Providers {
  const { database } = parts;
  const keys = dataKeys(secrets);
  const embedded = createEmbedded(parts);
  const windows = createWindows();
  const availability = new Map<ProviderName, Availability & { readonly of: string }>();

  let ownModel = localModel;

  /** What was sealed under the API token before there was a secret for it would be lost with the next token. */
  async function renewSeal(name: string, sealed: Buffer): Promise<void> {
    const key = unseal(sealed, keys);
    const [first] = keys;
    if (key === null || first === undefined || unseal(sealed, [first]) !== null) return;
    await database.rows('update providers set secret_enc = $3 where name = $1 and secret_enc = $2', [
      name,
      sealed,
      seal(key, first),
    ]);
    log.info('provider.key', 'A stored key is sealed under the data key now', { provider: name });
  }

  async function stored(): Promise<Record<ServiceName, Stored>> {
    const rows = await database.rows<{
      name: string;
      settings: { baseUrl?: string; model?: string; contextTokens?: number | null };
      secret_enc: Buffer | null;
    }>('select name, settings, secret_enc from providers');
    for (const { name, secret_enc: sealed } of rows) if (sealed !== null) await renewSeal(name, sealed);
    const of = (name: RemoteProviderName): Stored => {
      const row = rows.find((candidate) => candidate.name === name);
      return {
        baseUrl: row?.settings.baseUrl ?? usualAddress[name],
        model: row?.settings.model ?? '',
        contextTokens: row?.settings.contextTokens ?? null,
        key: row?.secret_enc == null ? null : unseal(row.secret_enc, keys),
      };
    };
    return {
      local: { baseUrl: own.baseUrl, model: ownModel, contextTokens: null, key: own.token === '' ? null : own.token },
      'openai-compatible': of('openai-compatible'),
      ollama: of('ollama'),
      anthropic: of('anthropic'),
    };
  }

  const serviceOf = (name: ServiceName, settings: ServiceSettings): ModelService => {
    if (name === 'local') return createLocalService(settings);
    if (name === 'ollama') return createOllama(settings);
    return name === 'anthropic' ? createAnthropic(settings) : createOpenAiCompatible(settings);
  };

  const notConfigured = (name: ServiceName): BackendProblem =>
    new BackendProblem(
      'provider-not-configured',
      name === 'local'
        ? 'The stack runs no model of its own: switch the capability llm on, then start the stack.'
        : 'Give the address, the model and, where it is asked for, the key first.',
    );

  async function configured(name: ServiceName): Promise<Stored> {
    const settings = (await stored())[name];
    if (!isComplete(name, settings)) throw notConfigured(name);
    return settings;
  }

  function answererOf(name: ProviderName, all: Record<ServiceName, Stored>, values: ConfigValues): Answerer {
    if (!isService(name)) return embedded;
    const settings = all[name];
    if (!isComplete(name, settings)) throw notConfigured(name);
    const service = serviceOf(name, settings);
    const answerer = createModelAnswerer(parts, service, (signal) =>
      windows.of(
        service,
        { baseUrl: settings.baseUrl, own: settings.contextTokens, usual: values['llm.contextTokens'] },
        signal,
      ),
    );
    return name === 'local' ? createLocal(answerer, embedded) : answerer;
  }

  /** As stored with a change laid over it; a stored key does not go along to another host. */
  function changed(before: Stored, { baseUrl, model, key, contextTokens }: ProviderChange): Stored {
    const moved = baseUrl !== undefined && !sameOrigin(before.baseUrl, baseUrl);
    const given = key === '' ? undefined : key;
    return {
      baseUrl: baseUrl ?? before.baseUrl,
      model: model ?? before.model,
      contextTokens: contextTokens === undefined ? before.contextTokens : contextTokens,
      key: given === undefined ? (moved ? null : before.key) : given,
    };
  }

  async function lookAt(name: ProviderName, settings: Stored | null): Promise<Availability> {
    const startedAt = performance.now();
    let code: ProblemCode | null = null;
    try {
      const signal = AbortSignal.timeout(probeTimeoutMs);
      if (settings === null || !isService(name)) await parts.nlp.ping(signal);
      else {
        const service = serviceOf(name, settings);
        const models = await service.models(signal);
        if (name === 'local') ownModel = models[0]?.id ?? localModel;
        windows.learn(service, settings.baseUrl, models);
      }
    } catch (error) {
      const late = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
      code = late ? 'provider-timeout' : toBackendProblem(error).code;
      // Whoever has no list of models answers all the same.
      if (isService(name) && code === 'model-not-found') code = null;
    }
    return {
      status: code === null ? 'available' : 'unavailable',
      code,
      latencyMs: code === null ? Math.round(performance.now() - startedAt) : null,
      checkedAtMs: Date.now(),
    };
  }

  return {
    async get() {
      const all = await stored();
      const values = config.values();
      return {
        active: values['llm.active'],
        fallback: values['llm.fallback'],
        allowCloud: values['llm.allowCloud'],
        items: [
          {
            name: 'embedded',
            baseUrl: null,
            model: embedded.model,
            hasKey: false,
            keyLast4: null,
            contextTokens: null,
            configured: true,
            local: true,
            availability: availabilityJson.parse(availability.get('embedded') ?? unknownYet),
          },
          ...serviceNames.map((name) => {
            const { key: held, ...settings } = all[name];
            const ofStack = name === 'local';
            // Its token is between the two of them.
            const key = ofStack ? null : held;
            return {
              name,
              ...settings,
              baseUrl: ofStack ? null : settings.baseUrl,
              hasKey: key !== null,
              keyLast4: key !== null && key.length >= minKeyForLast4 ? key.slice(-4) : null,
              configured: isComplete(name, all[name]),
              local: ofStack || isNear(settings.baseUrl),
              availability: availabilityJson.parse(availability.get(name) ?? unknownYet),
            };
          }),
        ],
      };
    },
    async set(name, change) {
      const next = changed((await stored())[name], change);
      const settings = { baseUrl: next.baseUrl, model: next.model, contextTokens: next.contextTokens };
      await database.rows(
        `insert into providers (name, kind, settings, secret_enc) values ($1, $1, $2, $3)
         on conflict (name) do update set settings = excluded.settings, secret_enc = excluded.secret_enc, updated_at = now()`,
        [name, JSON.stringify(settings), next.key === null ? null : seal(next.key, keys[0] ?? Buffer.alloc(0))],
      );
      availability.delete(name);
    },
    async setActive(who, name) {
      if (isService(name)) await configured(name);
      await config.change({ 'llm.active': name }, who.userId);
    },
    async active() {
      const values = config.values();
      const name = values['llm.active'];
      const other = values['llm.fallback'];
      if (name === 'embedded') return embedded;
      const all = await stored();
      const first = answererOf(name, all, values);
      if (other === 'off' || other === name) return first;
      return withFallback(first, async () => {
        const near = !isService(other) || other === 'local' || isNear(all[other].baseUrl);
        if (!mayFallBack({ near }, values['llm.allowCloud'])) return null;
        return isService(other) && !isComplete(other, all[other]) ? null : answererOf(other, all, values);
      });
    },
    async test(name, change) {
      if (name === 'local') return tryOut(serviceOf(name, await configured(name)));
      if (isService(name)) return tryOut(serviceOf(name, changed((await stored())[name], change)));
      const { status, latencyMs } = await lookAt(name, null);
      const ok = status === 'available';
      const { code, title, detail } = new BackendProblem(
        'embedding-unavailable',
        'The embedding service does not answer.',
      ).details();
      return {
        ok,
        failedAt: ok ? null : 'connect',
        problem: ok ? null : { code, title, detail, retryAfter: null },
        latencyMs: latencyMs ?? probeTimeoutMs,
        ttftMs: null,
        model: embedded.model,
        contextTokens: null,
        models: 1,
      };
    },
    async models(name) {
      if (!isService(name)) return [{ id: embedded.model, contextTokens: null, bytes: null }];
      const settings = (await stored())[name];
      // A list is what a model is chosen from: none is needed yet.
      if (settings.baseUrl === '') throw notConfigured(name);
      return serviceOf(name, settings).models(new AbortController().signal);
    },
    async ollama() {
      const settings = (await stored()).ollama;
      if (settings.baseUrl === '') throw notConfigured('ollama');
      return createOllama(settings);
    },
    async probe() {
      const all = await stored();
      const active = config.values()['llm.active'];
      await Promise.all(
        providerNames.map(async (name) => {
          const settings = isService(name) ? all[name] : null;
          if (settings !== null && isService(name) && !isComplete(name, settings)) {
            availability.delete(name);
            providerAvailability.set({ provider: name }, 0);
            return;
          }
          const of = JSON.stringify(settings);
          const last = availability.get(name);
          const fresh =
            last?.of === of && last.status === 'available' && Date.now() - (last.checkedAtMs ?? 0) < probeEveryMs;
          if (fresh && name !== 'embedded') return;
          const seen = await lookAt(name, settings);
          availability.set(name, { ...seen, of });
          providerAvailability.set({ provider: name }, seen.status === 'available' ? 1 : 0);
        }),
      );
      const seen = availability.get(active);
      if (seen === undefined) return { ...unknownYet, status: 'unavailable', code: 'provider-not-configured' };
      return availabilityJson.parse(seen);
    },
  };
}
