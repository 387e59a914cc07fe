import { mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toProblem } from '../../shared/model/problem.ts';
import { containerOwner, defaultDataDir, openEnvironment, volumeFolders } from './environment.ts';
import { readState, updateState } from './environment-state.ts';
import { readSecret, redactor, secretNames } from './secrets.ts';
import { composeVariables, writeComposeEnv } from './variables.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await realpath(await mkdtemp(join(tmpdir(), 'quayside-config-')));
});
afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

const open = (name = 'dev') => openEnvironment({ dataDir, name, composeDir: '/opt/quayside/compose' });

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return toProblem(error).code;
  }
  return 'none';
}

describe('openEnvironment', () => {
  it('makes folders and secrets that only their owner reads', async () => {
    const environment = await open();
    for (const folder of volumeFolders) {
      const made = await stat(join(environment.volumesDir, folder));
      expect(made.mode & 0o777).toBe(0o700);
      if (process.platform === 'linux') expect(made.uid).toBe(environment.owner.uid);
    }
    for (const name of [...secretNames, 'redis.conf', 'qdrant.yaml']) {
      const file = await stat(join(environment.secretsDir, name));
      expect(file.mode & 0o777).toBe(0o600);
      if (process.platform === 'linux') expect(file.uid).toBe(environment.owner.uid);
    }
    const values = await Promise.all(secretNames.map((name) => readSecret(environment, name)));
    expect(new Set(values).size).toBe(secretNames.length);
    for (const value of values) expect(Buffer.from(value, 'base64url')).toHaveLength(32);
    expect(await readFile(join(environment.secretsDir, 'redis.conf'), 'utf8')).toContain(`requirepass ${values[1]}`);
    expect(await readFile(join(environment.secretsDir, 'qdrant.yaml'), 'utf8')).toContain(`api_key: "${values[2]}"`);
  });

  it('changes nothing when opened again, also by two at once', async () => {
    const [first, second] = await Promise.all([open(), open()]);
    const secret = await readSecret(first, 'backend_token');
    expect(await readSecret(second, 'backend_token')).toBe(secret);
    const inode = (await stat(join(first.secretsDir, 'redis.conf'))).ino;
    expect(await readSecret(await open(), 'backend_token')).toBe(secret);
    expect((await stat(join(first.secretsDir, 'redis.conf'))).ino).toBe(inode);
  });

  it('tells data folders apart in the project name', async () => {
    const dev = await open();
    expect(dev.project).toMatch(/^quayside-dev-[0-9a-f]{6}$/);
    const other = await openEnvironment({ dataDir: join(dataDir, 'other'), name: 'dev', composeDir: '.' });
    expect(other.project).not.toBe(dev.project);
    expect(other.composeFiles).toEqual([join(process.cwd(), 'compose.yaml')]);
  });

  it.each(['', 'Dev', '-dev', 'a/b', '..', 'a'.repeat(32), 'dev\n'])('refuses the name %j', async (name) => {
    expect(await codeOf(open(name))).toBe('environment-name');
  });

  it('says when the data folder is a file', async () => {
    await writeFile(join(dataDir, 'file'), '');
    const work = openEnvironment({ dataDir: join(dataDir, 'file'), name: 'dev', composeDir: '.' });
    expect(await codeOf(work)).toBe('data-folder');
  });

  it('never makes a new password for an existing database', async () => {
    const environment = await open();
    await mkdir(join(environment.volumesDir, 'postgres'), { recursive: true });
    await writeFile(join(environment.volumesDir, 'postgres', 'PG_VERSION'), '17\n');
    await rm(join(environment.secretsDir, 'postgres_password'));
    expect(await codeOf(open())).toBe('secret-missing');
    await writeFile(join(environment.secretsDir, 'nlp_token'), '\n');
    expect(await codeOf(readSecret(environment, 'nlp_token'))).toBe('secret-unreadable');
  });
});

