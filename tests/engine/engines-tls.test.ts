/** Real engines behind TLS, with an authority of their own: who is let in, and what is said to whoever is not. */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { discoverEngines, type Surroundings } from '../../src/main/engine/discovery.ts';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import type { EngineEndpoint } from '../../src/main/engine/engine-client.ts';
import { ProblemError } from '../../src/shared/model/problem.ts';
import { type Authority, certFolder, createAuthority, type Issued } from './private-certificates.ts';
import { type PrivateEngine, privateEngineMissing, startPrivateEngine } from './private-engine.ts';

const reason = privateEngineMissing();
if (reason !== null) console.warn(`SKIPPED: engines behind TLS: ${reason}`);

describe.skipIf(reason !== null)('an engine behind TLS', () => {
  let engine: PrivateEngine;
  let folder = '';
  let authority: Authority;
  let stranger: Authority;
  let person: Issued;
  let host = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'quayside-test-tls-'));
    authority = createAuthority(folder, 'authority');
    stranger = createAuthority(folder, 'stranger');
    person = authority.issue('person', 'clientAuth');
    // Its address is known only once it has a link; it listens over tcp from its second start on.
    engine = await startPrivateEngine({ link: true });
    host = engine.address?.space ?? '';
  });
  afterAll(async () => {
    await engine?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const listens: Record<string, Promise<number>> = {};
  let nextPort = 2376;
  /** Serves the private engine under a certificate, by a second dockerd's worth of flags: one port each. */
  async function serve(name: string, issued: Issued): Promise<number> {
    listens[name] ??= (async () => {
      const port = nextPort++;
      await engine.stop();
      await engine.start([
        ...['--host', `tcp://0.0.0.0:${port}`, '--tlsverify', '--tlscacert', authority.file],
        ...['--tlscert', issued.cert, '--tlskey', issued.key],
      ]);
      return port;
    })();
    return listens[name];
  }
  const good = () => authority.issue('engine', 'serverAuth', [host, 'engine.test']);
  const folderOf = (name: string, ca: string | null, client: Issued | null) =>
    certFolder(join(folder, name), ca, client, copyFileSync);
  const around = (env: Record<string, string>, home = folder): Surroundings => ({
    env,
    home,
    platform: 'linux',
    uid: 0,
  });

  async function verdict(endpoint: EngineEndpoint | undefined): Promise<string> {
    if (endpoint === undefined) throw new Error('no endpoint');
    const client = createDockerEngine(endpoint, { deadlineMs: 5000 });
    try {
      return (await client.version()).os;
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      expect(error.problem.remedies[0]?.label).toMatch(/\w/);
      return error.problem.code;
    } finally {
      client.close();
    }
  }
  const at = (port: number, tlsDir: string): EngineEndpoint => ({
    url: `tcp://${host}:${port}`,
    foundBy: 'test',
    tlsDir,
  });

  it('lets in whoever has a certificate of its authority, and says what is wrong with anybody else', async () => {
    const port = await serve('good', good());
    expect(await verdict(at(port, folderOf('right', authority.file, person)))).toBe('linux');
    expect(await verdict(at(port, folderOf('wrong-ca', stranger.file, person)))).toBe('engine-tls-untrusted');
    expect(await verdict(at(port, folderOf('no-client', authority.file, null)))).toBe('engine-tls-client-refused');
    const impostor = stranger.issue('impostor', 'clientAuth');
    expect(await verdict(at(port, folderOf('impostor', authority.file, impostor)))).toBe('engine-tls-client-refused');
    const late = authority.issue('late', 'clientAuth', [], -1);
    expect(await verdict(at(port, folderOf('late', authority.file, late)))).toBe('engine-tls-client-refused');
    expect(await verdict(at(port, folderOf('empty', null, null)))).toBe('engine-tls-files');
    const mixed = { cert: person.cert, key: impostor.key };
    expect(await verdict(at(port, folderOf('mixed', authority.file, mixed)))).toBe('engine-tls-files');
    const noKey = folderOf('no-key', authority.file, person);
    rmSync(join(noKey, 'key.pem'));
    expect(await verdict(at(port, noKey))).toBe('engine-tls-files');
    const garbled = folderOf('garbled', authority.file, person);
    writeFileSync(join(garbled, 'cert.pem'), 'not a certificate');
    expect(await verdict(at(port, garbled))).toBe('engine-tls-files');
  });

  it('cannot be told by the environment to leave the check out', async () => {
    const port = await serve('good', good());
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      expect(await verdict(at(port, folderOf('env-wrong', stranger.file, person)))).toBe('engine-tls-untrusted');
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
  });

  it('is found by DOCKER_HOST and DOCKER_CERT_PATH, and by a docker context with its own files', async () => {
    const port = await serve('good', good());
    const certs = folderOf('env', authority.file, person);
    const env = { DOCKER_HOST: `tcp://${host}:${port}`, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certs };
    expect(await verdict((await discoverEngines(undefined, around(env)))[0])).toBe('linux');
    // Without TLS it is not spoken to at all: the address is not of this machine.
    const plain = (await discoverEngines(undefined, around({ DOCKER_HOST: `tcp://${host}:2375` })))[0];
    expect(await verdict(plain)).toBe('engine-address-refused');

    const home = join(folder, 'home');
    const context = (name: string, skip: boolean) => {
      const id = createHash('sha256').update(name).digest('hex');
      const meta = join(home, '.docker/contexts/meta', id);
      mkdirSync(meta, { recursive: true });
      const docker = { Host: `tcp://${host}:${port}`, SkipTLSVerify: skip };
      writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker } }));
      return join(home, '.docker/contexts/tls', id, 'docker');
    };
    certFolder(context('safe', false), authority.file, person, copyFileSync);
    certFolder(context('careless', true), authority.file, person, copyFileSync);
    const by = (name: string) => discoverEngines(undefined, around({ DOCKER_CONTEXT: name }, home));
    expect(await verdict((await by('safe'))[0])).toBe('linux');
    await expect(by('careless')).rejects.toMatchObject({ problem: { code: 'engine-address-refused' } });
  });

  it('must itself be the host it is taken for, and in time', async () => {
    const elsewhere = await serve('elsewhere', authority.issue('elsewhere', 'serverAuth', ['other.test']));
    const certs = folderOf('again', authority.file, person);
    expect(await verdict(at(elsewhere, certs))).toBe('engine-tls-wrong-name');
    const expired = await serve('expired', authority.issue('old', 'serverAuth', [host], -1));
    expect(await verdict(at(expired, certs))).toBe('engine-tls-expired');
  });

  it('has to speak TLS', async () => {
    await engine.stop();
    await engine.start(['--host', 'tcp://0.0.0.0:2399', '--tls=false']);
    expect(await verdict(at(2399, folderOf('plain', authority.file, person)))).toBe('engine-tls-not-spoken');
  });
});
