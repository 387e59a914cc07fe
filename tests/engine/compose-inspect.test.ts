/** What the engine says of containers, networks and volumes, made by Quayside and made by Docker Compose 2.26: the same. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureComposePeer } from '../../scripts/setup/compose-peer.mjs';
import { modelLabel } from '../../src/main/compose/labels.ts';
import { projectLabel } from '../../src/shared/model/compose-labels.ts';
import { freePort } from '../free-port.ts';
import { createScratch, openEngine, type Scratch } from './scratch.ts';
import { stackKinds } from './stack-kinds.ts';
import { ensureTinyImage } from './tiny-image.ts';

const engine = openEngine();
const image = await ensureTinyImage(engine);
const peer = await ensureComposePeer();
const idle = `image: "${image}", init: true, command: ["sleep", "1000"]`;
const kinds: Readonly<Record<string, string>> = {
  ...stackKinds(image, await freePort()),
  'limits, rights and names': `services: { a: { ${idle}, mem_limit: 64m, mem_reservation: 32m, cpus: 0.5, cpu_shares: 512, pids_limit: 50, ulimits: { nofile: { soft: 100, hard: 200 }, nproc: 64 }, cap_drop: [ALL], cap_add: [CHOWN], security_opt: ["no-new-privileges:true"], sysctls: { net.ipv4.ip_unprivileged_port_start: 0 }, read_only: true, shm_size: 32m, user: "1000:1000", working_dir: /tmp, hostname: h, domainname: example.org, group_add: ["5"], oom_score_adj: 100, tmpfs: ["/run:size=1m"], ipc: private, userns_mode: host } }`,
  'surroundings and output': `services: { a: { ${idle}, extra_hosts: ["a:10.0.0.1", "b=::1"], dns: [10.0.0.2], dns_search: [example.org], dns_opt: [use-vc], logging: { driver: json-file, options: { max-size: 1m, max-file: "2" } }, restart: "on-failure:3", stop_signal: SIGINT, stop_grace_period: 3s, tty: true, stdin_open: true, labels: { a: b }, annotations: { c: d }, expose: ["1", 2], links: [b] }, b: { ${idle}, restart: always } }`,
  'mounts of every kind': `services: { a: { ${idle}, volumes: ["./host:/a:ro", "named:/b", "named:/c:nocopy", /anonymous, { type: tmpfs, target: /d, tmpfs: { size: 1m, mode: 0700 } }, { type: volume, source: own, target: /e, read_only: true }, { type: bind, source: ./host, target: /f, bind: { propagation: rprivate } }] }, b: { ${idle}, volumes_from: [c] }, c: { ${idle}, volumes: ["named:/b", "./host:/host"] } }
volumes: { named: , own: { name: quayside-test-own-volume, labels: { a: b }, driver_opts: { type: tmpfs, device: tmpfs, o: "size=1m" } } }`,
  'networks of every kind': `services: { a: { ${idle}, networks: { one: { aliases: [x], priority: 5 }, two: { ipv4_address: 10.213.78.9 }, three: } }, b: { ${idle}, network_mode: none }, c: { ${idle}, network_mode: host }, d: { ${idle}, network_mode: "service:a", pid: "service:a" } }
networks: { one: { driver_opts: { com.docker.network.bridge.enable_icc: "false" }, labels: { a: b } }, two: { internal: true, attachable: true, ipam: { config: [{ subnet: 10.213.78.0/24, gateway: 10.213.78.1, ip_range: 10.213.78.0/25, aux_addresses: { h: 10.213.78.5 } }] } }, three: { name: quayside-test-own-network } }`,
};
let scratch: Scratch;

beforeEach(async () => {
  scratch = await createScratch(engine, peer);
  await mkdir(join(scratch.folder, 'host'));
  await writeFile(join(scratch.folder, 'word'), 'the word');
});
afterEach(() => scratch.close());
afterAll(() => engine.close());

/** What is of one container and moment, not of how it was made; and the two labels told in compose-bodies.test.ts. */
const ofTheMoment = new Set([
  'Id',
  'Created',
  'CreatedAt',
  'State',
  'ResolvConfPath',
  'HostnamePath',
  'HostsPath',
  'LogPath',
  'GraphDriver',
  'SandboxID',
  'SandboxKey',
  'ExecIDs',
  'IPPrefixLen',
  'EndpointID',
  'NetworkID',
  'MacAddress',
  'IPAddress',
  'Gateway',
  'Ports',
  'Containers',
  modelLabel,
  'com.docker.compose.version',
]);

async function inspectAll(): Promise<unknown> {
  const filter = [`${projectLabel}=${scratch.project}`];
  const [containers, networks, volumes] = await Promise.all([
    engine.listContainers(filter),
    engine.listNetworks(filter),
    engine.listVolumes(filter),
  ]);
  const names = new Map(containers.map(({ id, name }) => [id, name]));
  const anonymous = new Set<string>();
  const inspected = await Promise.all(containers.map(async ({ id }) => engine.inspectContainer(id)));
  const text = JSON.stringify(
    normal({
      containers: inspected,
      networks: await Promise.all(networks.map(({ Id }) => engine.inspectNetwork(String(Id)))),
      volumes: await Promise.all(volumes.map(({ Name }) => engine.inspectVolume(String(Name)))),
    }),
  );
  // Ids of containers become names, those of anonymous volumes a word: both sides made their own.
  let settled = text;
  for (const [id, name] of names) {
    settled = settled.replaceAll(id, `<${name}>`).replaceAll(`"${id.slice(0, 12)}"`, `"<${name}>"`);
  }
  settled = settled.replaceAll(/(?<=["/])[0-9a-f]{64}(?=["/])/g, (found) => {
    anonymous.add(found);
    return '<anonymous>';
  });
  return sortedLists(JSON.parse(settled));
}

function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !ofTheMoment.has(key));
  const subnets = 'Subnet' in value && String((value as { Subnet: unknown }).Subnet).startsWith('10.213.');
  return Object.fromEntries(
    entries
      // A subnet that the engine picked is another each time.
      .map(([key, entry]) => [key, key === 'Subnet' && !subnets ? 'picked' : normal(entry)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Lists whose order the engine or Compose leaves to chance. */
function sortedLists(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => sortedLists(item));
    const free = [
      '',
      'Env',
      'Binds',
      'Mounts',
      'ExtraHosts',
      'Ulimits',
      'Links',
      'Aliases',
      'containers',
      'networks',
      'volumes',
    ];
    if (!free.includes(key)) return items;
    return items
      .map((item) => JSON.stringify(item))
      .sort()
      .map((item) => JSON.parse(item) as unknown);
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      name,
      name === 'com.docker.compose.depends_on' ? String(entry).split(',').sort() : sortedLists(entry, name),
    ]),
  );
}

describe('inspected', () => {
  it.each(Object.keys(kinds))('§5.0 %s: as of Compose', async (kind) => {
    await scratch.write(kinds[kind] ?? '');
    await scratch.up();
    const ours = await inspectAll();
    await scratch.down();
    await scratch.compose('up', '-d');
    expect(ours).toEqual(await inspectAll());
  });
});
