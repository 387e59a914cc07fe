import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../engine/engine-client.ts';
import type { ActualContainer, ActualObject, ActualState } from './actual.ts';
import { networkHash, serviceHashes, volumeHash } from './config-hash.ts';
import { modelLabel } from './labels.ts';
import type { ComposeNetwork, ComposeProject, ComposeService, ComposeVolume } from './model.ts';
import { describeModel } from './model-diff.ts';
import { makePlan } from './plan.ts';

const service = (more: Partial<ComposeService> = {}): ComposeService => ({
  command: null,
  entrypoint: null,
  image: 'tiny',
  networks: { default: null },
  ...more,
});
const projectOf = (services: Record<string, ComposeService>, more: Partial<ComposeProject> = {}): ComposeProject => ({
  name: 'shop',
  workingDir: '/srv',
  files: [],
  environment: {},
  profiles: [],
  services,
  disabledServices: {},
  networks: { default: { name: 'shop_default', ipam: {} } },
  volumes: {},
  secrets: {},
  configs: {},
  extensions: {},
  warnings: [],
  ...more,
});
const container = (name: string, number = 1, more: Partial<ActualContainer> = {}): ActualContainer => ({
  id: `${name}-${number}-id`.padEnd(64, '0'),
  name: `shop-${name}-${number}`,
  service: name,
  number,
  state: 'running',
  health: 'none',
  exitCode: null,
  configHash: 'current',
  imageId: 'sha256:tiny',
  dependsOn: [],
  networks: { shop_default: 'n' },
  volumes: [],
  labels: {},
  createdAtMs: number,
  ...more,
});
const labelled = (kind: 'network' | 'volume', key: string, more: Record<string, string> = {}) => ({
  'com.docker.compose.project': 'shop',
  [`com.docker.compose.${kind}`]: key,
  ...more,
});
const networkOf = (
  more: JsonObject = {},
  labels = labelled('network', 'default'),
  name = 'shop_default',
): ActualObject => ({
  id: 'n',
  name,
  key: labels['com.docker.compose.network'] ?? null,
  project: labels['com.docker.compose.project'] ?? null,
  labels,
  raw: { Driver: 'bridge', Options: {}, IPAM: { Driver: 'default', Config: [{ Subnet: '172.20.0.0/16' }] }, ...more },
});
const volumeOf = (key: string, more: JsonObject = {}, labels = labelled('volume', key)): ActualObject => ({
  id: '',
  name: `shop_${key}`,
  key: labels['com.docker.compose.volume'] ?? null,
  project: labels['com.docker.compose.project'] ?? null,
  labels,
  raw: { Driver: 'local', Options: null, ...more },
});
const actualOf = (containers: ActualContainer[], more: Partial<ActualState> = {}): ActualState => ({
  containers,
  networks: [networkOf()],
  volumes: [],
  images: { tiny: 'sha256:tiny' },
  ...more,
});
const options = { hashes: () => ['other-dialect', 'current'] };
const withNetwork = (more: Partial<ComposeNetwork>) =>
  projectOf({ web: service() }, { networks: { default: { name: 'shop_default', ipam: {}, ...more } } });
const withVolume = (more: Partial<ComposeVolume> = {}) =>
  projectOf(
    { web: service({ volumes: [{ type: 'volume', source: 'data', target: '/data' }] }) },
    { volumes: { data: { name: 'shop_data', ...more } } },
  );