describe('where and who', () => {
  it.each([
    ['linux', { XDG_DATA_HOME: '/data' }, '/data/quayside'],
    ['linux', {}, '/home/p/.local/share/quayside'],
    ['darwin', {}, '/home/p/Library/Application Support/Quayside'],
    ['win32', { APPDATA: '/roaming' }, '/roaming/Quayside'],
  ] as const)('%s with %j keeps data in %s', (platform, variables, expected) => {
    expect(defaultDataDir(platform, variables, '/home/p')).toBe(expected);
  });

  it('runs containers as the person, never as root', () => {
    expect(containerOwner('linux', 1234, 100)).toEqual({ uid: 1234, gid: 100 });
    expect(containerOwner('linux', 0, 0)).toEqual({ uid: 1000, gid: 1000 });
    expect(containerOwner('darwin', 501, 20)).toEqual({ uid: 1000, gid: 1000 });
  });
});

describe('state', () => {
  it('is empty at first, remembers, and loses no change of many at once', async () => {
    const environment = await open();
    expect((await readState(environment)).ports).toEqual({});
    const names = Array.from({ length: 20 }, (_, index) => `service-${index}`);
    await Promise.all(
      names.map((name, index) =>
        updateState(environment, (state) => ({ ...state, ports: { ...state.ports, [name]: 8000 + index } })),
      ),
    );
    expect(Object.keys((await readState(environment)).ports)).toHaveLength(20);
  });

  it('goes on after a change that throws, and refuses a port that is none', async () => {
    const environment = await open();
    await expect(updateState(environment, (state) => ({ ...state, ports: { backend: 70_000 } }))).rejects.toThrow();
    const next = await updateState(environment, (state) => ({ ...state, ports: { backend: 7421 } }));
    expect(next.ports).toEqual({ backend: 7421 });
  });

  it('sets a damaged file aside', async () => {
    const environment = await open();
    await writeFile(join(environment.root, 'environment.json'), '{"ports": {"backend": "x"');
    expect((await readState(environment)).images).toEqual({});
    expect(await readFile(join(environment.root, 'environment.json.broken'), 'utf8')).toContain('"x"');
  });
});

describe('compose variables', () => {
  it('holds paths, owner, ports and images, and no secret', async () => {
    const environment = await open();
    await updateState(environment, (state) => ({
      ...state,
      ports: { backend: 7421 },
      images: { QUAYSIDE_REDIS_IMAGE: 'redis:8' },
    }));
    const variables = await composeVariables(environment);
    expect(variables).toMatchObject({
      QUAYSIDE_DATA: environment.root,
      QUAYSIDE_BACKEND_PORT: '7421',
      QUAYSIDE_REDIS_IMAGE: 'redis:8',
      QUAYSIDE_UID: String(environment.owner.uid),
    });
    await writeComposeEnv(environment);
    const text = await readFile(environment.composeEnvFile, 'utf8');
    for (const name of secretNames) expect(text).not.toContain(await readSecret(environment, name));
    expect(text).toContain('QUAYSIDE_BACKEND_PORT=7421\n');
  });

  it.each([
    ['a b', "QUAYSIDE_DATA='", " b/dev'"],
    ["it's $5", 'QUAYSIDE_DATA="', 'it\'s \\$5/dev"'],
  ])('quotes the folder %j', async (folder, begin, end) => {
    const environment = await openEnvironment({ dataDir: join(dataDir, folder), name: 'dev', composeDir: '.' });
    await writeComposeEnv(environment);
    const text = await readFile(environment.composeEnvFile, 'utf8');
    expect(text).toContain(begin);
    expect(text).toContain(end);
  });
});

describe('redactor', () => {
  it('blanks every secret, the longer first, and leaves short ones', () => {
    const redact = redactor(['secret-12', 'secret-12345', 'short', 'with.$(x)']);
    expect(redact('a secret-12345 b secret-12 short with.$(x)!')).toBe('a [secret] b [secret] short [secret]!');
  });
});
