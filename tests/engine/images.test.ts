/**
 * The images as a stack meets them: got through the catalog, then run hardened, as a user without a name, and asked
 * for what the official images promise. Needs an engine; builds what is missing.
 */
import { randomBytes } from 'node:crypto';
import { chown, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Environment, openEnvironment } from '../../src/main/config/environment.ts';
import { readState } from '../../src/main/config/environment-state.ts';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import type { EngineClient, ExecResult, JsonObject } from '../../src/main/engine/engine-client.ts';
import { serviceImages } from '../../src/main/stack/image-recipes.ts';
import { createImageCatalog } from '../../src/main/stack/images.ts';
import type { StackImages } from '../../src/main/stack/stack-images.ts';
import { toProblem } from '../../src/shared/model/problem.ts';
import { composeProject } from '../fakes/compose-project.ts';

const project = `quayside-test-images-${randomBytes(3).toString('hex')}`;
const owner = { project };
const uid = process.getuid?.() === 0 ? 1000 : (process.getuid?.() ?? 1000);
const never = new AbortController().signal;

let engine: EngineClient;
let dataDir: string;
let environment: Environment;
const refs = new Map<string, string>();
const started: string[] = [];

beforeAll(async () => {
  engine = createDockerEngine({ url: 'unix:///var/run/docker.sock', foundBy: 'test' });
  dataDir = await mkdtemp(join(tmpdir(), 'quayside-images-'));
  environment = await openEnvironment({ dataDir, name: 'images', composeDir: join(process.cwd(), 'compose') });
});

afterAll(async () => {
  for (const id of started) await engine.removeContainer(id, owner, { force: true, volumes: true });
  engine.close();
  await rm(dataDir, { recursive: true, force: true });
});

const catalog = () => createImageCatalog({ engine: () => engine, environment });

const anyProject = composeProject({});
const needsOf = (images: StackImages) =>
  images.needed(anyProject, new Set(serviceImages.map(({ service }) => service)));

describe('catalog', () => {
  it('gets every image of the core, all at once', { timeout: 900_000 }, async () => {
    const images = catalog();
    const needs = await needsOf(images);
    expect(needs.map((need) => need.service)).toEqual(serviceImages.map((image) => image.service));
    const words: string[] = [];
    await Promise.all(
      needs.map(async (need) => {
        const startedMs = Date.now();
        const listener = {
          onPhase: (phase: string, detail: string) => words.push(`${phase} ${detail}`),
          onProgress: () => undefined,
        };
        const ref = await images.ensure(anyProject, need, listener, never);
        refs.set(need.service, ref);
        const image = await engine.inspectImage(ref);
        expect(image, ref).not.toBeNull();
        const megabytes = Math.round(Number(image?.Size) / 1e6);
        console.log(`${need.service}: ${ref}, ${megabytes} MB, ${Date.now() - startedMs} ms`);
      }),
    );
    for (const line of words)
      expect(line).toMatch(/^(pulling Asking|building Building [a-z]+ [\d.]+(\. Step \d+ of \d+: .+)?$)/);
    expect((await readState(environment)).images).toEqual(
      Object.fromEntries(serviceImages.map((image) => [image.variable, refs.get(image.service)])),
    );
  });

  it('does nothing the second time, also in another environment', async () => {
    for (const need of await needsOf(catalog())) expect(need).toMatchObject({ action: 'none', present: true });
    const other = await openEnvironment({ dataDir, name: 'other', composeDir: environment.composeDir });
    const images = createImageCatalog({ engine: () => engine, environment: other });
    const phases: string[] = [];
    const listener = { onPhase: (phase: string) => phases.push(phase), onProgress: () => undefined };
    for (const need of await needsOf(images)) {
      expect(await images.ensure(anyProject, need, listener, never)).toBe(refs.get(need.service));
    }
    expect(phases).toEqual([]);
  });

  it('shows the last lines of a recipe that fails, and leaves no image', async () => {
    const redis = refs.get('redis');
    const composeDir = join(dataDir, 'compose');
    await cp(join(environment.composeDir, 'images'), join(composeDir, 'images'), { recursive: true });
    await mkdir(join(composeDir, 'services', 'nlp'), { recursive: true });
    await cp(
      join(environment.composeDir, 'services', 'backend', 'Dockerfile'),
      join(composeDir, 'services/backend/Dockerfile'),
    );
    await writeFile(join(composeDir, 'services/nlp/Dockerfile'), `FROM ${redis}\nRUN echo said before && exit 7\n`);
    const broken = await openEnvironment({ dataDir, name: 'broken', composeDir });
    const images = createImageCatalog({ engine: () => engine, environment: broken });
    const need = (await needsOf(images)).find((candidate) => candidate.service === 'nlp');
    if (need === undefined) throw new Error('no need');
    const failure = await images
      .ensure(anyProject, need, { onPhase: () => undefined, onProgress: () => undefined }, never)
      .catch(toProblem);
    expect(failure).toMatchObject({ code: 'build-failed', service: 'nlp' });
    expect(JSON.stringify(failure)).toContain('said before');
    expect((await readState(broken)).images).toEqual({});
    expect((await needsOf(images)).find((candidate) => candidate.service === 'nlp')?.action).toBe('build');
  });
});

