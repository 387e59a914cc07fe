import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toProblem } from '../../shared/model/problem.ts';
import { createRegistryLogins, registryOf } from './registry-auth.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-logins-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const base64 = (text: string) => Buffer.from(text).toString('base64');
const decoded = (header: string | undefined): unknown =>
  header === undefined ? undefined : JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));

async function withConfig(config: unknown, timeoutMs = 5000) {
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  await writeFile(join(folder, 'config.json'), text);
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` };
  return createRegistryLogins(folder, { timeoutMs, env });
}

/** A credential helper: a script that gets what it was asked in `$asked`. */
async function helper(name: string, script: string): Promise<void> {
  const path = join(folder, `docker-credential-${name}`);
  await writeFile(path, `#!/bin/sh\n[ "$#" = 1 ] && [ "$1" = get ] || exit 9\nread asked\n${script}\n`);
  await chmod(path, 0o755);
}

describe('the registry of a reference', () => {
  it.each([
    ['postgres', 'docker.io'],
    ['postgres:17', 'docker.io'],
    ['library/postgres', 'docker.io'],
    ['index.docker.io/library/x', 'docker.io'],
    ['localhost/x', 'localhost'],
    ['localhost:5000/x:1', 'localhost:5000'],
    ['registry.example/a/b@sha256:00', 'registry.example'],
    ['10.0.0.1:80/x', '10.0.0.1:80'],
  ])('%s', (ref, registry) => {
    expect(registryOf(ref)).toBe(registry);
  });
});

describe('which login goes to the engine', () => {
  it('is that of the very registry, and of no other', async () => {
    const logins = await withConfig({
      auths: {
        'registry.example': { auth: base64('ann:a:b') },
        'registry.example:5000': { auth: base64('bob:secret') },
        'https://old.example/v1/': { auth: base64('old:secret') },
        'https://index.docker.io/v1/': { identitytoken: 'token' },
      },
    });
    expect(decoded(await logins.forImage('registry.example/x'))).toEqual({
      username: 'ann',
      password: 'a:b',
      serveraddress: 'registry.example',
    });
    expect(decoded(await logins.forImage('registry.example:5000/x'))).toMatchObject({ username: 'bob' });
    expect(decoded(await logins.forImage('old.example/x'))).toMatchObject({ username: 'old' });
    expect(decoded(await logins.forImage('postgres:17'))).toMatchObject({ identitytoken: 'token' });
    for (const other of ['example/x', 'sub.registry.example/x', 'registry.example.evil/x', 'registry.example:5001/x']) {
      const header = await logins.forImage(other);
      expect(JSON.stringify(decoded(header)) ?? '', other).not.toMatch(/secret|a:b/);
    }
    expect(await logins.forImage('registry.example:5001/x')).toBeUndefined();
    expect(decoded(await logins.forBuild(['registry.example:5000/x', 'nobody.example/y']))).toEqual({
      'registry.example:5000': { username: 'bob', password: 'secret', serveraddress: 'registry.example:5000' },
    });
    expect(await logins.forBuild(['scratch.example/x'])).toBeUndefined();
  });

  it.each(['a', 'ab', 'abc', 'abcd'])('is padded, as engines before 23 need it: %s', async (username) => {
    const logins = await withConfig({ auths: { 'registry.example': { auth: base64(`${username}:?>~ü`) } } });
    expect(await logins.forImage('registry.example/x')).toMatch(/^(?:[\w-]{4})*(?:[\w-]{2}==|[\w-]{3}=)?$/);
  });

  it('is none without a config', async () => {
    expect(await createRegistryLogins(join(folder, 'nowhere')).forImage('x')).toBeUndefined();
  });

  it.each([
    ['not JSON', '{"auths": "hunter2', 'not a JSON object'],
    ['a list', '[]', 'not a JSON object'],
    ['a login that is none', { auths: { 'registry.example': { auth: base64('hunter2') } } }, 'user:password'],
  ])('is a Problem where the config is %s', async (_name, config, why) => {
    const found = await (await withConfig(config)).forImage('registry.example/x').catch(toProblem);
    expect(found).toMatchObject({ code: 'registry-config-broken', cause: expect.stringContaining(why) });
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });
});

describe.skipIf(process.platform === 'win32')('a credential helper', () => {
  it('is asked on its standard input, the one of the registry first', async () => {
    await helper('store', 'echo "{\\"Username\\":\\"of-$asked\\",\\"Secret\\":\\"s\\"}"');
    await helper('own', 'echo \'{"Username":"<token>","Secret":"t"}\'');
    const logins = await withConfig({ credsStore: 'store', credHelpers: { 'registry.example': 'own' } });
    expect(decoded(await logins.forImage('other.example/x'))).toEqual({
      username: 'of-other.example',
      password: 's',
      serveraddress: 'other.example',
    });
    expect(decoded(await logins.forImage('postgres'))).toMatchObject({ username: 'of-https://index.docker.io/v1/' });
    expect(decoded(await logins.forImage('registry.example/x'))).toEqual({
      identitytoken: 't',
      serveraddress: 'registry.example',
    });
  });

  it('without a login for the registry leaves the pull to anybody', async () => {
    await helper('store', 'echo "credentials not found in native keychain"; exit 1');
    const logins = await withConfig({ credsStore: 'store', auths: { 'registry.example': {} } });
    expect(await logins.forImage('registry.example/x')).toBeUndefined();
  });

  it.each([
    ['fails', 'echo locked; exit 1', 'locked'],
    ['talks nonsense', 'echo hunter2', 'not JSON'],
    ['talks without end', 'yes hunter2', 'too long'],
    ['hangs', 'exec sleep 60', 'no answer'],
  ])('that %s is a Problem where a login was made, and passed over where none was', async (_name, script, why) => {
    await helper('store', script);
    const config = { credsStore: 'store', auths: { 'registry.example': {} } };
    const logins = await withConfig(config, 400);
    const found = await logins.forImage('registry.example/x').catch(toProblem);
    expect(found).toMatchObject({ code: 'registry-helper-failed', cause: expect.stringContaining(why) });
    expect(JSON.stringify(found)).not.toContain('hunter2');
    expect(await logins.forImage('other.example/x')).toBeUndefined();
  });

  it('that is not there, or is no name, is a Problem too', async () => {
    const auths = { 'registry.example': {} };
    for (const credsStore of ['nowhere', '../../bin/evil']) {
      const found = await (await withConfig({ credsStore, auths })).forImage('registry.example/x').catch(toProblem);
      expect(found).toMatchObject({ code: 'registry-helper-failed' });
    }
  });

  it('is left at once on cancel', async () => {
    await helper('store', 'exec sleep 60');
    const controller = new AbortController();
    const logins = await withConfig({ credsStore: 'store' }, 60_000);
    const asked = logins.forImage('x', controller.signal).catch((error: unknown) => error);
    controller.abort('left');
    expect(await asked).toBe('left');
  });
});
