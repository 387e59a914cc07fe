/** The gateway and scaling in the real stack: replicas come and go under requests, and not one request is lost. */
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setCapability } from '../../src/main/config/capabilities.ts';
import { type Core, createCore } from '../../src/main/core.ts';
import type { Operation } from '../../src/shared/model/operation.ts';
import { freePort } from '../free-port.ts';
import { openEngine } from './scratch.ts';

const engine = openEngine();
let core: Core;
let folder: string;
let port: number;

async function done(id: Promise<string>): Promise<Operation> {
  const operation = await core.runner.wait(await id);
  expect(operation.problem).toBeNull();
  expect(operation.state).toBe('done');
  return operation;
}

async function containers(service: string): Promise<string[]> {
  const state = await core.stack.refresh();
  return state.services.find(({ name }) => name === service)?.containers.map(({ id }) => id) ?? [];
}

async function inside(id: string, cmd: string[]): Promise<string> {
  const owner = { project: core.environment.project };
  const { exitCode, stdout, stderr } = await engine.exec(id, owner, { cmd });
  if (exitCode !== 0) throw new Error(`${cmd.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** One request as a client of the stack makes it; answers its status, or the word for what went wrong. */
function get(path: string, headers: Record<string, string> = {}): Promise<number | string> {
  return new Promise((answer) => {
    const call = request({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
      response.resume();
      response.on('end', () => answer(response.statusCode ?? 0));
      response.on('error', (error) => answer(error.message));
    });
    call.on('error', (error) => answer(error.message));
    call.end();
  });
}

/** Asks again and again, two at a time, until told to end; with a pause where the backend counts requests. */
function keepAsking(path: string, pauseMs: number, headers: Record<string, string> = {}) {
  const answers: (number | string)[] = [];
  let ending = false;
  const clients = [0, 1].map(async () => {
    while (!ending) {
      answers.push(await get(path, headers));
      await setTimeout(pauseMs);
    }
  });
  return {
    answers,
    async end() {
      ending = true;
      await Promise.all(clients);
      return answers;
    },
  };
}

/** Embeds from inside the network, as the backend does, until the file /tmp/enough is there. */
const embedder = `
  const { existsSync, readFileSync } = require('node:fs');
  const token = readFileSync('/run/secrets/nlp_token', 'utf8').trim();
  const answers = {};
  let n = 0;
  const one = async () => {
    while (!existsSync('/tmp/enough')) {
      const word = await fetch(process.env.NLP_URL + '/v1/embed', {
        method: 'POST',
        headers: { authorization: 'Bearer ' + token, 'content-type': 'application/json' },
        body: JSON.stringify({ inputs: ['text number ' + n++] }),
      }).then(async (response) => (await response.text(), response.status), (error) => String(error.cause ?? error));
      answers[word] = (answers[word] ?? 0) + 1;
    }
  };
  Promise.all([one(), one(), one()]).then(() => console.log(JSON.stringify(answers)));
`;

/** How many texts a worker has embedded. */
const workDone = async (id: string): Promise<number> =>
  Number(
    await inside(id, [
      'python3',
      '-c',
      "import urllib.request,re;t=urllib.request.urlopen('http://127.0.0.1:8000/metrics').read().decode();" +
        "print(re.search(r'^rag_embedding_texts_total (\\S+)', t, re.M)[1])",
    ]),
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-gateway-'));
  core = await createCore({
    dataDir: join(folder, 'data'),
    environment: 'test',
    composeDir: resolve('compose'),
    samplesDir: resolve('resources/samples'),
    appVersion: '0.0.0',
  });
  await core.monitor.ready(20_000);
  port = await freePort();
  await setCapability(core.environment, 'gateway', true);
  await done(core.lifecycle.start({ ports: { backend: port } }));
}, 900_000);

afterAll(async () => {
  if (core === undefined) return;
  await core.runner.wait(await core.lifecycle.down({ volumes: true }));
  await core.close();
  engine.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the gateway', () => {
  it('is where the backend answers, which publishes nothing itself', async () => {
    const state = await core.stack.refresh();
    expect(state.backendUrl).toBe(`http://127.0.0.1:${port}`);
    expect(state.services.find(({ name }) => name === 'backend')?.ports).toEqual([]);
    expect(await get('/health')).toBe(200);
    expect(await get('/v1/documents')).toBe(401);
    await expect(core.chat.documents()).resolves.toEqual([]);
  });

  it('keeps the name of the host, by which the backend refuses foreign pages', async () => {
    expect(await get('/v1/documents', { host: 'evil.example' })).toBe(403);
  });
});