/** Starts a container as compose.yaml would: no root, no capability, nothing writable but what is named. */
async function start(
  service: string,
  options: {
    env?: string[];
    cmd?: string[];
    binds?: string[];
    tmpfs?: Record<string, string>;
    probe: string[];
    user?: number;
  },
): Promise<{ id: string; sh: (script: string) => Promise<ExecResult>; restart: () => Promise<void> }> {
  const ref = refs.get(service);
  if (ref === undefined) throw new Error(`${service} has no image: the catalog failed before`);
  const name = `${project}-${service}-${randomBytes(2).toString('hex')}`;
  const body: JsonObject = {
    Image: ref,
    User: `${options.user ?? uid}:${options.user ?? uid}`,
    Env: options.env ?? [],
    ...(options.cmd ? { Cmd: options.cmd } : {}),
    Labels: { 'com.docker.compose.project': project },
    Healthcheck: { Test: ['CMD', ...options.probe], Interval: 500_000_000, Timeout: 5_000_000_000, Retries: 60 },
    HostConfig: {
      Binds: options.binds ?? [],
      Tmpfs: { '/tmp': 'mode=1777', ...options.tmpfs },
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      ReadonlyRootfs: true,
      Init: true,
      PidsLimit: 256,
      Memory: 1_073_741_824,
    },
  };
  const { id } = await engine.createContainer(name, body);
  started.push(id);
  const healthy = async () => {
    const startedMs = Date.now();
    await engine.startContainer(id, owner);
    await expect
      .poll(async () => (await stateOf(id)).Health?.Status, { timeout: 60_000, interval: 200 })
      .toBe('healthy')
      .catch(async (error: unknown) => {
        throw new Error(`${service} is not healthy:\n${await logsOf(id)}`, { cause: error });
      });
    console.log(`${service}: healthy after ${Date.now() - startedMs} ms`);
  };
  await healthy();
  return {
    id,
    sh: (script) => engine.exec(id, owner, { cmd: ['bash', '-c', script] }),
    async restart() {
      await engine.stopContainer(id, owner);
      await healthy();
    },
  };
}

async function stateOf(id: string): Promise<{ Status?: string; ExitCode?: number; Health?: { Status?: string } }> {
  return ((await engine.inspectContainer(id))?.State ?? {}) as Awaited<ReturnType<typeof stateOf>>;
}

async function logsOf(id: string): Promise<string> {
  const lines: string[] = [];
  const keep = ({ data }: { data: Buffer }) => lines.push(data.toString('utf8'));
  await engine.logs(id, { follow: false, tail: 40 }, keep, never);
  return lines.join('');
}

