import { hkdfSync } from 'node:crypto';
import { SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { createAccessTokens } from './tokens.ts';

const person = '01900000-0000-7000-8000-000000000000';
const environment = 'the-token-of-an-environment';
const key = new Uint8Array(hkdfSync('sha256', environment, '', 'quayside access token v1', 32));
const tokens = createAccessTokens(environment);

/** A good token but for what is changed. */
const forged = (change: (jwt: SignJWT) => SignJWT, alg = 'HS256', secret = key, typ = 'at+jwt'): Promise<string> =>
  change(
    new SignJWT()
      .setProtectedHeader({ alg, typ })
      .setSubject(person)
      .setIssuer('quayside')
      .setAudience('quayside-api')
      .setJti('j')
      .setExpirationTime('5m'),
  ).sign(secret);
const same = (jwt: SignJWT): SignJWT => jwt;

describe('access tokens', () => {
  it('say whose they are, to every replica of the environment', async () => {
    expect(await createAccessTokens(environment).verify(await tokens.sign(person))).toBe(person);
    expect(await tokens.verify(await forged(same))).toBe(person);
  });

  it.each<[string, () => Promise<string> | string]>([
    ['expired', () => forged((jwt) => jwt.setExpirationTime(Math.floor(Date.now() / 1000) - 60))],
    ['of nobody', () => forged((jwt) => jwt.setSubject("' or 1=1 --"))],
    ['of another audience', () => forged((jwt) => jwt.setAudience('other'))],
    ['of another issuer', () => forged((jwt) => jwt.setIssuer('other'))],
    ['of another kind', () => forged(same, 'HS256', key, 'JWT')],
    ['of another algorithm', () => forged(same, 'HS512')],
    ['of another environment', async () => createAccessTokens('another-environment').sign(person)],
    [
      'without end',
      async () =>
        new SignJWT()
          .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
          .setSubject(person)
          .setIssuer('quayside')
          .setAudience('quayside-api')
          .setJti('j')
          .sign(key),
    ],
    [
      'unsigned',
      () =>
        new UnsecuredJWT()
          .setSubject(person)
          .setIssuer('quayside')
          .setAudience('quayside-api')
          .setExpirationTime('5m')
          .encode(),
    ],
    [
      'tampered with',
      async () => {
        const [head, , signature] = (await tokens.sign(person)).split('.');
        const [, body] = (await forged((jwt) => jwt.setSubject('owner'))).split('.');
        return `${head}.${body}.${signature}`;
      },
    ],
    ['no token at all', () => 'nothing'],
  ])('are refused: %s', async (_what, make) => {
    await expect(tokens.verify(await make())).rejects.toMatchObject({ code: 'unauthorized' });
  });
});
