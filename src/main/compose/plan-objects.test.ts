/** Networks and volumes of a plan: made anew, moved, kept, or only told about. */
import { describe, expect, it } from 'vitest';
import {
  actualOf,
  container,
  labelled,
  networkOf,
  options,
  projectOf,
  service,
  volumeOf,
} from '../../../tests/unit/shop-project.ts';
import type { JsonObject } from '../engine/engine-client.ts';
import type { ActualContainer, ActualObject } from './actual.ts';
import { networkHash, volumeHash } from './config-hash.ts';
import type { ComposeNetwork, ComposeProject, ComposeVolume } from './model.ts';
import { makePlan } from './plan.ts';

const withNetwork = (more: Partial<ComposeNetwork>) =>
  projectOf({ web: service() }, { networks: { default: { name: 'shop_default', ipam: {}, ...more } } });
const withVolume = (more: Partial<ComposeVolume> = {}) =>
  projectOf(
    { web: service({ volumes: [{ type: 'volume', source: 'data', target: '/data' }] }) },
    { volumes: { data: { name: 'shop_data', ...more } } },
  );

describe('networks of a plan', () => {
  const plan = (project: ComposeProject, network: ActualObject, containers = [container('web')]) =>
    makePlan(project, actualOf(containers, { networks: [network] }), options);

  it.each<[string, Partial<ComposeNetwork>, JsonObject, string]>([
    ['internal', { internal: true }, {}, 'internal: false -> true'],
    ['no longer internal', {}, { Internal: true }, 'internal: true -> false'],
    ['attachable', { attachable: true }, {}, 'attachable: false -> true'],
    ['ipv6', { enable_ipv6: true }, {}, 'enable_ipv6: false -> true'],
    ['the driver', { driver: 'macvlan' }, {}, 'driver: "bridge" -> "macvlan"'],
    ['an option', { driver_opts: { mtu: '1400' } }, { Options: { mtu: '1500' } }, 'driver_opts.mtu: "1500" -> "1400"'],
    [
      'the subnet',
      { ipam: { config: [{ subnet: '172.30.0.0/24' }] } },
      {},
      'ipam.config.subnet: "172.20.0.0/16" -> "172.30.0.0/24"',
    ],
    [
      'the gateway',
      { ipam: { config: [{ subnet: '172.20.0.0/16', gateway: '172.20.0.9' }] } },
      { IPAM: { Config: [{ Subnet: '172.20.0.0/16', Gateway: '172.20.0.1' }] } },
      'ipam.config.gateway: "172.20.0.1" -> "172.20.0.9"',
    ],
    ['a label', { labels: { tier: 'back' } }, {}, 'labels.tier: (not set) -> "back"'],
  ])('makes one anew whose settings changed: %s', (_, model, raw, line) => {
    const planned = plan(withNetwork(model), networkOf(raw));
    expect(planned.networks[0]).toMatchObject({ action: 'recreate', diff: [line], reason: 'its settings changed' });
    expect(planned.networks[0]?.moves.map(({ name }) => name)).toEqual(['shop-web-1']);
    expect(planned.services[0]?.containers[0]?.action).toBe('keep');
    expect(planned.writes).toBe(true);
  });

  it.each<[string, Partial<ComposeNetwork>, JsonObject]>([
    ['what the engine chose itself', {}, { Options: { 'com.docker.network.driver.mtu': '1500' } }],
    ['the same default, spelled out', { driver: 'bridge', ipam: { driver: 'default' } }, {}],
    [
      'the same address, spelled otherwise',
      { enable_ipv6: true, ipam: { config: [{ subnet: 'FD00:0:0:1::/64', gateway: 'fd00:0:0:1:0::1' }] } },
      { EnableIPv6: true, IPAM: { Config: [{ Subnet: 'fd00:0:0:1::/64', Gateway: 'fd00::1:0:0:0:1' }] } },
    ],
    ['a gateway that the file leaves open', { ipam: { config: [{ ip_range: '172.20.5.0/24' }] } }, {}],
  ])('does not touch one that cannot be told apart: %s', (_, model, raw) => {
    expect(plan(withNetwork(model), networkOf(raw)).writes).toBe(false);
  });

  it('believes the hash of a Compose whose hash it knows, in both directions', () => {
    const model = { name: 'shop_default', ipam: {} };
    const of = (hash: string, version: string, raw: JsonObject = {}) =>
      plan(
        withNetwork({}),
        networkOf(
          raw,
          labelled('network', 'default', {
            'com.docker.compose.config-hash': hash,
            'com.docker.compose.version': version,
          }),
        ),
      ).networks[0];
    // What can be seen may be of a newer engine's making; the hash says that the file is the same.
    expect(of(networkHash(model), '2.40.3', { Attachable: true })?.action).toBe('keep');
    expect(of('0'.repeat(64), '2.40.3')).toMatchObject({
      action: 'recreate',
      diff: ['a value that the engine does not show changed'],
    });
    // Of a version that nobody knows: only what can be seen counts.
    expect(of('0'.repeat(64), 'podman')?.action).toBe('keep');
    expect(of('0'.repeat(64), 'podman', { Internal: true })?.action).toBe('recreate');
  });

  it('moves all of the project that stays, whatever was asked for, and not what goes', () => {
    const project = projectOf(
      { web: service(), other: service() },
      { networks: { default: { name: 'shop_default', ipam: {}, internal: true } } },
    );
    const found = actualOf([container('web', 1), container('web', 2), container('other'), container('gone')]);
    const planned = makePlan(project, found, { ...options, services: ['web'] });
    expect(planned.networks[0]?.moves.map(({ name }) => name)).toEqual(['shop-web-1', 'shop-other-1', 'shop-gone-1']);
    expect(planned.removals.map(({ container: { name } }) => name)).toEqual(['shop-web-2']);
  });

  it('refuses a name that a network of nobody has, and takes one of another project as it is', () => {
    expect(() => plan(withNetwork({}), networkOf({}, {} as never))).toThrow('The network name shop_default is taken');
    const others = networkOf(
      { Internal: true },
      labelled('network', 'default', { 'com.docker.compose.project': 'p2' }),
    );
    const planned = plan(withNetwork({}), others);
    expect(planned.writes).toBe(false);
    expect(planned.warnings[0]).toContain('belongs to the project p2');
  });

  it('drops the twin that no container is on', () => {
    const twin = { ...networkOf(), id: 'm' };
    const planned = makePlan(withNetwork({}), actualOf([container('web')], { networks: [twin, networkOf()] }), options);
    expect(planned.networks[0]).toMatchObject({ id: 'n', action: 'keep', twins: ['m'] });
    expect(planned.writes).toBe(false);
  });

  it.each<[string, Partial<ActualContainer>, string]>([
    ['off it', { networks: { bridge: 'b' } }, 'it is not on the network shop_default'],
    ['on one that is gone', { networks: { shop_default: 'older' } }, 'its network shop_default is gone'],
  ])('replaces a container that is %s', (_, more, reason) => {
    const planned = plan(withNetwork({}), networkOf(), [container('web', 1, more)]);
    expect(planned.services[0]?.containers[0]?.reason).toContain(reason);
    expect(planned.services[0]?.containers[0]?.action).toBe('recreate');
  });

  it.each<[string, ActualContainer['networks']]>([
    ['made, and never started', { shop_default: '' }],
    ['of an engine that does not say', null],
  ])('keeps a container %s', (_, networks) => {
    expect(plan(withNetwork({}), networkOf(), [container('web', 1, { networks })]).writes).toBe(false);
  });
});