async function folderFor(name: string, user = uid): Promise<string> {
  const folder = join(dataDir, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (process.getuid?.() === 0) await chown(folder, user, user);
  return folder;
}

async function fileFor(name: string, text: string): Promise<string> {
  const path = join(dataDir, name);
  await writeFile(path, text, { mode: 0o600 });
  if (process.getuid?.() === 0) await chown(path, uid, uid);
  return path;
}

describe('postgres keeps to the contract of the official image', () => {
  it('creates the database under any uid, with a password from a file, and keeps the data', async () => {
    const password = `it's "odd" $HOME \\ ${randomBytes(8).toString('hex')}`;
    const secret = await fileFor('pg-secret', password);
    const script = await fileFor('10-first.sql', 'CREATE TABLE first_run (at timestamptz DEFAULT now());');
    const data = await folderFor('pg');
    const { id, sh, restart } = await start('postgres', {
      env: [
        'POSTGRES_USER=quayside',
        'POSTGRES_DB=papers',
        'POSTGRES_PASSWORD_FILE=/run/secrets/password',
        'POSTGRES_INITDB_ARGS=--auth-host=scram-sha-256',
      ],
      cmd: ['postgres', '-c', 'max_connections=17'],
      binds: [
        `${data}:/var/lib/postgresql/data`,
        `${secret}:/run/secrets/password:ro`,
        `${script}:/docker-entrypoint-initdb.d/10-first.sql:ro`,
      ],
      tmpfs: { '/var/run/postgresql': 'mode=1777' },
      probe: ['pg_isready', '-h', '127.0.0.1', '-U', 'quayside', '-d', 'papers'],
    });
    const sql = async (text: string, withPassword = '"$(cat /run/secrets/password)"') =>
      sh(`PGPASSWORD=${withPassword} psql -h 127.0.0.1 -U quayside -d papers -Atc "${text}"`);
    expect((await sql('INSERT INTO first_run DEFAULT VALUES; SHOW max_connections')).stdout).toContain('17');
    expect((await sql('SELECT 1', 'wrong')).stderr).toContain('password authentication failed');
    expect((await sh('psql -U quayside -d papers -Atc "SELECT 1"')).stdout.trim()).toBe('1');
    expect((await sh('pg_dump -U quayside -Fc papers | head -c 5')).stdout).toBe('PGDMP');
    await restart();
    expect((await sql('SELECT count(*) FROM first_run')).stdout.trim()).toBe('1');
    expect(JSON.stringify(await engine.inspectContainer(id))).not.toContain(password.slice(-16));
  });

  it('refuses to create a database without a password', async () => {
    const { id } = await engine.createContainer(`${project}-refused`, {
      Image: refs.get('postgres') ?? '',
      User: `${uid}:${uid}`,
      Labels: { 'com.docker.compose.project': project },
      HostConfig: { Tmpfs: { '/var/lib/postgresql/data': 'mode=1777' } },
    });
    started.push(id);
    await engine.startContainer(id, owner);
    await expect.poll(async () => (await stateOf(id)).Status, { timeout: 20_000 }).toBe('exited');
    expect(await stateOf(id)).toMatchObject({ ExitCode: 1 });
    expect(await logsOf(id)).toContain('POSTGRES_PASSWORD');
  });
});

describe('redis keeps to the contract of the official image', () => {
  it('takes a configuration file, asks for its password, and keeps the data', async () => {
    const config = await fileFor('redis.conf', 'requirepass open-sesame\nappendonly yes\ndir /data\n');
    const { sh, restart } = await start('redis', {
      cmd: ['redis-server', '/run/secrets/redis.conf'],
      binds: [`${await folderFor('redis')}:/data`, `${config}:/run/secrets/redis.conf:ro`],
      probe: ['bash', '-c', 'REDISCLI_AUTH=open-sesame redis-cli -h 127.0.0.1 ping | grep PONG'],
    });
    expect((await sh('redis-cli ping')).stdout).toContain('NOAUTH');
    await sh('REDISCLI_AUTH=open-sesame redis-cli set key value');
    await restart();
    expect((await sh('REDISCLI_AUTH=open-sesame redis-cli get key')).stdout.trim()).toBe('value');
  });
});

/** A request from inside: the official image of Qdrant has bash and nothing that speaks HTTP. */
function http(port: number, method: string, path: string, headers: string[] = [], body = ''): string {
  const lines = [
    `${method} ${path} HTTP/1.0`,
    ...headers,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
  ];
  const text = `${lines.join('\\r\\n')}\\r\\n\\r\\n${body.replaceAll('"', '\\"')}`;
  return `exec 3<>/dev/tcp/127.0.0.1/${port} && printf "${text}" >&3 && cat <&3`;
}

describe('qdrant keeps to the contract of the official image', () => {
  it('runs under any uid, asks for its key, and writes snapshots where it is told', async () => {
    const config = await fileFor('qdrant.yaml', 'service:\n  api_key: open-sesame\n  enable_cors: false\n');
    const { sh, restart } = await start('qdrant', {
      env: ['QDRANT_INIT_FILE_PATH=/qdrant/storage/.qdrant-initialized'],
      cmd: ['./entrypoint.sh'],
      binds: [
        `${config}:/qdrant/config/local.yaml:ro`,
        `${await folderFor('qdrant')}:/qdrant/storage`,
        `${await folderFor('qdrant-snapshots')}:/qdrant/snapshots`,
      ],
      probe: ['bash', '-c', `${http(6333, 'GET', '/readyz')} | grep ' 200 '`],
    });
    const key = ['api-key: open-sesame'];
    expect((await sh(http(6333, 'GET', '/collections'))).stdout).toContain('401');
    const created = await sh(http(6333, 'PUT', '/collections/c', key, '{"vectors":{"size":4,"distance":"Cosine"}}'));
    expect(created.stdout).toContain('"result":true');
    expect((await sh(http(6333, 'POST', '/collections/c/snapshots', key))).stdout).toContain('.snapshot');
    expect((await sh('ls /qdrant/snapshots/c')).stdout).toContain('.snapshot');
    await restart();
    expect((await sh(http(6333, 'GET', '/collections', key))).stdout).toContain('"name":"c"');
  });
});

describe('nlp', () => {
  it('passes its self-test, answers unit vectors, and refuses who has no token', async () => {
    const token = randomBytes(24).toString('base64url');
    const secret = await fileFor('nlp-token', token);
    const { id, sh } = await start('nlp', {
      env: ['NLP_TOKEN_FILE=/run/secrets/nlp_token', 'MAX_WORKERS=2'],
      binds: [`${secret}:/run/secrets/nlp_token:ro`],
      probe: ['bash', '-c', `${http(8000, 'GET', '/health')} | grep ' 200 '`],
    });
    const auth = [`Authorization: Bearer ${token}`];
    const golden = JSON.parse(
      await readFile('compose/services/nlp/quayside_nlp/golden/all-MiniLM-L6-v2.json', 'utf8'),
    ) as {
      entries: { text: string; vector: number[]; tokens: number }[];
    };
    const entry = golden.entries[1];
    if (entry === undefined) throw new Error('no golden vectors');
    const { stdout } = await sh(http(8000, 'POST', '/v1/embed', auth, JSON.stringify({ inputs: [entry.text] })));
    const answer = JSON.parse(stdout.slice(stdout.indexOf('\r\n\r\n'))) as { vectors: number[][]; tokens: number[] };
    const [vector = []] = answer.vectors;
    const dot = vector.reduce((sum, value, index) => sum + value * (entry.vector[index] ?? 0), 0);
    expect(vector).toHaveLength(384);
    expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    expect(dot).toBeGreaterThan(0.999);
    expect(answer.tokens).toEqual([entry.tokens]);
    expect((await sh(http(8000, 'POST', '/v1/embed', [], '{"inputs":["a"]}'))).stdout).toContain(
      'application/problem+json',
    );
    expect((await sh(http(8000, 'GET', '/metrics'))).stdout).toContain('rag_nlp_ready_workers 2.0');
    const logs = await logsOf(id);
    for (const line of logs.trim().split('\n')) expect(() => JSON.parse(line.slice(line.indexOf('{')))).not.toThrow();
    expect(logs).not.toContain(entry.text);
    expect(logs).not.toContain(token);
  });
});
