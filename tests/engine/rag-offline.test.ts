/**
 * The whole stack on a network that leads nowhere: documents are read in, searched and answered from, and nothing so
 * much as tries to reach outside. What is watched from the moment the stack is up: every name that a service asks for
 * and every foreign address that it sends to. At the end each watcher is given something to see, so that a silent one
 * proves nothing by its silence.
 */
import { getServers } from 'node:dns';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loadProject } from '../../src/main/compose/load.ts';
import { composeVariables, writeComposeEnv } from '../../src/main/config/variables.ts';
import { type Core, createCore } from '../../src/main/core.ts';
import type { JsonObject } from '../../src/main/engine/engine-client.ts';
import { converge } from '../../src/main/stack/converge.ts';
import { projectContainers } from '../../src/main/stack/teardown.ts';
import { freePort } from '../free-port.ts';

const services = ['postgres', 'redis', 'qdrant', 'nlp', 'backend'] as const;
type Name = (typeof services)[number];
let core: Core;
let folder: string;
/** With Python, which the watchers are written in. */
let image: string;
const ids = new Map<string, string>();
const watchers = new Map<Name, string>();
const owner = () => ({ project: core.environment.project });

/** Prints each name that is asked of the resolver inside the container and each foreign address that is sent to. */
const watcher = `
import ipaddress, os, socket
own = ipaddress.ip_network(os.environ['SUBNET'])
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.ntohs(0x0003))
print('watching', flush=True)
while True:
    packet, (interface, protocol, kind, *_) = s.recvfrom(65535)
    if interface != 'lo' and kind == 4 and protocol in (0x0800, 0x86dd):
        to = ipaddress.ip_address(packet[16:20] if protocol == 0x0800 else packet[24:40])
        if to not in own and not to.is_multicast and not to.is_link_local and str(to) != '255.255.255.255':
            print('left for ' + str(to), flush=True)
    if protocol != 0x0800 or packet[9] != 17: continue
    at = (packet[0] & 15) * 4
    if packet[16:20] != bytes([127, 0, 0, 11]): continue
    data, labels, at = packet[at + 8:], [], 12
    while at < len(data) and data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode('latin1'))
        at += 1 + data[at]
    print('asked ' + '.'.join(labels).lower(), flush=True)
`;

async function exec(id: string, cmd: readonly string[], env: readonly string[] = []): Promise<string> {
  const { exitCode, stdout, stderr } = await core.monitor.client().exec(id, owner(), { cmd, env });
  if (exitCode !== 0) throw new Error(`${stdout}\n${stderr}`);
  return stdout;
}
const idOf = (service: Name): string => ids.get(service) ?? '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quayside-offline-'));
  core = await createCore({
    dataDir: join(folder, 'data'),
    environment: 'test',
    composeDir: resolve('compose'),
    samplesDir: resolve('resources/samples'),
    appVersion: '0.0.0',
  });
  const engine = await core.monitor.ready(20_000);
  const override = join(folder, 'offline.yaml');
  await writeFile(override, 'networks:\n  default:\n    internal: true\n');
  await writeComposeEnv(core.environment);
  const load = async () =>
    loadProject({
      files: [resolve('compose/compose.yaml'), override],
      projectName: core.environment.project,
      variables: { ...(await composeVariables(core.environment)), QUAYSIDE_BACKEND_PORT: String(await freePort()) },
      envFiles: [],
    });
  const signal = new AbortController().signal;
  const model = await load();
  for (const need of await core.images.needed(model, new Set(services)))
    await core.images.ensure(model, need, { onPhase: () => undefined, onProgress: () => undefined }, signal);
  const silent = {
    phase: () => undefined,
    detail: () => undefined,
    done: () => undefined,
    skip: () => undefined,
    fail: () => undefined,
  };
  await converge({
    engine,
    project: await load(),
    dialect: 'D24',
    environmentFiles: [],
    report: () => silent,
    signal,
  });
  for (const { id, name } of await projectContainers(engine, core.environment.project))
    ids.set(services.find((service) => name.endsWith(`-${service}-1`)) ?? name, id);
  image = (((await engine.inspectContainer(idOf('nlp'))) ?? {}) as { Config: { Image: string } }).Config.Image;
  const network = await engine.inspectNetwork(`${core.environment.project}_default`);
  const { Config: ranges } = (network?.IPAM ?? { Config: [] }) as { Config: { Subnet: string }[] };
  const watching = services.map(async (service) => {
    const { id } = await engine.createContainer(`${core.environment.project}-watch-${service}`, {
      Image: image,
      User: '0:0',
      Entrypoint: ['python3', '-c', watcher],
      Cmd: [],
      Env: [`SUBNET=${ranges[0]?.Subnet}`],
      Labels: { 'com.docker.compose.project': core.environment.project },
      HostConfig: { NetworkMode: `container:${idOf(service)}`, CapDrop: ['ALL'], CapAdd: ['NET_RAW'], Init: true },
    } as JsonObject);
    watchers.set(service, id);
    await engine.startContainer(id, owner());
    await vi.waitFor(async () => expect(await said(service)).toContain('watching'), { timeout: 30_000, interval: 200 });
  });
  await Promise.all(watching);
}, 900_000);

