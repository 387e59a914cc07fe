/** Throw-away authorities and certificates for engines with TLS, made by the machine's openssl. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Authority {
  /** `ca.pem` of it. */
  readonly file: string;
  /** Writes `NAME-cert.pem` and `NAME-key.pem` beside the authority. @param days negative: it has expired */
  issue(name: string, use: 'serverAuth' | 'clientAuth', hosts?: readonly string[], days?: number): Issued;
}

export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export function createAuthority(folder: string, name: string): Authority {
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const at = (file: string) => join(folder, name, file);
  mkdirSync(join(folder, name), { recursive: true });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...curve,
    '-days',
    '30',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    at('ca-key.pem'),
    '-out',
    at('ca.pem'),
  );
  return {
    file: at('ca.pem'),
    issue(who, use, hosts = [], days = 30) {
      const [cert, key, request, extensions] = [`${who}-cert.pem`, `${who}-key.pem`, `${who}.csr`, `${who}.ext`].map(
        at,
      );
      if (!cert || !key || !request || !extensions) throw new Error('no names');
      openssl('req', ...curve, '-subj', `/CN=${who}`, '-keyout', key, '-out', request);
      const names = hosts.map((host) => `${/^[\d.]+$/.test(host) ? 'IP' : 'DNS'}:${host}`).join(',');
      writeFileSync(extensions, `extendedKeyUsage=${use}\n${names === '' ? '' : `subjectAltName=${names}\n`}`);
      const issuer = ['-CA', at('ca.pem'), '-CAkey', at('ca-key.pem'), '-CAcreateserial'];
      // `x509 -days` takes a negative number for a certificate whose time is over.
      openssl('x509', '-req', '-in', request, ...issuer, '-days', String(days), '-extfile', extensions, '-out', cert);
      return { cert, key };
    },
  };
}

/** A folder as DOCKER_CERT_PATH names it. */
export function certFolder(
  folder: string,
  ca: string | null,
  client: Issued | null,
  copy: (from: string, to: string) => void,
): string {
  mkdirSync(folder, { recursive: true });
  if (ca !== null) copy(ca, join(folder, 'ca.pem'));
  if (client !== null) {
    copy(client.cert, join(folder, 'cert.pem'));
    copy(client.key, join(folder, 'key.pem'));
  }
  return folder;
}
