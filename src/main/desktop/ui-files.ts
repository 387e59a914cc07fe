/** Which file an `app://ui/...` address stands for. Only what lies under the UI's folder, links followed, is ever read. */
import { readFile, realpath } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

export const uiOrigin = 'app://ui';

/** No network for the page at all: what it knows comes over the contract. Inline styles are recharts' and base-ui's. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'none'",
  "frame-src 'none'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

export interface UiResponse {
  readonly status: 200 | 403 | 404;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
}

/** Answers the page's files; anything else is 403 (not ours to give) or 404. Never throws, never names a path. */
export async function serveUi(root: string, address: string): Promise<UiResponse> {
  const path = uiPath(address);
  if (path === null) return refusal(403);
  const type = types[extname(path)];
  if (type === undefined) return refusal(404);
  try {
    const realRoot = await realpath(root);
    const file = await realpath(join(realRoot, path));
    if (!file.startsWith(realRoot + sep)) return refusal(403);
    return { status: 200, headers: headers(type), body: await readFile(file) };
  } catch {
    return refusal(404);
  }
}

/** The path below the UI's folder, decoded once; null when the address is not one of ours. */
export function uiPath(address: string): string | null {
  if (address.length > 4096) return null;
  try {
    const url = new URL(address);
    if (url.protocol !== 'app:' || url.host !== 'ui' || url.username !== '' || url.password !== '') return null;
    const path = decodeURIComponent(url.pathname);
    if (/[\0\\%]/.test(path) || path.split('/').some((part) => part === '..' || part === '.')) return null;
    return path === '' || path === '/' ? 'index.html' : path.slice(1);
  } catch {
    return null;
  }
}

/** Whether an address is the page itself; `about:blank` and empty addresses are not. */
export function isUiAddress(address: string): boolean {
  try {
    const url = new URL(address);
    return url.protocol === 'app:' && url.host === 'ui';
  } catch {
    return false;
  }
}

function headers(type: string): Record<string, string> {
  return {
    'content-type': type,
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), hid=(), serial=(), midi=()',
  };
}

function refusal(status: 403 | 404): UiResponse {
  return { status, headers: headers('text/plain; charset=utf-8'), body: null };
}
