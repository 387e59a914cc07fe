import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProblemError } from '../../shared/model/problem.ts';
import { discoverEngines, parseAddress, type Surroundings, usualAddresses, wrongKind } from './discovery.ts';
import { startCommands } from './start-engine.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'quayside-discovery-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const around = (env: Record<string, string> = {}): Surroundings => ({ env, home, platform: 'linux', uid: 1000 });

function writeContext(name: string, host: string, current = name): void {
  const folder = createHash('sha256').update(name).digest('hex');
  const meta = join(home, '.docker/contexts/meta', folder);
  mkdirSync(meta, { recursive: true });
  writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
  writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ currentContext: current }));
}

async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act();
    return 'no failure';
  } catch (error) {
    return error instanceof ProblemError ? error.problem.code : String(error);
  }
}

describe('where an engine may be', () => {
  it('asks the person first, then DOCKER_HOST, then the Docker context', async () => {
    writeContext('far', 'unix:///far.sock');
    const env = { DOCKER_HOST: 'unix:///env.sock' };
    expect(await discoverEngines('/named.sock', around(env))).toEqual([
      { url: 'unix:///named.sock', foundBy: '--engine' },
    ]);
    expect(await discoverEngines(undefined, around(env))).toEqual([
      { url: 'unix:///env.sock', foundBy: 'DOCKER_HOST' },
    ]);
    expect(await discoverEngines(undefined, around())).toEqual([
      { url: 'unix:///far.sock', foundBy: 'docker context far' },
    ]);
  });

  it('follows DOCKER_CONTEXT before the file, and says when a context is not there', async () => {
    writeContext('a', 'unix:///a.sock');
    writeContext('b', 'unix:///b.sock');
    expect((await discoverEngines(undefined, around({ DOCKER_CONTEXT: 'a' })))[0]?.url).toBe('unix:///a.sock');
    expect(await codeOf(() => discoverEngines(undefined, around({ DOCKER_CONTEXT: 'gone' })))).toBe(
      'engine-address-refused',
    );
  });

  it('looks at the usual sockets when nobody says, and survives a broken config.json', async () => {
    mkdirSync(join(home, '.docker/run'), { recursive: true });
    writeFileSync(join(home, '.docker/config.json'), '{ not json');
    const path = join(home, '.docker/run/docker.sock');
    const server = createServer().listen(path);
    const found = await discoverEngines(undefined, around());
    expect(found.map((endpoint) => endpoint.url)).toContain(`unix://${path}`);
    server.close();
    expect(usualAddresses(around({ XDG_RUNTIME_DIR: '/run/user/7' }))).toContain('unix:///run/user/7/docker.sock');
    expect(usualAddresses({ ...around(), platform: 'win32', uid: null })[0]).toBe('npipe:////./pipe/docker_engine');
  });

  it('gives TLS its folder, and only where it is asked for', async () => {
    const [plain] = await discoverEngines('tcp://10.1.1.1:2375', around());
    expect(plain).toEqual({ url: 'tcp://10.1.1.1:2375', foundBy: '--engine' });
    const [tls] = await discoverEngines('tcp://10.1.1.1:2376', around());
    expect(tls?.tlsDir).toBe(join(home, '.docker'));
    const [own] = await discoverEngines('tcp://h:2375', around({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' }));
    expect(own?.tlsDir).toBe('/certs');
  });

  it.each(['', 'nonsense', 'ftp://x', 'tcp://', 'unix://relative.sock', 'fd://3', 'http://', 'javascript:alert(1)'])(
    'refuses the address %j',
    async (text) => {
      expect(await codeOf(() => parseAddress(text, '--engine'))).toBe('engine-address-refused');
    },
  );

  it('never keeps a password', () => {
    expect(parseAddress('ssh://me:hush@host', '--engine').url).toBe('ssh://me@host');
    expect(parseAddress('tcp://me:hush@host:2376', '--engine').url).not.toContain('hush');
  });

  it('knows a file and a folder from a socket', async () => {
    const file = join(home, 'plain');
    writeFileSync(file, '');
    expect(await wrongKind({ url: `unix://${file}`, foundBy: 'x' })).toBe('an ordinary file');
    expect(await wrongKind({ url: `unix://${home}`, foundBy: 'x' })).toBe('a folder');
    expect(await wrongKind({ url: `unix://${home}/none`, foundBy: 'x' })).toBeNull();
  });
});

describe('starting an engine', () => {
  const system = { url: 'unix:///var/run/docker.sock', foundBy: 'x' };
  it.each([
    ['root with systemd', system, { uid: 0 }, true, ['systemctl', 'service']],
    ['root without systemd', system, { uid: 0 }, false, ['service']],
    ['an ordinary account', system, { uid: 1000 }, true, []],
    [
      'a rootless engine',
      { url: 'unix:///run/user/1000/docker.sock', foundBy: 'x' },
      { uid: 1000 },
      true,
      ['systemctl'],
    ],
    ['another socket of root', { url: 'unix:///tmp/x.sock', foundBy: 'x' }, { uid: 0 }, true, []],
    ['a Mac', system, { platform: 'darwin' as const }, false, ['open']],
  ])('%s', (_name, endpoint, more, systemd, commands) => {
    const found = startCommands(
      endpoint,
      { env: {}, home: '/home/me', platform: 'linux', uid: 1000, ...more },
      systemd,
    );
    expect(found.map(([command]) => command)).toEqual(commands);
  });
});