afterAll(async () => {
  if (core === undefined) return;
  for (const id of watchers.values())
    await core.monitor
      .client()
      .removeContainer(id, owner(), { force: true })
      .catch(() => undefined);
  await core.runner.wait(await core.lifecycle.down({ volumes: true }));
  await core.close();
  await rm(folder, { recursive: true, force: true });
});

async function said(service: Name): Promise<string[]> {
  const lines: string[] = [];
  const keep = ({ data }: { data: Buffer }): void => void lines.push(data.toString('utf8'));
  await core.monitor
    .client()
    .logs(watchers.get(service) ?? '', { follow: false, tail: 5000 }, keep, new AbortController().signal);
  return lines
    .join('')
    .split('\n')
    .map((line) => line.replace(/^\S+Z /, ''))
    .filter((line) => line !== '');
}
/** Packets that had nowhere to go, of both internet protocols, since the service's network was made. */
async function unroutable(service: Name): Promise<number> {
  const text = await exec(idOf(service), ['cat', '/proc/net/snmp', '/proc/net/snmp6']);
  const [names = [], values = []] = text
    .split('\n')
    .filter((line) => line.startsWith('Ip: '))
    .map((line) => line.split(' '));
  const v6 = /^Ip6OutNoRoutes\s+(\d+)$/m.exec(text)?.[1] ?? '0';
  return Number(values[names.indexOf('OutNoRoutes')]) + Number(v6);
}

/** Looks outside as a service would that should not: a name, and a packet where engines give it a route. */
const look = `
import socket
try: socket.getaddrinfo('telemetry.example', 443)
except OSError: pass
try: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('198.51.100.7', 443))
except OSError: pass
`;

/** Asks each of the addresses a question of the domain name system, twice; prints those that answered. */
const askServers = `
import os, socket
for server in os.environ['SERVERS'].split():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        for attempt in range(2):
            try:
                s.sendto(bytes.fromhex('5157010000010000000000000000020001'), (server, 53))
                s.recvfrom(512)
                print(server)
                break
            except OSError: pass
`;

/** What a person does, from inside: no port of an internal network leads to this machine. */
const journey = `
const headers = { authorization: 'Bearer ' + process.env.TOKEN, 'content-type': 'application/json' };
const call = async (method, path, body) => {
  const response = await fetch('http://localhost:3000' + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const json = await response.json();
  if (!response.ok) throw new Error(path + ' ' + JSON.stringify(json));
  return json;
};
const { job } = await call('POST', '/v1/documents', { title: 'Ropes', text: '# Ropes\\n\\nThe mooring rope of the Halcyon is forty metres long.' });
let state;
const until = Date.now() + 60_000;
do { if (Date.now() > until) throw new Error('not read in: ' + state); state = (await call('GET', '/v1/jobs/' + job.id)).job.state; } while (!/done|failed|cancelled/.test(state));
const { hits } = await call('POST', '/v1/search', { query: 'How long is the rope of the Halcyon?' });
const { id } = await call('POST', '/v1/conversations', {});
const { message } = await call('POST', '/v1/conversations/' + id + '/messages', { question: 'How long is the mooring rope of the Halcyon?' });
const health = await call('GET', '/health');
console.log(JSON.stringify({ state, hit: hits[0]?.text, answer: message.text, health: health.status }));
`;