describe('planning', () => {
  it('creates everything on an empty engine', () => {
    const plan = makePlan(
      projectOf({ web: service({ scale: 2 }), db: service() }),
      { ...actualOf([]), networks: [] },
      options,
    );
    expect(plan.networks).toMatchObject([{ key: 'default', name: 'shop_default', action: 'create' }]);
    expect(plan.services.map(({ containers }) => containers.map(({ action, name }) => `${action} ${name}`))).toEqual([
      ['create shop-web-1', 'create shop-web-2'],
      ['create shop-db-1'],
    ]);
    expect(plan.writes).toBe(true);
  });

  it('does nothing where all is as the file says, whatever the dialect of the hash', () => {
    const plan = makePlan(
      projectOf({ web: service() }),
      actualOf([container('web', 1, { configHash: 'other-dialect' })]),
      options,
    );
    expect(plan.writes).toBe(false);
    expect(plan.services[0]?.containers[0]).toMatchObject({ action: 'keep', reason: null });
  });

  it.each([
    ['exited', 'start', 'it is stopped'],
    ['created', 'start', 'it never ran'],
    ['running', 'keep', null],
    ['restarting', 'keep', null],
  ])('a container that is %s: %s', (state, action, reason) => {
    const plan = makePlan(projectOf({ web: service() }), actualOf([container('web', 1, { state })]), options);
    expect(plan.services[0]?.containers[0]).toMatchObject({ action, reason });
  });

  it('says what changed, with secrets hidden', () => {
    const before = service({ environment: { WORKERS: '1', DB_PASSWORD: 'a', TOKEN_FILE: '/x' } });
    const after = service({ environment: { WORKERS: '2', DB_PASSWORD: 'b', TOKEN_FILE: '/y' }, user: '1000' });
    const labels = { [modelLabel]: describeModel(before) };
    const plan = makePlan(
      projectOf({ web: after }),
      actualOf([container('web', 1, { configHash: 'old', labels })]),
      options,
    );
    const planned = plan.services[0]?.containers[0];
    expect(planned).toMatchObject({ action: 'recreate', reason: 'its settings changed' });
    expect(planned?.diff).toEqual([
      'environment.TOKEN_FILE: "/x" -> "/y"',
      'environment.WORKERS: "1" -> "2"',
      'user: (not set) -> "1000"',
    ]);
  });

  it('replaces for a changed image', () => {
    const plan = makePlan(
      projectOf({ web: service() }),
      actualOf([container('web', 1, { imageId: 'sha256:old' })]),
      options,
    );
    expect(plan.services[0]?.containers[0]).toMatchObject({ action: 'recreate', reason: 'its image changed' });
  });

  it('scales down by the obsolete first, then the highest number', () => {
    const all = [
      container('web', 1),
      container('web', 2, { configHash: 'old' }),
      container('web', 3),
      container('web', 4),
    ];
    const plan = makePlan(projectOf({ web: service({ scale: 2 }) }), actualOf(all), options);
    expect(plan.removals.map(({ container: { name } }) => name).sort()).toEqual(['shop-web-2', 'shop-web-4']);
    expect(plan.services[0]?.containers.map(({ number, action }) => [number, action])).toEqual([
      [1, 'keep'],
      [3, 'keep'],
    ]);
  });

  it('scales up from the highest number', () => {
    const plan = makePlan(projectOf({ web: service({ scale: 3 }) }), actualOf([container('web', 4)]), options);
    expect(plan.services[0]?.containers.map(({ name }) => name)).toEqual(['shop-web-4', 'shop-web-5', 'shop-web-6']);
  });

  it('finishes a replacement that was cut off in the middle', () => {
    const old = container('web', 1, { configHash: 'old', createdAtMs: 1 });
    const made = container('web', 1, {
      id: 'b'.repeat(64),
      name: `${old.id.slice(0, 12)}_shop-web-1`,
      state: 'created',
      createdAtMs: 2,
    });
    const plan = makePlan(projectOf({ web: service() }), actualOf([old, made]), options);
    expect(plan.removals).toEqual([{ container: old, reason: 'another one took its place' }]);
    expect(plan.services[0]?.containers[0]).toMatchObject({
      action: 'start',
      name: 'shop-web-1',
      existing: { id: made.id },
    });
  });

  it('replaces who shares a namespace with what is replaced, and restarts who asked for it', () => {
    const project = projectOf({
      side: service({ network_mode: 'service:web' }),
      web: service(),
      watcher: service({ depends_on: { web: { condition: 'service_started', required: true, restart: true } } }),
    });
    const all = [container('side'), container('web', 1, { imageId: 'sha256:old' }), container('watcher')];
    const plan = makePlan(project, actualOf(all), options);
    expect(plan.services.map(({ name, containers }) => [name, containers[0]?.action])).toEqual([
      ['side', 'recreate'],
      ['web', 'recreate'],
      ['watcher', 'restart'],
    ]);
  });

  it('leaves orphans alone unless told', () => {
    const all = [container('web'), container('gone')];
    const project = projectOf({ web: service() });
    expect(makePlan(project, actualOf(all), options)).toMatchObject({ writes: false, orphans: [{ service: 'gone' }] });
    expect(makePlan(project, actualOf(all), { ...options, removeOrphans: true }).removals).toHaveLength(1);
  });

  it('plans only what is asked for and what that depends on', () => {
    const project = projectOf({
      web: service({ depends_on: { db: { condition: 'service_healthy', required: true } } }),
      db: service(),
      other: service(),
    });
    const plan = makePlan(project, actualOf([]), { ...options, services: ['web'] });
    expect(plan.services.map(({ name }) => name)).toEqual(['web', 'db']);
    expect(() => makePlan(project, actualOf([]), { ...options, services: ['nope'] })).toThrow(
      'There is no service named nope',
    );
  });

  it('refuses a cycle before anything is done', () => {
    const needs = (name: string) =>
      service({ depends_on: { [name]: { condition: 'service_started', required: true } } });
    expect(() => makePlan(projectOf({ a: needs('b'), b: needs('a') }), actualOf([]), options)).toThrow(
      'Services wait for each other',
    );
  });

  it('always converges: what a plan makes, the next plan keeps', () => {
    const some = fc.array(
      fc.record({
        number: fc.integer({ min: 1, max: 6 }),
        configHash: fc.constantFrom('current', 'old'),
        state: fc.constantFrom('running', 'exited', 'created'),
        imageId: fc.constantFrom('sha256:tiny', 'sha256:old'),
        createdAtMs: fc.nat(1000),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(some, fc.integer({ min: 0, max: 5 }), (found, scale) => {
        const project = projectOf({ web: service({ scale }) });
        const before = found.map((one, index) =>
          container('web', one.number, { ...one, id: String(index).padStart(64, '0') }),
        );
        const plan = makePlan(project, actualOf(before), options);
        const planned = plan.services[0]?.containers ?? [];
        expect(planned).toHaveLength(scale);
        expect(new Set(planned.map(({ name }) => name)).size).toBe(scale);
        const touched = [
          ...planned.flatMap(({ existing }) => existing ?? []),
          ...plan.removals.map((r) => r.container),
        ];
        expect(new Set(touched.map(({ id }) => id)).size).toBe(before.length);
        const after = planned.map(({ number, name }) => container('web', number, { name }));
        expect(makePlan(project, actualOf(after), options).writes).toBe(false);
      }),
    );
  });

  it('tells a paused container to run on', () => {
    const plan = makePlan(projectOf({ web: service() }), actualOf([container('web', 1, { state: 'paused' })]), options);
    expect(plan.services[0]?.containers[0]).toMatchObject({ action: 'unpause', reason: 'it is paused' });
    expect(plan.writes).toBe(true);
  });

  it('does not take what runs of a service that no profile switches on for an orphan', () => {
    const project = projectOf({ web: service() }, { disabledServices: { debug: service({ profiles: ['debug'] }) } });
    expect(makePlan(project, actualOf([container('web'), container('debug')]), options).orphans).toEqual([]);
  });

  it('keeps a container that shares with the first of several, however the engine lists them', () => {
    const project = projectOf({ side: service({ network_mode: 'service:web' }), web: service({ scale: 2 }) });
    const seen: (string | undefined)[] = [];
    const hashes = (name: string, ids: ReadonlyMap<string, string>) => {
      if (name === 'side') seen.push(ids.get('web'));
      return ['current'];
    };
    const all = [container('web', 2), container('web', 1), container('side')];
    expect(makePlan(project, actualOf(all), { hashes }).writes).toBe(false);
    expect(seen).toEqual([container('web', 1).id]);
  });

  it('goes on with what an earlier start left waiting for the services asked for, and with nothing else', () => {
    const needs = (name: string) =>
      service({ depends_on: { [name]: { condition: 'service_healthy', required: true } } });
    const project = projectOf({
      db: service(),
      api: needs('db'),
      web: needs('api'),
      stopped: needs('db'),
      absent: needs('db'),
    });
    const found = actualOf([
      container('db'),
      container('api', 1, { state: 'created' }),
      container('web', 1, { state: 'created' }),
      container('stopped', 1, { state: 'exited' }),
    ]);
    const names = (more: object) =>
      makePlan(project, found, { ...options, services: ['db'], ...more }).services.map(({ name }) => name);
    expect(names({})).toEqual(['db']);
    expect(names({ resumeWaiting: true })).toEqual(['db', 'api', 'web']);
  });

  const time = (count: number): number => {
    const names = Array.from({ length: count }, (_, index) => `s${index}`);
    const dependsOn = (index: number) => ({
      [`s${Math.floor(index / 2)}`]: { condition: 'service_started', required: true } as const,
      [`s${index - 1}`]: { condition: 'service_completed_successfully', required: true, restart: true } as const,
    });
    const services = Object.fromEntries(
      names.map((name, index) => [
        name,
        service({
          networks: { [`n${index % 50}`]: null },
          volumes: [{ type: 'volume', source: `v${index}`, target: '/data' }],
          ...(index === 0 ? {} : { depends_on: dependsOn(index) }),
        }),
      ]),
    );
    const networks = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`n${i}`, { name: `shop_n${i}`, ipam: {} }]),
    );
    const volumes = Object.fromEntries(names.map((_, i) => [`v${i}`, { name: `shop_v${i}` }]));
    const project = projectOf(services, { networks, volumes });
    const found = names.map((name, index) =>
      // A third has changed, a third is stopped.
      container(name, 1, {
        configHash: index % 3 === 0 ? 'old' : 'current',
        state: index % 3 === 1 ? 'exited' : 'running',
        networks: { [`shop_n${index % 50}`]: `n${index % 50}` },
        volumes: [`shop_v${index}`],
        labels: { [modelLabel]: describeModel(service()) },
      }),
    );
    const orphans = Array.from({ length: count }, (_, index) => container(`gone${index}`));
    const actual = actualOf([...found, ...orphans], {
      networks: Object.keys(networks).map((key) => ({
        ...networkOf({}, labelled('network', key), `shop_${key}`),
        id: key,
      })),
      volumes: Object.keys(volumes).map((key) => volumeOf(key)),
    });
    const hashes = (name: string) => [...Object.values(serviceHashes(project, name)), 'current'];
    const times = Array.from({ length: 7 }, () => {
      // Time of our own, not of the clock: others use the machine too.
      const before = process.cpuUsage();
      makePlan(project, actual, { hashes, removeOrphans: true });
      return process.cpuUsage(before).user;
    });
    return Math.min(...times);
  };

  it('plans 500 services, hashes included, in time that grows with their number (how long it takes: bench/loader.ts)', () => {
    time(500);
    const few = time(125);
    const many = time(500);
    // Four times as many take four times as long; what compares each with each would take sixteen times.
    expect(many / few).toBeLessThan(9);
  });
});

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
