/** TLS between Quayside and an engine that lies across the network: what may be wrong with either side's certificate. */
import { type Problem, problem, type Remedy } from '../../shared/model/problem.ts';
import type { EngineEndpoint } from './engine-client.ts';

const retry: Remedy = { action: 'retry', label: 'Look again' };

interface Meaning {
  readonly code: string;
  readonly title: string;
  readonly cause: string;
  readonly remedy: string;
}

const untrusted: Meaning = {
  code: 'engine-tls-untrusted',
  title: 'The engine’s certificate is not trusted',
  cause:
    'It was not issued by the authority in ca.pem: the wrong ca.pem, or another machine pretends to be the engine.',
  remedy: 'Get ca.pem anew from whoever runs the engine, over a way you trust',
};
const clientRefused: Meaning = {
  code: 'engine-tls-client-refused',
  title: 'The engine does not accept your certificate',
  cause:
    'It asks every client for a certificate that its own authority has issued, and yours is missing, expired or of another authority.',
  remedy: 'Put the cert.pem and key.pem that were issued for this engine beside its ca.pem',
};
const files: Meaning = {
  code: 'engine-tls-files',
  title: 'The files of your certificate cannot be used',
  cause: 'ca.pem, cert.pem and key.pem must be readable and in PEM form, and the key must belong to the certificate.',
  remedy: 'Copy the three files anew',
};
const notSpoken: Meaning = {
  code: 'engine-tls-not-spoken',
  title: 'What listens there does not speak TLS',
  cause: 'Quayside began a TLS connection and got something else: an engine without TLS, or no engine at all.',
  remedy: 'Check the port; engines with TLS usually listen at 2376',
};

/** Node's and OpenSSL's names of what can go wrong. */
const meanings: readonly (readonly [RegExp, Meaning])[] = [
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    {
      code: 'engine-tls-wrong-name',
      title: 'The engine’s certificate is for another host',
      cause: 'Its authority is the right one, but the certificate names other hosts than the one in the address.',
      remedy: 'Use the name that the certificate gives, or have it issued with this name (subjectAltName)',
    },
  ],
  [
    /^CERT_HAS_EXPIRED$/,
    {
      code: 'engine-tls-expired',
      title: 'The engine’s certificate has expired',
      cause: 'Its time is over, so it proves nothing any more.',
      remedy: 'Have a new certificate issued on the engine’s side; also check this machine’s clock',
    },
  ],
  [
    /^CERT_NOT_YET_VALID$/,
    {
      code: 'engine-tls-expired',
      title: 'The engine’s certificate is not valid yet',
      cause: 'Its time begins in the future, seen from this machine’s clock.',
      remedy: 'Check this machine’s clock and the engine’s',
    },
  ],
  [/^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/, untrusted],
  [
    /^ERR_SSL_(?:\w+_ALERT_(?:CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|NO_CERTIFICATE|ACCESS_DENIED|HANDSHAKE_FAILURE|UNSUPPORTED_CERT)|TLSV13_ALERT_CERTIFICATE_REQUIRED)/,
    clientRefused,
  ],
  [
    /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|RECORD_LAYER|UNKNOWN_PROTOCOL)|^EPROTO$/,
    notSpoken,
  ],
  [/^ERR_OSSL_|^ERR_SSL_(?:NO_START_LINE|BAD_|KEY_)|^ERR_CRYPTO/, files],
];

/** null when the error has nothing to do with TLS. */
export function tlsProblem(code: string, endpoint: EngineEndpoint, evidence: readonly string[]): Problem | null {
  const meaning = meanings.find(([match]) => match.test(code))?.[1];
  return meaning === undefined ? null : build(meaning, endpoint, evidence);
}

/** @param cause what is missing or unreadable */
export function tlsFilesProblem(endpoint: EngineEndpoint, cause: string): Problem {
  return build({ ...files, cause }, endpoint, []);
}

function build(
  { code, title, cause, remedy }: Meaning,
  endpoint: EngineEndpoint,
  evidence: readonly string[],
): Problem {
  const where = endpoint.tlsDir === undefined ? '' : ` Your files are in ${endpoint.tlsDir}.`;
  return problem(code, title, `${cause} The address is ${endpoint.url} (${endpoint.foundBy}).${where}`, {
    evidence,
    remedies: [{ action: 'advice', label: remedy }, retry],
  });
}
