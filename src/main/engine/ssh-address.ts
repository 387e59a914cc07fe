/**
 * Addresses of engines behind ssh: `ssh://[user@]host[:port][/path/to/engine.sock]`. Every part ends up as a word of a
 * command line, here or in the shell of the far side, so only what can be no option and no shell syntax is let through.
 * (docker/cli had to learn it the hard way: a host of `-oProxyCommand=…` ran a program.)
 */

export interface SshAddress {
  readonly user: string | null;
  /** A name, an alias of the person's ssh configuration, or an IP address without brackets. */
  readonly host: string;
  readonly port: number | null;
  /** Of the engine's socket on the far side; null leaves it to the far side's own `docker`. */
  readonly path: string | null;
}

const shape = /^ssh:\/\/(?:([^@/]*)@)?(\[[^\]/]*\]|[^:/?#[\]]*)(?::([^/?#]*))?(\/[^?#]*)?$/;
const safeUser = /^[A-Za-z0-9_.][A-Za-z0-9_.@+-]{0,127}$/;
const safeHost = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?$/;
const safeIpv6 = /^[0-9A-Fa-f:.]{2,45}$/;
const safePath = /^\/[A-Za-z0-9_./@:+,-]{1,250}$/;

/** The parts of an address, or in a sentence what is wrong with it. A password is dropped, never kept or shown. */
export function parseSshAddress(text: string): SshAddress | { readonly wrong: string } {
  const match = shape.exec(text);
  if (match === null) return { wrong: 'It is not of the form ssh://user@host:port/path/to/engine.sock.' };
  const [, userinfo = '', bracketed = '', portText, pathText = ''] = match;
  const user = decoded(userinfo.replace(/:.*$/s, ''));
  if (user === null || (userinfo !== '' && !safeUser.test(user))) {
    return { wrong: 'The user’s name may hold letters, digits and . _ @ + - only, and not begin with a dash.' };
  }
  const ipv6 = bracketed.startsWith('[');
  const host = ipv6 ? bracketed.slice(1, -1) : bracketed;
  if (!(ipv6 ? safeIpv6 : safeHost).test(host)) {
    return { wrong: 'The host may hold letters, digits, dots and dashes only, and not begin with a dash.' };
  }
  const port = portText === undefined ? null : Number(portText);
  if (port !== null && (!/^\d{1,5}$/.test(portText ?? '') || port < 1 || port > 65_535)) {
    return { wrong: 'The port is a number from 1 to 65535.' };
  }
  const path = pathText === '/' || pathText === '' ? null : pathText;
  if (path !== null && !safePath.test(path)) {
    return { wrong: 'The path of the far socket may hold letters, digits and . _ / @ : + , - only.' };
  }
  return { user: user === '' ? null : user, host, port, path };
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** `user@host`, as a person types it after `ssh`; a port goes before it. */
export function sshWords({ user, host, port }: SshAddress): string {
  return `${port === null ? '' : `-p ${port} `}${user === null ? '' : `${user}@`}${host}`;
}

/** The address in one spelling, so that two of them can be compared. */
export function formatSshAddress({ user, host, port, path }: SshAddress): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `ssh://${user === null ? '' : `${user}@`}${name}${port === null ? '' : `:${port}`}${path ?? ''}`;
}
