/** Items 10 to 24 of compose.md, section 5: what an `up` does to what is already there. */
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadProject } from '../../src/main/compose/load.ts';
import type { Plan } from '../../src/main/compose/plan.ts';
import { planView } from '../../src/main/compose/plan-view.ts';
import { planProject } from '../../src/main/stack/converge.ts';
import { asList, asObject, asText } from '../../src/shared/model/json.ts';
import { toProblem } from '../../src/shared/model/problem.ts';
import { createScratch, openEngine, type Scratch } from './scratch.ts';
import { ensureTinyImage, removeTestImage, tarOf } from './tiny-image.ts';

const engine = openEngine();
const image = await ensureTinyImage(engine);
let scratch: Scratch;

beforeEach(async () => {
  scratch = await createScratch(engine);
});
afterEach(() => scratch.close());
afterAll(() => engine.close());

const idle = (more = '') =>
  `{ image: "${image}", init: true, command: ["sleep", "1000"], stop_grace_period: 2s${more} }`;
const problemOf = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => toProblem(error),
  );
const ids = async () =>
  Object.fromEntries(Object.entries(await scratch.containers()).map(([name, { id }]) => [name, id]));
const states = async () =>
  Object.fromEntries(Object.entries(await scratch.containers()).map(([name, { state }]) => [name, state]));

async function plan(more: Parameters<typeof planProject>[2] = {}): Promise<Plan> {
  const project = await loadProject({
    files: [scratch.file],
    projectName: scratch.project,
    variables: {},
    envFiles: [],
  });
  return (await planProject(engine, project, more)).plan;
}
const planned = async (service: string) => (await plan()).services.find(({ name }) => name === service)?.containers[0];
async function actions(more: Parameters<typeof planProject>[2] = {}): Promise<Record<string, string>> {
  const view = planView(await plan(more), []);
  const entries = view.services.flatMap(({ containers }) =>
    containers.map(({ name, action }) => [name.slice(scratch.project.length + 1), action]),
  );
  return Object.fromEntries(entries) as Record<string, string>;
}
async function inspect(name: string) {
  const raw = asObject(await engine.inspectContainer((await ids())[name] ?? `no ${name}`));
  const networks = asObject(asObject(raw.NetworkSettings).Networks);
  return { raw, networks, startedAt: Date.parse(asText(asObject(raw.State).StartedAt)) };
}
const run = async (name: string, ...cmd: string[]) => {
  const { stdout, stderr, exitCode } = await engine.exec(
    (await ids())[name] ?? '',
    { project: scratch.project },
    { cmd },
  );
  if (exitCode !== 0) throw new Error(`${cmd.join(' ')}: ${stderr}`);
  return stdout.trim();
};

