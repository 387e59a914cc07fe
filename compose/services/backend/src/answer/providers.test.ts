import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createProviders, sameOrigin } from './providers.ts';
import { dataKeys, seal, unseal } from './sealed-key.ts';

describe('stored keys', () => {
  it('come back only under the key they were sealed with', () => {
    const dataKey = randomBytes(32);
    const sealed = seal('sk-secret', dataKey);
    expect(sealed.includes('sk-secret')).toBe(false);
    expect(unseal(sealed, [dataKey])).toBe('sk-secret');
    expect(unseal(sealed, [randomBytes(32)])).toBeNull();
    expect(seal('sk-secret', dataKey).equals(sealed)).toBe(false);
  });

  it('are still there after a secret of their own was given', () => {
    const [before = Buffer.alloc(32)] = dataKeys({ dataKey: '', apiToken: 'a-token-of-16-letters' });
    const after = dataKeys({ dataKey: 'a-secret-of-its-own', apiToken: 'a-token-of-16-letters' });
    const sealed = seal('sk-secret', before);
    expect(after).toHaveLength(2);
    expect(unseal(sealed, after)).toBe('sk-secret');
    expect(unseal(seal('sk-new', after[0] ?? before), [before])).toBeNull();
  });

  it('are sealed anew under the data key when they are first read, and so outlive another API token', async () => {
    const old = { dataKey: '', apiToken: 'a-token-of-16-letters' };
    const row = {
      name: 'anthropic',
      settings: { model: 'm' },
      secret_enc: seal('sk-secret-of-some-length', dataKeys(old)[0] ?? Buffer.alloc(32)),
    };
    const database = {
      async rows(sql: string, [, before, after]: readonly Buffer[] = []) {
        if (!sql.startsWith('update')) return [row];
        if (after !== undefined && before !== undefined && row.secret_enc.equals(before)) row.secret_enc = after;
        return [];
      },
    };
    const config = { values: () => ({ 'llm.active': 'embedded', 'llm.fallback': 'off', 'llm.allowCloud': false }) };
    const none = { baseUrl: '', token: '' };
    const keyUnder = async (secrets: typeof old): Promise<unknown> => {
      const { items } = await createProviders({ database } as never, config as never, secrets, none).get();
      return items.find((item) => item.name === 'anthropic')?.keyLast4;
    };
    expect(await keyUnder({ dataKey: '', apiToken: 'another-token-altogether' })).toBeNull();
    expect(await keyUnder({ dataKey: 'the-data-key', apiToken: old.apiToken })).toBe('ngth');
    expect(await keyUnder({ dataKey: 'the-data-key', apiToken: 'another-token-altogether' })).toBe('ngth');
    expect(await keyUnder(old)).toBeNull();
  });
});

describe('sameOrigin', () => {
  it.each([
    ['https://a.example/v1', 'https://a.example/v2', true],
    ['https://a.example/v1', 'https://A.example:443/', true],
    ['https://a.example/v1', 'http://a.example/v1', false],
    ['https://a.example/v1', 'https://b.example/v1', false],
    ['http://127.0.0.1:1', 'http://127.0.0.1:2', false],
    ['', '', false],
  ])('%s and %s: %s', (a, b, expected) => {
    expect(sameOrigin(a, b)).toBe(expected);
  });
});
