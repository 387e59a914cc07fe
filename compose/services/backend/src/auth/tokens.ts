/** Access tokens: signed, short-lived, one fixed algorithm. Every replica derives the same key from the environment's token. */
import { hkdfSync, randomUUID } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { BackendProblem } from '../http/problem.ts';

export const accessSeconds = 15 * 60;
const issuer = 'quayside';
const audience = 'quayside-api';
const algorithm = 'HS256';

export interface AccessTokens {
  sign(userId: string): Promise<string>;
  /** The user's id. @throws {BackendProblem} `unauthorized` */
  verify(token: string): Promise<string>;
}

export function createAccessTokens(environmentToken: string): AccessTokens {
  const key = new Uint8Array(hkdfSync('sha256', environmentToken, '', 'quayside access token v1', 32));
  return {
    sign: (userId) =>
      new SignJWT()
        .setProtectedHeader({ alg: algorithm, typ: 'at+jwt' })
        .setSubject(userId)
        .setIssuer(issuer)
        .setAudience(audience)
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime(`${accessSeconds}s`)
        .sign(key),
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [algorithm],
          typ: 'at+jwt',
          issuer,
          audience,
          requiredClaims: ['sub', 'exp', 'jti'],
        });
        return z.guid().parse(payload.sub);
      } catch (error) {
        throw new BackendProblem('unauthorized', 'The token is not valid, or no longer.', { cause: error });
      }
    },
  };
}
