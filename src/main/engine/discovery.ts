/** Where an engine may be: what the person says, then what Docker's own settings say, then the usual sockets. */
import { stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { localPath, sshRefused } from './connection.ts';
import { currentContext } from './docker-context.ts';
import type { EngineEndpoint } from './engine-client.ts';
import { endpointRefused } from './engine-problems.ts';
import { formatSshAddress, parseSshAddress } from './ssh-address.ts';

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: NodeJS.Platform;
  /** null on Windows. */
  readonly uid: number | null;
}

export function surroundings(): Surroundings {
  const home = process.env.HOME ?? process.env.USERPROFILE ?? '/';
  return { env: process.env, home, platform: process.platform, uid: process.getuid?.() ?? null };
}

/**
 * Candidates in order of preference; one alone when somebody named it. Never empty: without any sign of an engine it
 * is the place where one would be.
 * @param named the `--engine` option
 * @throws {ProblemError} `engine-address-refused`
 */
export async function discoverEngines(named: string | undefined, around: Surroundings): Promise<EngineEndpoint[]> {
  const { env, home } = around;
  if (named) return [withTls(parseAddress(named, '--engine'), around)];
  if (env.DOCKER_HOST) return [withTls(parseAddress(env.DOCKER_HOST, 'DOCKER_HOST'), around)];
  const context = await currentContext(env.DOCKER_CONFIG || join(home, '.docker'), env.DOCKER_CONTEXT || undefined);
  if (context !== null) return [{ ...context, ...parseAddress(context.url, context.foundBy) }];

  const usual = usualAddresses(around).map((url) => ({ url, foundBy: 'default socket' }));
  const present = await Promise.all(usual.map(({ url }) => exists(localPath(url) ?? '')));
  const found = usual.filter((_, index) => present[index]);
  return found.length > 0 ? found : usual.slice(0, 1);
}

/** Every engine that needs no setting, the system's own first. */
export function usualAddresses({ env, home, platform, uid }: Surroundings): string[] {
  if (platform === 'win32') {
    return [
      'npipe:////./pipe/docker_engine',
      'npipe:////./pipe/dockerDesktopLinuxEngine',
      'npipe:////./pipe/podman-machine-default',
    ];
  }
  const runtime = env.XDG_RUNTIME_DIR || (uid === null ? '' : `/run/user/${uid}`);
  const paths = [
    '/var/run/docker.sock',
    ...(runtime && platform === 'linux' ? [join(runtime, 'docker.sock')] : []),
    join(home, '.docker/run/docker.sock'),
    join(home, '.docker/desktop/docker.sock'),
    join(home, '.orbstack/run/docker.sock'),
    join(home, '.colima/default/docker.sock'),
    join(home, '.colima/docker.sock'),
    join(home, '.rd/docker.sock'),
    ...(platform === 'linux'
      ? [...(runtime ? [join(runtime, 'podman/podman.sock')] : []), '/run/podman/podman.sock']
      : [join(home, '.local/share/containers/podman/machine/podman.sock')]),
  ];
  return paths.map((path) => `unix://${path}`);
}

/** @throws {ProblemError} `engine-address-refused` for what is no engine address */
export function parseAddress(text: string, foundBy: string): EngineEndpoint {
  const wrong = (cause: string) =>
    endpointRefused('The engine’s address cannot be used', cause, {
      action: 'advice',
      label: 'Give an address like unix:///var/run/docker.sock or tcp://host:2376',
    });
  const trimmed = text.trim();
  if (isAbsolute(trimmed) && trimmed.startsWith('/')) return { url: `unix://${trimmed}`, foundBy };
  if (trimmed.startsWith('unix://')) {
    const path = trimmed.slice(7) || '/var/run/docker.sock';
    if (!path.startsWith('/')) throw wrong(`${foundBy} is ${trimmed}: the path of a socket begins with a slash.`);
    return { url: `unix://${path}`, foundBy };
  }
  if (trimmed.startsWith('npipe://')) return { url: trimmed, foundBy };
  if (trimmed.startsWith('ssh:')) {
    const address = parseSshAddress(trimmed);
    if ('wrong' in address) throw sshRefused(trimmed, address.wrong);
    return { url: formatSshAddress(address), foundBy };
  }
  const match = /^(?:tcp|http|https):\/\/([^/?#]+)/.exec(trimmed);
  if (!match) throw wrong(`${foundBy} is ${trimmed.slice(0, 200)}, which names no engine.`);
  const [, authority = ''] = match;
  try {
    const url = new URL(`tcp://${authority}`);
    // A password in an address would be shown: it is not kept.
    url.password = '';
    return { url: url.href.replace(/\/$/, ''), foundBy };
  } catch {
    throw wrong(`${foundBy} is ${trimmed.slice(0, 200)}, which is not a whole address.`);
  }
}

function withTls(endpoint: EngineEndpoint, { env, home }: Surroundings): EngineEndpoint {
  if (!endpoint.url.startsWith('tcp:')) return endpoint;
  const wanted = env.DOCKER_TLS_VERIFY || env.DOCKER_CERT_PATH || endpoint.url.endsWith(':2376');
  return wanted
    ? { ...endpoint, tlsDir: env.DOCKER_CERT_PATH || env.DOCKER_CONFIG || join(home, '.docker') }
    : endpoint;
}

/** What stands where the socket should be; null when that is a socket, a pipe of Windows, or nothing. */
export async function wrongKind(endpoint: EngineEndpoint): Promise<string | null> {
  const path = localPath(endpoint.url);
  if (path === null || endpoint.url.startsWith('npipe:')) return null;
  const stats = await stat(path).catch(() => null);
  if (stats === null || stats.isSocket()) return null;
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  return stats.isFile() ? 'an ordinary file' : 'something else';
}

/** Is Docker installed though nothing listens? Then "start it" helps, and "install it" does not. */
export async function engineInstalled({ platform, env }: Surroundings): Promise<boolean> {
  const places =
    platform === 'darwin'
      ? ['/Applications/Docker.app', '/Applications/OrbStack.app', '/Applications/Rancher Desktop.app']
      : platform === 'win32'
        ? [`${env.ProgramFiles ?? 'C:\\Program Files'}\\Docker\\Docker\\Docker Desktop.exe`]
        : [
            '/usr/bin/dockerd',
            '/usr/sbin/dockerd',
            '/usr/local/bin/dockerd',
            '/snap/bin/dockerd',
            '/opt/docker-desktop',
          ];
  return (await Promise.all(places.map(exists))).includes(true);
}

/** EACCES counts as there: it is the engine that will say who may enter. */
async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === 'EACCES',
  );
}
