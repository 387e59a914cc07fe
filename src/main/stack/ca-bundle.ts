/** The certificate authorities of a machine that has its own, for package managers inside a build. */
import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import type { ContextFile } from './image-context.ts';

const maxBytes = 4 * 1024 * 1024;

/**
 * The file `ca.crt` for a build context where the person's environment names a bundle (NODE_EXTRA_CA_CERTS or
 * SSL_CERT_FILE); none otherwise. The public authorities are in it too, because pip takes a bundle in place of its own.
 */
export async function caBundle(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ContextFile[]> {
  const paths = [...new Set([variables.NODE_EXTRA_CA_CERTS, variables.SSL_CERT_FILE])].filter(
    (path): path is string => path !== undefined && path !== '',
  );
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')));
  const named = texts.flatMap((text) => certificatesIn(text.slice(0, maxBytes)));
  if (named.length === 0) return [];
  const all = [...new Set([...named, ...rootCertificates.map((certificate) => certificate.trim())])];
  return [{ path: 'ca.crt', executable: false, bytes: Buffer.from(`${all.join('\n')}\n`) }];
}

function certificatesIn(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
}
