/**
 * Fetches a page of the public web for a source, and nothing else. Each hop is judged anew: scheme, the addresses that
 * the name leads to, and the connection goes to the very address that was judged, so a name that answers differently
 * the second time (DNS rebinding) changes nothing.
 */
import { lookup } from 'node:dns/promises';
import { type IncomingMessage, request as send } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { BackendProblem } from '../http/problem.ts';
import { isPublicAddress } from './public-address.ts';

export interface Fetched {
  /** After redirects. */
  readonly url: string;
  readonly contentType: string;
  readonly bytes: Buffer;
  readonly etag: string | null;
  readonly lastModified: string | null;
}
export interface FetchLimits {
  readonly bytes: number;
  /** Of the whole, redirects included. */
  readonly timeMs: number;
  readonly redirects: number;
}
/** What stands for the world outside. */
export interface Outside {
  /** All addresses of a name. */
  resolve(hostname: string): Promise<readonly string[]>;
  dial(target: { address: string; port: number; tls: boolean; hostname: string }): Socket;
}

const world: Outside = {
  resolve: async (hostname) => (await lookup(hostname, { all: true, verbatim: true })).map(({ address }) => address),
  dial: ({ address, port, tls, hostname }) =>
    tls
      ? connectTls({
          host: address,
          port,
          ALPNProtocols: ['http/1.1'],
          ...(isIP(hostname) ? {} : { servername: hostname }),
        })
      : connect({ host: address, port }),
};

/** Media types that documents are made of. */
export const fetchedTypes: Readonly<Record<string, string>> = {
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'text/plain': 'txt',
  'text/markdown': 'md',
  'text/csv': 'csv',
  'application/pdf': 'pdf',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
};

const refused = (why: string): BackendProblem => new BackendProblem('url-not-allowed', why);
const failed = (why: string, cause?: unknown): BackendProblem =>
  new BackendProblem('source-unreachable', why, cause === undefined ? {} : { cause });

/** @throws {BackendProblem} `url-not-allowed` for what can be refused without asking anybody */
export function checkedUrl(text: string, base?: URL): URL {
  let url: URL;
  try {
    url = new URL(text, base);
  } catch {
    throw refused('This is no web address.');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refused(`Only http and https addresses can be read, not ${url.protocol}`);
  if (url.username !== '' || url.password !== '') throw refused('An address with a user name or password is not read.');
  const host = hostOf(url);
  // The URL parser has turned 127.1, 0x7f000001 and 2130706433 into 127.0.0.1 by now.
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw refused(`${host} is not an address of the public web.`);
  if (/(^|\.)(localhost|local|internal|lan|home\.arpa)$/.test(host))
    throw refused(`${host} is a name of this machine or its network.`);
  return url;
}

/** Without the brackets of IPv6 and the dot of a full name. */
const hostOf = (url: URL): string => url.hostname.toLowerCase().replace(/^\[|\]$|\.$/g, '');

async function judgedAddress(host: string, outside: Outside): Promise<string> {
  if (isIP(host) !== 0) return host;
  let addresses: readonly string[];
  try {
    addresses = await outside.resolve(host);
  } catch (error) {
    throw failed(`${host} cannot be found.`, error);
  }
  const [first] = addresses;
  if (first === undefined) throw failed(`${host} has no address.`);
  // One inner address among several is one too many: nobody knows which would be taken next time.
  const inner = addresses.find((address) => !isPublicAddress(address));
  if (inner !== undefined) throw refused(`${host} leads to an address that is not of the public web.`);
  return first;
}

function decoded(bytes: Buffer, encoding: string, limit: number): Buffer {
  const how: Readonly<Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Buffer>> = {
    gzip: gunzipSync,
    'x-gzip': gunzipSync,
    deflate: inflateSync,
    br: brotliDecompressSync,
  };
  if (encoding === '' || encoding === 'identity') return bytes;
  const inflate = how[encoding];
  if (inflate === undefined) throw failed(`The page comes in an encoding that is not read: ${encoding.slice(0, 40)}.`);
  try {
    return inflate(bytes, { maxOutputLength: limit });
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit);
    throw failed('The page is damaged.', error);
  }
}

const tooLarge = (limit: number): BackendProblem =>
  new BackendProblem('file-too-large', `The page is larger than ${Math.round(limit / 1024 / 1024)} MB.`);

/** Text in another character set than the one that everything here reads becomes UTF-8. */
function inUtf8(bytes: Buffer, contentType: string): Buffer {
  const charset = /charset\s*=\s*"?([^";\s]+)/i.exec(contentType)?.[1]?.toLowerCase();
  if (charset === undefined || charset === 'utf-8' || !/^(text\/|application\/xhtml)/.test(contentType)) return bytes;
  try {
    return Buffer.from(new TextDecoder(charset).decode(bytes), 'utf8');
  } catch {
    return bytes;
  }
}