describe('what an up does to what is there', () => {
  it('§5.10 a changed variable replaces that service alone; named and anonymous volumes go with it', async () => {
    const yaml = (value: string) => `
services:
  web: ${idle(`, environment: { A: "${value}" }, volumes: ["data:/data", "/anonymous"]`)}
  db: ${idle()}
volumes: { data: {} }
`;
    await scratch.write(yaml('1'));
    await scratch.up();
    await run('web-1', 'sh', '-c', 'echo kept > /data/a; echo kept > /anonymous/a');
    const before = await ids();
    await scratch.write(yaml('2'));
    expect((await planned('web'))?.diff).toEqual(['environment.A: "1" -> "2"']);
    await scratch.up();
    const after = await ids();
    expect(after['db-1']).toBe(before['db-1']);
    expect(after['web-1']).not.toBe(before['web-1']);
    expect(await run('web-1', 'cat', '/data/a', '/anonymous/a')).toBe('kept\nkept');
    const asked = await engine.inspectVolume(`${scratch.project}_data`);
    expect(asked).not.toBeNull();
    // The engine takes away only an anonymous volume that its container was made with; this one was handed on.
    const mounts = asList((await inspect('web-1')).raw.Mounts).map(asObject);
    const handedOn = asText(mounts.find(({ Destination }) => Destination === '/anonymous')?.Name);
    await scratch.down();
    await ask('DELETE', `/volumes/${handedOn}`);
  });

  it('§5.11 a changed depends_on alone replaces nothing', async () => {
    const yaml = (more: string) => `services:\n  web: ${idle(more)}\n  db: ${idle()}\n`;
    await scratch.write(yaml(''));
    await scratch.up({ dialect: 'D36' });
    await scratch.write(yaml(', depends_on: [db], profiles: []'));
    expect(await actions()).toEqual({ 'web-1': 'keep', 'db-1': 'keep' });
  });

  it('§5.12 1, 3 and 1 replicas: the first is never touched; §5.23 the one that is up to date survives', async () => {
    const yaml = (scale: number, a: string) =>
      `services:\n  web: ${idle(`, environment: { A: "${a}" }, deploy: { replicas: ${scale} }`)}\n`;
    await scratch.write(yaml(1, '1'));
    await scratch.up();
    const first = await ids();
    await scratch.write(yaml(3, '1'));
    await scratch.up();
    const three = await ids();
    expect(Object.keys(three).sort()).toEqual(['web-1', 'web-2', 'web-3']);
    expect(three['web-1']).toBe(first['web-1']);
    await scratch.write(yaml(1, '1'));
    await scratch.up();
    expect(await ids()).toEqual(first);
    // Only one is made of the new settings when it is cancelled; scaling down then keeps that one.
    await scratch.write(yaml(2, '1'));
    await scratch.up();
    const two = await ids();
    await engine.removeContainer(two['web-2'] ?? '', { project: scratch.project }, { force: true });
    await scratch.write(yaml(2, '2'));
    const abort = new AbortController();
    const stopFirst = new Proxy(engine, {
      get(target, name: keyof typeof engine) {
        if (name !== 'createContainer') return target[name];
        return async (...args: Parameters<typeof engine.createContainer>) => {
          // The replacement of the first is refused, so that old and new stand side by side.
          if (args[0].includes('_')) throw new Error('no room');
          return target.createContainer(...args);
        };
      },
    });
    await problemOf(scratch.up({ engine: stopFirst, signal: abort.signal }));
    await scratch.write(yaml(1, '2'));
    const view = planView(await plan(), []);
    expect(view.removals.map(({ name }) => name)).toEqual([`${scratch.project}-web-1`]);
    await scratch.up();
    expect(await states()).toEqual({ 'web-2': 'running' });
  });

  it('§5.13 another image under the same name replaces', async () => {
    const tag = `quayside-test/retag:${scratch.project}`;
    const build = (value: string) =>
      engine.buildImage(tarOf({ Dockerfile: `FROM ${image}\nENV BUILT=${value}\n` }), { tag }, () => undefined);
    try {
      await build('1');
      await scratch.write(`services:\n  web: ${idle().replace(image, tag)}\n  db: ${idle()}\n`);
      await scratch.up();
      const before = await ids();
      await build('2');
      expect((await planned('web'))?.reason).toBe('its image changed');
      await scratch.up();
      expect((await ids())['db-1']).toBe(before['db-1']);
      expect(await run('web-1', 'sh', '-c', 'echo $BUILT')).toBe('2');
      expect(await actions()).toEqual({ 'web-1': 'keep', 'db-1': 'keep' });
    } finally {
      await scratch.down();
      await removeTestImage(tag);
    }
  });

  it('§5.14 one that was removed is made again, §5.15 one that was stopped is started, one that is paused runs on', async () => {
    await scratch.write(`services:\n  gone: ${idle()}\n  stopped: ${idle()}\n  paused: ${idle()}\n  kept: ${idle()}\n`);
    await scratch.up();
    const before = await ids();
    const owner = { project: scratch.project };
    await engine.removeContainer(before['gone-1'] ?? '', owner, { force: true });
    await engine.stopContainer(before['stopped-1'] ?? '', owner);
    await ask('POST', `/containers/${before['paused-1']}/pause`);
    expect(await actions()).toEqual({
      'gone-1': 'create',
      'stopped-1': 'start',
      'paused-1': 'unpause',
      'kept-1': 'keep',
    });
    await scratch.up();
    const after = await ids();
    expect(Object.keys(after).filter((name) => after[name] !== before[name])).toEqual(['gone-1']);
    expect(new Set(Object.values(await states()))).toEqual(new Set(['running']));
  });

  it('a paused one that changed is replaced, and one too many goes', async () => {
    const yaml = (a: string, scale: number) =>
      `services:\n  web: ${idle(`, environment: { A: "${a}" }`)}\n  more: ${idle(`, scale: ${scale}`)}\n`;
    await scratch.write(yaml('1', 2));
    await scratch.up();
    const before = await ids();
    for (const name of ['web-1', 'more-2']) await ask('POST', `/containers/${before[name]}/pause`);
    await scratch.write(yaml('2', 1));
    await scratch.up();
    expect(await states()).toEqual({ 'web-1': 'running', 'more-1': 'running' });
    expect((await ids())['web-1']).not.toBe(before['web-1']);
  });

  it('§5.16 what the file no longer names stays, with the file that made it, until it is to go', async () => {
    await scratch.write(`services:\n  web: ${idle()}\n  old: ${idle()}\n`);
    await scratch.up();
    await scratch.write(`services:\n  web: ${idle()}\n`);
    const view = planView(await plan(), []);
    expect(view.orphans).toEqual([{ name: `${scratch.project}-old-1`, service: 'old', files: scratch.file }]);
    expect(view.writes).toBe(false);
    await scratch.up();
    expect(await states()).toEqual({ 'web-1': 'running', 'old-1': 'running' });
    await scratch.up({ removeOrphans: true });
    expect(await states()).toEqual({ 'web-1': 'running' });
  });

  it('§5.17 who wants to be restarted with what it depends on is stopped before and started after', async () => {
    const yaml = (a: string) => `
services:
  db: ${idle(`, environment: { A: "${a}" }`)}
  web: ${idle(', depends_on: { db: { condition: service_started, restart: true } }')}
  other: ${idle(', depends_on: { db: { condition: service_started } }')}
`;
    await scratch.write(yaml('1'));
    await scratch.up();
    const before = await ids();
    const old = await inspect('other-1');
    await scratch.write(yaml('2'));
    expect(await actions()).toEqual({ 'db-1': 'recreate', 'web-1': 'restart', 'other-1': 'keep' });
    await scratch.up();
    const after = await ids();
    expect(after['web-1']).toBe(before['web-1']);
    expect((await inspect('web-1')).startedAt).toBeGreaterThan((await inspect('db-1')).startedAt);
    expect((await inspect('other-1')).startedAt).toBe(old.startedAt);
  });

  it('§5.18 a forced replacement of one leaves what it depends on running', async () => {
    await scratch.write(`services:\n  web: ${idle(', depends_on: [db]')}\n  db: ${idle()}\n`);
    await scratch.up();
    const before = await ids();
    await scratch.up({ services: ['web'], forceRecreate: true });
    const after = await ids();
    expect(after['db-1']).toBe(before['db-1']);
    expect(after['web-1']).not.toBe(before['web-1']);
    expect(await states()).toEqual({ 'web-1': 'running', 'db-1': 'running' });
  });

  it('§5.20 a container whose volume is now another one is replaced', async () => {
    const other = `${scratch.project}-other`;
    await engine.createVolume({ Name: other, Labels: { 'com.docker.compose.project': scratch.project } });
    const yaml = (top: string) => `services:\n  web: ${idle(', volumes: ["data:/data"]')}\nvolumes: { data: ${top} }\n`;
    await scratch.write(yaml('{}'));
    await scratch.up();
    await run('web-1', 'touch', '/data/old');
    await scratch.write(yaml(`{ external: true, name: ${other} }`));
    expect(await planned('web')).toMatchObject({
      action: 'recreate',
      reason: `it is not on the volume ${other}`,
    });
    await scratch.up();
    expect(await run('web-1', 'ls', '/data')).toBe('');
    expect(await actions()).toEqual({ 'web-1': 'keep' });
    expect(await engine.inspectVolume(`${scratch.project}_data`)).not.toBeNull();
  });

  it('§5.21 what no service uses is not made; §5.22 a volume whose settings changed is said and left alone', async () => {
    const yaml = (label: string) =>
      `services:\n  web: ${idle(', volumes: ["data:/data"]')}\nvolumes: { data: { labels: { a: "${label}" } }, unused: {} }\nnetworks: { unused: {} }\n`;
    await scratch.write(yaml('1'));
    await scratch.up();
    const filter = [`com.docker.compose.project=${scratch.project}`];
    expect((await engine.listNetworks(filter)).map(({ Name }) => Name)).toEqual([`${scratch.project}_default`]);
    expect((await engine.listVolumes(filter)).map(({ Name }) => Name)).toEqual([`${scratch.project}_data`]);
    await run('web-1', 'sh', '-c', 'echo precious > /data/a');
    await scratch.write(yaml('2'));
    const view = planView(await plan(), []);
    expect(view.writes).toBe(false);
    expect(view.volumes[0]?.note).toContain('labels.a: "1" -> "2"');
    await scratch.up();
    expect(await run('web-1', 'cat', '/data/a')).toBe('precious');
  });

  it('§5.24 a name that a foreign container has is found before anything is made', async () => {
    await scratch.write(`services:\n  web: ${idle()}\n  db: ${idle()}\n`);
    const name = `${scratch.project}-web-1`;
    const { id } = await engine.createContainer(name, {
      Image: image,
      Cmd: ['sleep', '1000'],
      Labels: { 'com.docker.compose.project': `${scratch.project}x` },
    });
    try {
      const problem = await problemOf(scratch.up());
      expect(problem).toMatchObject({ code: 'name-taken', service: 'web' });
      expect(problem.cause).toContain(`the project ${scratch.project}x`);
      expect(problem.remedies.map(({ command }) => command)).toContain(`docker rm ${name}`);
      expect(await engine.listContainers([`com.docker.compose.project=${scratch.project}`])).toEqual([]);
      expect(await engine.listNetworks([`com.docker.compose.project=${scratch.project}`])).toEqual([]);
    } finally {
      await engine.removeContainer(id, { project: `${scratch.project}x` }, { force: true });
    }
    await scratch.up();
    expect(await states()).toEqual({ 'web-1': 'running', 'db-1': 'running' });
  });

  it('a network name that nobody of Compose has is found before anything is made', async () => {
    await scratch.write(`services:\n  web: ${idle()}\n`);
    await ask('POST', '/networks/create', { Name: `${scratch.project}_default` });
    try {
      const problem = await problemOf(scratch.up());
      expect(problem).toMatchObject({
        code: 'name-taken',
        title: `The network name ${scratch.project}_default is taken`,
      });
      expect(await scratch.containers()).toEqual({});
    } finally {
      await ask('DELETE', `/networks/${scratch.project}_default`);
    }
  });

  it('plans in fewer than ten calls, none of which changes anything', async () => {
    const services = ['a', 'b', 'c', 'd', 'e'].map((name) => `  ${name}: ${idle(', volumes: ["data:/data"]')}\n`);
    await scratch.write(`services:\n${services.join('')}volumes: { data: {} }\n`);
    const calls: string[] = [];
    const counting = new Proxy(engine, {
      get(target, name: keyof typeof engine) {
        calls.push(name);
        return target[name];
      },
    });
    const project = await loadProject({
      files: [scratch.file],
      projectName: scratch.project,
      variables: {},
      envFiles: [],
    });
    await planProject(counting, project, {});
    expect(calls.length).toBeLessThan(10);
    expect(calls.filter((name) => !/^(list|inspect)/.test(name))).toEqual([]);
    expect(await readFile(scratch.file, 'utf8')).toContain('services');
    expect(await scratch.containers()).toEqual({});
  });
});

