/** Keys of providers at rest: AES-256-GCM, 12 bytes nonce, 16 bytes tag, then the text. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/**
 * Derived, so that a dump of the database alone gives no key away. The first one seals; all of them are tried to open,
 * so that what the API token sealed before there was a data key is still read.
 */
export function dataKeys(secrets: { readonly dataKey: string; readonly apiToken: string }): Buffer[] {
  return [secrets.dataKey, secrets.apiToken]
    .filter((secret) => secret !== '')
    .map((secret) => Buffer.from(hkdfSync('sha256', secret, '', 'quayside provider key v1', 32)));
}

export function seal(secret: string, dataKey: Buffer): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', dataKey, nonce);
  const body = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

/** null when it was sealed under another key (the environment's secrets were replaced). */
export function unseal(sealed: Buffer, keys: readonly Buffer[]): string | null {
  for (const dataKey of keys) {
    try {
      const decipher = createDecipheriv('aes-256-gcm', dataKey, sealed.subarray(0, 12));
      decipher.setAuthTag(sealed.subarray(12, 28));
      return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8');
    } catch {
      // The next one.
    }
  }
  return null;
}
