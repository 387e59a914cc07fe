import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { sameOrigin } from './providers.ts';
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