it('reads in, finds and answers, and nothing looks outside', async () => {
  const token = await core.access.token();
  const output = await exec(idOf('backend'), ['node', '--input-type=module', '-e', journey], [`TOKEN=${token}`]);
  expect(JSON.parse(output)).toEqual({
    state: 'done',
    hit: expect.stringContaining('forty metres'),
    answer: 'The mooring rope of the Halcyon is forty metres long. [1]',
    health: 'healthy',
  });
  const own = new Set<string>(services.map((service) => `asked ${service}`));
  const watched = services.map(async (service) => {
    const withoutRoute = await unroutable(service);
    await exec(watchers.get(service) ?? '', ['python3', '-c', look], ['RES_OPTIONS=timeout:1 attempts:1']);
    // The watcher writes in order: with this seen, all before it has been.
    const lines = await vi.waitFor(
      async () => {
        const all = await said(service);
        expect(all).toContain('asked telemetry.example');
        expect((await unroutable(service)) > 0 || all.includes('left for 198.51.100.7')).toBe(true);
        return all;
      },
      { timeout: 20_000, interval: 200 },
    );
    const before = lines.slice(1, lines.indexOf('asked telemetry.example')).filter((line) => !own.has(line));
    expect([service, before, withoutRoute]).toEqual([service, [], 0]);
  });
  await Promise.all(watched);
});

it('is on internal networks only, and what this machine reaches outside does not answer there', async () => {
  const engine = core.monitor.client();
  const networks = new Set<string>();
  for (const service of services) {
    const { NetworkSettings } = ((await engine.inspectContainer(idOf(service))) ?? {}) as {
      NetworkSettings: { Networks: Record<string, { NetworkID: string }> };
    };
    for (const { NetworkID } of Object.values(NetworkSettings.Networks)) networks.add(NetworkID);
  }
  expect(networks.size).toBe(1);
  for (const id of networks) expect(await engine.inspectNetwork(id)).toMatchObject({ Internal: true });

  const servers = getServers().filter((server) => /^\d+(\.\d+){3}$/.test(server) && !server.startsWith('127.'));
  const env = [`SERVERS=${servers.join(' ')}`];
  const control = await engine.createContainer(`${core.environment.project}-control`, {
    Image: image,
    Entrypoint: ['python3', '-c', askServers],
    Cmd: [],
    Env: env,
    Labels: { 'com.docker.compose.project': core.environment.project },
    HostConfig: { NetworkMode: 'bridge', CapDrop: ['ALL'] },
  } as JsonObject);
  const lines: string[] = [];
  try {
    await engine.startContainer(control.id, owner());
    const keep = ({ data }: { data: Buffer }): void => void lines.push(data.toString('utf8'));
    await engine.logs(control.id, { follow: true, tail: 100 }, keep, AbortSignal.timeout(30_000));
  } finally {
    await engine.removeContainer(control.id, owner(), { force: true });
  }
  // On a machine without any network nothing answers anybody, and the networks' own word has to do.
  console.log(
    `${servers.filter((server) => lines.join('').includes(server)).length} of ${servers.length} answer outside`,
  );
  const inside = (['backend', 'nlp'] as const).map((service) =>
    exec(watchers.get(service) ?? '', ['python3', '-c', askServers], env),
  );
  expect(await Promise.all(inside)).toEqual(['', '']);
});