describe('scaling', () => {
  it('of nlp from 1 to 3 and back loses no embedding, and each worker gets its share', {
    timeout: 300_000,
  }, async () => {
    const [backend = ''] = await containers('backend');
    const embedding = inside(backend, ['node', '-e', embedder]);
    embedding.catch(() => undefined);
    await done(core.lifecycle.scale({ service: 'nlp', replicas: 3 }));
    const workers = await containers('nlp');
    expect(workers).toHaveLength(3);
    for (const worker of workers) {
      await expect.poll(() => workDone(worker), { timeout: 60_000, interval: 1000 }).toBeGreaterThan(20);
    }
    await done(core.lifecycle.scale({ service: 'nlp', replicas: 1 }));
    const [left = '', ...more] = await containers('nlp');
    expect(more).toEqual([]);
    // It goes on for a while with the one that is left.
    const sofar = await workDone(left);
    await expect.poll(() => workDone(left), { timeout: 60_000, interval: 500 }).toBeGreaterThan(sofar + 50);
    await inside(backend, ['node', '-e', "require('node:fs').writeFileSync('/tmp/enough', '')"]);
    const answers = JSON.parse(await embedding) as Record<string, number>;
    expect(Object.keys(answers)).toEqual(['200']);
    expect(answers['200']).toBeGreaterThan(100);
  });

  it('of backend from 1 to 2 and back loses no request', { timeout: 300_000 }, async () => {
    const token = await core.access.token();
    const asking = [keepAsking('/health', 0), keepAsking('/v1/documents', 250, { authorization: `Bearer ${token}` })];
    await done(core.lifecycle.scale({ service: 'backend', replicas: 2 }));
    expect(await containers('backend')).toHaveLength(2);
    const soFar = asking.map(({ answers }) => answers.length);
    await expect
      .poll(() => asking.every(({ answers }, index) => answers.length > (soFar[index] ?? 0) + 20), { timeout: 60_000 })
      .toBe(true);
    await done(core.lifecycle.scale({ service: 'backend', replicas: 1 }));
    const after = asking.map(({ answers }) => answers.length);
    await expect
      .poll(() => asking.every(({ answers }, index) => answers.length > (after[index] ?? 0) + 20), { timeout: 60_000 })
      .toBe(true);
    for (const one of asking) expect(new Set(await one.end())).toEqual(new Set([200]));
  });

  it.each(['postgres', 'redis', 'qdrant', 'gateway'])('of %s is refused, with the reason', async (service) => {
    await expect(core.lifecycle.scale({ service, replicas: 2 })).rejects.toMatchObject({
      problem: { code: 'not-scalable', service, cause: expect.stringMatching(/./) },
    });
  });
});

it('is taken away by the next start once it is off, and the backend publishes again', {
  timeout: 300_000,
}, async () => {
  await setCapability(core.environment, 'gateway', false);
  const plan = await core.lifecycle.plan({});
  expect(plan.removals.map(({ service }) => service).sort()).toEqual(['gateway', 'nlp-gateway']);
  await done(core.lifecycle.start({}));
  const state = await core.stack.refresh();
  expect(state.services.map(({ name }) => name).sort()).toEqual(['backend', 'nlp', 'postgres', 'qdrant', 'redis']);
  expect(state.backendUrl).toBe(`http://127.0.0.1:${port}`);
  expect(await get('/health')).toBe(200);
});