describe('§5.19 a network whose settings changed', () => {
  const yaml = (net: string, more = '') => `
services:
  web: ${idle(', ports: ["127.0.0.1::7000"], networks: { back: { aliases: [www], ipv4_address: "10.213.7.77" }, side: {} }')}
  db: ${idle(', networks: [back]')}
  stopped: ${idle(', networks: [back]')}
${more}networks: { back: ${net}, side: {} }
`;
  const one = '{ ipam: { config: [{ subnet: "10.213.7.0/25" }] } }';
  const two = '{ ipam: { config: [{ subnet: "10.213.7.0/24" }] }, labels: { size: big } }';

  it('is made anew under its containers, which keep their ids, addresses, names and go on running', async () => {
    await scratch.write(yaml(one));
    await scratch.up();
    const owner = { project: scratch.project };
    const before = await ids();
    await engine.stopContainer(before['stopped-1'] ?? '', owner);
    const startedAt = { web: (await inspect('web-1')).startedAt, db: (await inspect('db-1')).startedAt };
    const old = await engine.inspectNetwork(`${scratch.project}_back`);
    await scratch.write(yaml(two));
    const view = planView(await plan({ services: ['web'] }), []);
    expect(view.networks.find(({ name }) => name.endsWith('_back'))).toMatchObject({
      action: 'recreate',
      diff: ['ipam.config.subnet: "10.213.7.0/25" -> "10.213.7.0/24"', 'labels.size: (not set) -> "big"'],
    });
    expect(view.networks.find(({ name }) => name.endsWith('_back'))?.disconnects.sort()).toEqual(
      ['db-1', 'stopped-1', 'web-1'].map((name) => `${scratch.project}-${name}`),
    );
    await scratch.up({ services: ['web'] });

    const now = await engine.inspectNetwork(`${scratch.project}_back`);
    expect(now?.Id).not.toBe(old?.Id);
    expect(asList(asObject(now?.IPAM).Config).map((pool) => asObject(pool).Subnet)).toEqual(['10.213.7.0/24']);
    expect(await ids()).toEqual(before);
    const web = await inspect('web-1');
    expect([web.startedAt, (await inspect('db-1')).startedAt]).toEqual([startedAt.web, startedAt.db]);
    const endpoint = asObject(web.networks[`${scratch.project}_back`]);
    expect(endpoint).toMatchObject({ IPAddress: '10.213.7.77', NetworkID: now?.Id });
    expect(endpoint.Aliases).toEqual(expect.arrayContaining(['www', 'web', `${scratch.project}-web-1`]));
    expect(Object.keys(web.networks)).toContain(`${scratch.project}_side`);
    // The published port is open again, and the containers can still be reached.
    expect(asList(asObject(asObject(web.raw.NetworkSettings).Ports)['7000/tcp'])).toHaveLength(1);
    expect(await states()).toEqual({ 'web-1': 'running', 'db-1': 'running', 'stopped-1': 'exited' });
    await scratch.up();
    expect(await states()).toEqual({ 'web-1': 'running', 'db-1': 'running', 'stopped-1': 'running' });
    expect(await ids()).toEqual(before);
    expect((await plan()).writes).toBe(false);
  });

  it('is left as it is, and nothing is touched, while containers of others are on it', async () => {
    await scratch.write(yaml(one));
    await scratch.up();
    const before = await ids();
    const old = await engine.inspectNetwork(`${scratch.project}_back`);
    const name = `${scratch.project}-stranger`;
    const { id } = await engine.createContainer(name, {
      Image: image,
      Cmd: ['sleep', '1000'],
      HostConfig: { NetworkMode: `${scratch.project}_back`, Init: true },
      Labels: { 'com.docker.compose.project': `${scratch.project}x` },
    });
    try {
      for (const running of [false, true]) {
        if (running) await engine.startContainer(id, { project: `${scratch.project}x` });
        await scratch.write(yaml(two, `  new: ${idle(', networks: [back]')}\n`));
        const problem = await problemOf(scratch.up());
        expect(problem.code).toBe('network-in-use');
        expect(problem.cause).toContain(name);
        expect(problem.remedies[0]?.command).toBe(`docker network disconnect ${scratch.project}_back ${name}`);
        expect(await ids()).toEqual(before);
        expect((await engine.inspectNetwork(`${scratch.project}_back`))?.Id).toBe(old?.Id);
      }
    } finally {
      await engine.removeContainer(id, { project: `${scratch.project}x` }, { force: true });
    }
  });

  it('that was removed by hand is made again, and what was on it is replaced rather than failing to start', async () => {
    await scratch.write(`services:\n  web: ${idle()}\n`);
    await scratch.up();
    const before = await ids();
    await engine.stopContainer(before['web-1'] ?? '', { project: scratch.project });
    await engine.removeNetwork(`${scratch.project}_default`, { project: scratch.project });
    expect(await actions()).toEqual({ 'web-1': 'recreate' });
    await scratch.up();
    expect(await states()).toEqual({ 'web-1': 'running' });
    expect((await plan()).writes).toBe(false);
  });

  it('that a container was taken off is found: it is replaced', async () => {
    await scratch.write(`services:\n  web: ${idle()}\n  db: ${idle()}\n`);
    await scratch.up();
    const before = await ids();
    await engine.disconnectNetwork(`${scratch.project}_default`, { project: scratch.project }, before['web-1'] ?? '');
    expect(await actions()).toEqual({ 'web-1': 'recreate', 'db-1': 'keep' });
    await scratch.up();
    expect((await plan()).writes).toBe(false);
  });
});

/** What the product has no call for. */
async function ask(method: string, path: string, body?: object): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers = text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': text.length };
    request({ socketPath: '/var/run/docker.sock', method, path, headers }, (response) => {
      response.resume().once('end', () => {
        if ((response.statusCode ?? 500) < 300) resolve();
        else reject(new Error(`${method} ${path}: ${response.statusCode}`));
      });
    })
      .once('error', reject)
      .end(text);
  });
}
