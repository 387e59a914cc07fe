/** Which provider answers, and its settings. The key is stored encrypted and never leaves again. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Principal } from '../auth/principal.ts';
import type { RagConfig } from '../config/service.ts';
import { BackendProblem } from '../http/problem.ts';
import type { SearchParts } from '../retrieval/search.ts';
import { createEmbedded } from './embedded.ts';
import { createOpenAiCompatible } from './openai-compatible.ts';
import type { Answerer, ProviderName } from './provider.ts';

const names = ['embedded', 'openai-compatible'] as const satisfies readonly ProviderName[];
export const providersJson = z
  .object({
    active: z.enum(names),
    items: z.array(
      z.object({ name: z.enum(names), baseUrl: z.string().nullable(), model: z.string(), hasKey: z.boolean() }),
    ),
  })
  .meta({ id: 'Providers' });
export type ProvidersJson = z.output<typeof providersJson>;
export interface Providers {
  get(): Promise<ProvidersJson>;
  /** Undefined leaves a value as it is; an empty key does too, null removes it. */
  setOpenAi(change: {
    baseUrl?: string | undefined;
    model?: string | undefined;
    key?: string | null | undefined;
  }): Promise<void>;
  /** @throws {BackendProblem} `provider-not-configured`, `config-locked` */
  setActive(who: Principal, name: ProviderName): Promise<void>;
  /** A snapshot for one run: a later change does not touch it. @throws {BackendProblem} `provider-not-configured` */
  active(): Promise<Answerer>;
  /** Address and key, for the health check. */
  openAi(): Promise<{ baseUrl: string; model: string; key: string | null } | null>;
}
export const PROVIDERS = Symbol('providers');

/** AES-256-GCM: 12 bytes nonce, 16 bytes tag, then the text. */
export function seal(secret: string, dataKey: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', dataKey, nonce);
  const body = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** Whether two addresses lead to the same scheme, host and port. Empty or malformed ones equal nothing. */
export function sameOrigin(a: string, b: string): boolean {
  try {
    return new URL(a).origin === new URL(b).origin;
  } catch {
    return false;
  }
}

/** null when it was sealed under another key (the environment's token was replaced). */
export function unseal(sealed: Buffer, dataKey: Buffer): string | null {
  try {
    const decipher = createDecipheriv('aes-256-gcm', dataKey, sealed.subarray(0, 12));
    decipher.setAuthTag(sealed.subarray(12, 28));
    return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

export function createProviders(parts: SearchParts, config: RagConfig, apiToken: string): Providers {
  const { database } = parts;
  // Derived from the environment's token, so that a dump of the database alone gives no key away.
  const dataKey = Buffer.from(hkdfSync('sha256', apiToken, '', 'quayside provider key v1', 32));
  const embedded = createEmbedded(parts);

  async function openAi(): Promise<{ baseUrl: string; model: string; key: string | null } | null> {
    const row = await database.one<{ settings: { baseUrl?: string; model?: string }; secret_enc: Buffer | null }>(
      `select settings, secret_enc from providers where name = 'openai-compatible'`,
    );
    if (row === undefined) return null;
    const key = row.secret_enc === null ? null : unseal(row.secret_enc, dataKey);
    return { baseUrl: row.settings.baseUrl ?? '', model: row.settings.model ?? '', key };
  }

  return {
    openAi,
    async get() {
      const settings = await openAi();
      const active = config.values()['llm.active'];
      return {
        active,
        items: [
          { name: 'embedded', baseUrl: null, model: embedded.model, hasKey: false },
          {
            name: 'openai-compatible',
            baseUrl: settings?.baseUrl ?? '',
            model: settings?.model ?? '',
            hasKey: settings?.key != null,
          },
        ],
      };
    },
    async setOpenAi({ baseUrl, model, key }) {
      const before = await openAi();
      const settings = {
        ...(baseUrl === undefined ? {} : { baseUrl }),
        ...(model === undefined ? {} : { model }),
      };
      await database.rows(
        `insert into providers (name, kind, settings) values ('openai-compatible', 'openai-compatible', $1)
         on conflict (name) do update set settings = providers.settings || excluded.settings, updated_at = now()`,
        [JSON.stringify(settings)],
      );
      // A key belongs to the host it was given for: it never goes along to another one.
      const moved = baseUrl !== undefined && before !== null && !sameOrigin(before.baseUrl, baseUrl);
      const given = key === '' ? undefined : key;
      if (given === undefined && !moved) return;
      await database.rows(`update providers set secret_enc = $1 where name = 'openai-compatible'`, [
        given == null ? null : seal(given, dataKey),
      ]);
    },
    async setActive(who, name) {
      if (name === 'openai-compatible') {
        const settings = await openAi();
        if (settings === null || settings.baseUrl === '' || settings.model === '')
          throw new BackendProblem('provider-not-configured', 'Give the address and the model of the service first.');
      }
      await config.change({ 'llm.active': name }, who.userId);
    },
    async active() {
      if (config.values()['llm.active'] === 'embedded') return embedded;
      const settings = await openAi();
      if (settings === null || settings.baseUrl === '' || settings.model === '')
        throw new BackendProblem('provider-not-configured', 'Give the address and the model of the service first.');
      return createOpenAiCompatible(settings);
    },
  };
}
