import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { seal, unseal } from './providers.ts';

describe('stored keys', () => {
  it('come back only under the key they were sealed with', () => {
    const dataKey = randomBytes(32);
    const sealed = seal('sk-secret', dataKey);
    expect(sealed.includes('sk-secret')).toBe(false);
    expect(unseal(sealed, dataKey)).toBe('sk-secret');
    expect(unseal(sealed, randomBytes(32))).toBeNull();
    expect(seal('sk-secret', dataKey).equals(sealed)).toBe(false);
  });
});