describe('volumes of a plan', () => {
  const plan = (project: ComposeProject, volumes: ActualObject[], mounted: string[] | null = ['shop_data']) =>
    makePlan(project, actualOf([container('web', 1, { volumes: mounted })], { volumes }), options);

  it.each<[string, Partial<ComposeVolume>, ActualObject, string]>([
    ['driver', { driver: 'nfs' }, volumeOf('data'), 'driver: "local" -> "nfs"'],
    [
      'option',
      { driver_opts: { type: 'tmpfs' } },
      volumeOf('data', { Options: { type: 'nfs' } }),
      'driver_opts.type: "nfs" -> "tmpfs"',
    ],
    ['label', { labels: { a: '1' } }, volumeOf('data'), 'labels.a: (not set) -> "1"'],
    [
      'hash',
      {},
      volumeOf(
        'data',
        {},
        labelled('volume', 'data', {
          'com.docker.compose.config-hash': '0'.repeat(64),
          'com.docker.compose.version': '2.40.3',
        }),
      ),
      'does not show',
    ],
    ['owner', {}, volumeOf('data', {}, {} as never), 'no Compose project'],
  ])('says that its %s differs, and touches nothing', (_, model, found, words) => {
    const planned = plan(withVolume(model), [found]);
    expect(planned.writes).toBe(false);
    expect(planned.volumes[0]).toMatchObject({ action: 'keep' });
    expect(planned.volumes[0]?.note).toContain(words);
    expect(planned.warnings.join()).toContain('shop_data');
  });

  it('says nothing where nothing differs', () => {
    const hashed = labelled('volume', 'data', { 'com.docker.compose.config-hash': volumeHash({ name: 'shop_data' }) });
    for (const found of [volumeOf('data'), volumeOf('data', {}, hashed)]) {
      const planned = plan(withVolume(), [found]);
      expect(planned.volumes[0]).toMatchObject({ action: 'keep', note: null });
      expect(planned.warnings).toEqual([]);
    }
  });

  it('replaces a container that is on another volume than the one its key now stands for', () => {
    const planned = plan(withVolume({ name: 'other', external: true }), []);
    expect(planned.services[0]?.containers[0]).toMatchObject({
      action: 'recreate',
      reason: 'it is not on the volume other',
    });
    expect(planned.volumes[0]?.action).toBe('keep');
    expect(plan(withVolume({ name: 'other', external: true }), [], null).writes).toBe(false);
  });
});