interface Hop {
  readonly response: IncomingMessage;
  readonly close: () => void;
}

function ask(
  url: URL,
  address: string,
  headers: Record<string, string>,
  outside: Outside,
  signal: AbortSignal,
): Promise<Hop> {
  const tls = url.protocol === 'https:';
  const port = url.port === '' ? (tls ? 443 : 80) : Number(url.port);
  return new Promise((resolve, reject) => {
    const call = send({
      method: 'GET',
      // Only what is shown in the address: the host header names it, the connection goes to the judged address.
      path: `${url.pathname}${url.search}`,
      headers: { host: url.host, ...headers },
      createConnection: () => outside.dial({ address, port, tls, hostname: hostOf(url) }),
      signal,
      maxHeaderSize: 32 * 1024,
    });
    call.on('response', (response) => resolve({ response, close: () => call.destroy() }));
    call.on('error', reject);
    call.end();
  });
}

async function bodyOf(response: IncomingMessage, limit: number): Promise<Buffer> {
  const declared = Number(response.headers['content-length'] ?? 0);
  if (declared > limit) throw tooLarge(limit);
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response) {
    size += (part as Buffer).length;
    if (size > limit) throw tooLarge(limit);
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}

const redirects = new Set([301, 302, 303, 307, 308]);

/**
 * @param known what was told with the last answer; null is answered when nothing changed since
 * @throws {BackendProblem} `url-not-allowed`, `source-unreachable`, `file-too-large`, `file-empty`, `unsupported-type`
 */
export async function guardedFetch(
  address: string,
  limits: FetchLimits,
  options: {
    known?: { etag?: string | null; lastModified?: string | null };
    outside?: Outside;
    signal?: AbortSignal;
  } = {},
): Promise<Fetched | null> {
  const { known = {}, outside = world } = options;
  const timeout = AbortSignal.timeout(limits.timeMs);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
  let url = checkedUrl(address);
  const headers: Record<string, string> = {
    accept: Object.keys(fetchedTypes).join(', '),
    'accept-encoding': 'gzip, identity',
    'user-agent': 'Quayside',
    ...(known.etag == null ? {} : { 'if-none-match': known.etag }),
    ...(known.lastModified == null ? {} : { 'if-modified-since': known.lastModified }),
  };
  try {
    for (let hop = 0; ; hop += 1) {
      const target = await judgedAddress(hostOf(url), outside);
      signal.throwIfAborted();
      const { response, close } = await ask(url, target, headers, outside, signal);
      try {
        const status = response.statusCode ?? 0;
        const location = response.headers.location;
        if (redirects.has(status) && location !== undefined) {
          if (hop >= limits.redirects) throw failed(`The address leads on more than ${limits.redirects} times.`);
          url = checkedUrl(location, url);
          continue;
        }
        if (status === 304) return null;
        if (status !== 200) throw failed(`The server answered ${status}.`);
        const contentType = (response.headers['content-type'] ?? '').toLowerCase();
        const type = contentType.split(';')[0]?.trim() ?? '';
        if (fetchedTypes[type] === undefined)
          throw new BackendProblem(
            'unsupported-type',
            `The address leads to ${type === '' ? 'something without a type' : type.slice(0, 100)}, which cannot be read.`,
          );
        const raw = await bodyOf(response, limits.bytes);
        const bytes = decoded(raw, (response.headers['content-encoding'] ?? '').toLowerCase(), limits.bytes);
        if (bytes.length === 0) throw new BackendProblem('file-empty', 'The page is empty.');
        return {
          url: url.href,
          contentType: type,
          bytes: inUtf8(bytes, contentType),
          etag: response.headers.etag ?? null,
          lastModified: response.headers['last-modified'] ?? null,
        };
      } finally {
        close();
      }
    }
  } catch (error) {
    if (error instanceof BackendProblem) throw error;
    if (options.signal?.aborted === true) throw options.signal.reason;
    if (timeout.aborted) throw failed(`The server took more than ${Math.round(limits.timeMs / 1000)} seconds.`, error);
    throw failed('The server cannot be reached.', error);
  }
}

/** The name of a page as a document: host and path, with the extension of what it holds. */
export function nameOfPage(address: string, contentType: string): string {
  const url = new URL(address);
  const extension = fetchedTypes[contentType] ?? 'html';
  const path = decodeURIComponentSafely(`${url.host}${url.pathname}`).replace(/\/+$/, '');
  const name = url.search === '' ? path : `${path} ${url.search.slice(1)}`;
  return new RegExp(`\\.(${extension}|${extension === 'html' ? 'htm' : extension})$`, 'i').test(name)
    ? name
    : `${name}.${extension}`;
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
