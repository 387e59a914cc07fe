import { describe, expect, it } from 'vitest';
import type { BodyContext } from './body-context.ts';
import { compareApi, createBody } from './create-body.ts';
import type { ComposeProject, ComposeService } from './model.ts';

const project: ComposeProject = {
  name: 'sink',
  workingDir: '/srv/sink',
  files: ['/srv/sink/compose.yaml'],
  environment: {},
  profiles: [],
  services: {},
  disabledServices: {},
  networks: { back: { name: 'sink_back', ipam: {} }, default: { name: 'sink_default', ipam: {} } },
  volumes: { named: { name: 'sink_named' } },
  secrets: { sec: { name: 'sink_sec', file: '/srv/sink/sec' } },
  configs: { cfg: { name: 'sink_cfg', file: '/srv/sink/cfg' } },
  extensions: {},
  warnings: [],
};

function bodyOf(service: Partial<ComposeService>, more: Partial<BodyContext> = {}) {
  return createBody({
    project,
    serviceName: 'web',
    service: { command: null, entrypoint: null, image: 'tiny', ...service },
    name: 'sink-web-1',
    labels: { a: 'b' },
    imageRef: 'tiny',
    containerId: (name) => `id-of-${name}`,
    links: [],
    inherited: [],
    apiVersion: '1.41',
    ...more,
  });
}

/** Expected values were recorded from Docker Compose 2.26.1 between it and an engine of API 1.41. */
describe('the create body', () => {
  it('holds the container half as Compose sends it', () => {
    const { body } = bodyOf({
      command: ['sleep', '1000'],
      environment: { A: 'x y', B: '2', NUL: null },
      expose: ['9000', '9100/udp'],
      ports: [
        { mode: 'ingress', host_ip: '127.0.0.1', target: 3000, published: '17420', protocol: 'tcp' },
        { mode: 'ingress', target: 80, published: '5000-5002', protocol: 'tcp' },
        { mode: 'ingress', target: 6380, protocol: 'tcp' },
        { mode: 'ingress', target: 7000, published: '17000', protocol: 'udp' },
      ],
      healthcheck: {
        test: ['CMD', 'true'],
        interval: '1s',
        timeout: '3s',
        retries: 3,
        start_period: '10s',
        start_interval: '1s',
      },
      user: '1000:1000',
      working_dir: '/tmp',
      hostname: 'hh',
      domainname: 'dd',
      tty: true,
      stdin_open: true,
      stop_signal: 'SIGINT',
      stop_grace_period: '1m30s',
    });
    expect(body).toMatchObject({
      Hostname: 'hh',
      Domainname: 'dd',
      User: '1000:1000',
      AttachStdout: true,
      AttachStderr: true,
      ExposedPorts: { '3000/tcp': {}, '6380/tcp': {}, '7000/udp': {}, '80/tcp': {}, '9000': {}, '9100/udp': {} },
      Tty: true,
      OpenStdin: true,
      Cmd: ['sleep', '1000'],
      Healthcheck: { Test: ['CMD', 'true'], Interval: 1e9, Timeout: 3e9, StartPeriod: 10e9, Retries: 3 },
      Image: 'tiny',
      WorkingDir: '/tmp',
      StopSignal: 'SIGINT',
      StopTimeout: 90,
      Labels: { a: 'b' },
    });
    expect([...(body.Env as string[])].sort()).toEqual(['A=x y', 'B=2', 'NUL']);
    expect(body.Entrypoint).toBeUndefined();
    expect(body.Healthcheck).not.toHaveProperty('StartInterval');
    expect(body.HostConfig).toMatchObject({
      PortBindings: {
        '3000/tcp': [{ HostIp: '127.0.0.1', HostPort: '17420' }],
        '6380/tcp': [{ HostIp: '', HostPort: '' }],
        '7000/udp': [{ HostIp: '', HostPort: '17000' }],
        '80/tcp': [{ HostIp: '', HostPort: '5000-5002' }],
      },
    });
  });

  it('splits volumes, secrets and configs into Binds and Mounts as Compose does', () => {
    const { body } = bodyOf({
      volumes: [
        { type: 'bind', source: '/srv/sink/data', target: '/d', bind: { create_host_path: true } },
        { type: 'bind', source: '/srv/sink/data', target: '/dro', read_only: true, bind: { create_host_path: true } },
        { type: 'bind', source: '/srv/sink/z', target: '/z', bind: { create_host_path: true, selinux: 'z' } },
        { type: 'volume', source: 'named', target: '/n', volume: {} },
        { type: 'volume', target: '/anon', volume: {} },
        { type: 'bind', source: '/srv/sink/data', target: '/long', read_only: true, bind: { propagation: 'rslave' } },
        { type: 'volume', source: 'named', target: '/nc', volume: { nocopy: true } },
        { type: 'tmpfs', target: '/tm', tmpfs: { size: '10485760', mode: 0o1777 } },
      ],
      tmpfs: ['/t1', '/t2:size=1m,mode=1777'],
      secrets: [
        { source: 'sec', target: '/run/secrets/sec' },
        { source: 'sec', target: '/abs/sec' },
        { source: 'sec', target: 'other', mode: 256 },
      ],
      configs: [{ source: 'cfg' }, { source: 'cfg', target: '/etc/c' }],
    });
    expect(body.HostConfig).toMatchObject({
      Binds: ['/srv/sink/data:/d:rw', '/srv/sink/data:/dro:ro', '/srv/sink/z:/z:rw,z'],
      Mounts: [
        { Type: 'volume', Source: 'sink_named', Target: '/n', VolumeOptions: {} },
        { Type: 'volume', Target: '/anon', VolumeOptions: {} },
        {
          Type: 'bind',
          Source: '/srv/sink/data',
          Target: '/long',
          ReadOnly: true,
          BindOptions: { Propagation: 'rslave' },
        },
        { Type: 'volume', Source: 'sink_named', Target: '/nc', VolumeOptions: { NoCopy: true } },
        { Type: 'tmpfs', Target: '/tm', TmpfsOptions: { SizeBytes: 10485760, Mode: 1023 } },
        { Type: 'bind', Source: '/srv/sink/sec', Target: '/run/secrets/sec', ReadOnly: true },
        { Type: 'bind', Source: '/srv/sink/sec', Target: '/abs/sec', ReadOnly: true },
        { Type: 'bind', Source: '/srv/sink/sec', Target: '/run/secrets/other', ReadOnly: true },
        { Type: 'bind', Source: '/srv/sink/cfg', Target: '/cfg', ReadOnly: true },
        { Type: 'bind', Source: '/srv/sink/cfg', Target: '/etc/c', ReadOnly: true },
      ],
      Tmpfs: { '/t1': '', '/t2': 'size=1m,mode=1777' },
    });
  });

  it('hands anonymous volumes of the replaced container on', () => {
    const { body } = bodyOf(
      { volumes: [{ type: 'volume', target: '/anon', volume: {} }] },
      {
        inherited: [
          { name: 'f'.repeat(64), target: '/anon' },
          { name: 'e'.repeat(64), target: '/from-image' },
        ],
      },
    );
    expect(body.HostConfig).toMatchObject({
      Mounts: [
        { Type: 'volume', Source: 'f'.repeat(64), Target: '/anon' },
        { Type: 'volume', Source: 'e'.repeat(64), Target: '/from-image' },
      ],
    });
  });

  it('translates limits and rights', () => {
    const { body } = bodyOf({
      restart: 'on-failure:3',
      mem_limit: '104857600',
      memswap_limit: '209715200',
      mem_reservation: '52428800',
      cpus: 0.5,
      cpu_shares: 100,
      cpuset: '0',
      pids_limit: 99,
      ulimits: { nofile: { soft: 100, hard: 200 }, nproc: 50 },
      cap_add: ['NET_ADMIN'],
      cap_drop: ['ALL'],
      read_only: true,
      security_opt: ['no-new-privileges:true', 'systempaths=unconfined'],
      sysctls: { 'net.core.somaxconn': '100' },
      devices: [{ source: '/dev/null', target: '/dev/nul2', permissions: 'rwm' }],
      group_add: ['10'],
      shm_size: '33554432',
      init: true,
      logging: { driver: 'json-file', options: { 'max-size': '1m' } },
      extra_hosts: ['h=1.2.3.4', 'six=::1'],
      dns: ['1.1.1.1'],
      dns_search: ['ex.com'],
      dns_opt: ['ndots:2'],
      oom_score_adj: 100,
    });
    expect(body.HostConfig).toMatchObject({
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
      Memory: 104857600,
      MemorySwap: 209715200,
      MemoryReservation: 52428800,
      NanoCpus: 500000000,
      CpuShares: 100,
      CpusetCpus: '0',
      PidsLimit: 99,
      Ulimits: [
        { Name: 'nofile', Hard: 200, Soft: 100 },
        { Name: 'nproc', Hard: 50, Soft: 50 },
      ],
      CapAdd: ['NET_ADMIN'],
      CapDrop: ['ALL'],
      ReadonlyRootfs: true,
      SecurityOpt: ['no-new-privileges:true'],
      MaskedPaths: [],
      ReadonlyPaths: [],
      Sysctls: { 'net.core.somaxconn': '100' },
      Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/nul2', CgroupPermissions: 'rwm' }],
      GroupAdd: ['10'],
      ShmSize: 33554432,
      Init: true,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
      ExtraHosts: ['h:1.2.3.4', 'six:::1'],
      Dns: ['1.1.1.1'],
      DnsSearch: ['ex.com'],
      DnsOptions: ['ndots:2'],
      OomScoreAdj: 100,
    });
  });

  it('lets deploy win over the older keys', () => {
    const { body } = bodyOf({
      cpus: 2,
      mem_limit: '1',
      restart: 'no',
      deploy: {
        resources: { limits: { cpus: 0.5, memory: '52428800', pids: 10 }, reservations: { memory: '20971520' } },
        restart_policy: { condition: 'any' },
        placement: {},
      },
    });
    expect(body.HostConfig).toMatchObject({
      NanoCpus: 500000000,
      Memory: 52428800,
      PidsLimit: 10,
      MemoryReservation: 20971520,
      RestartPolicy: { Name: 'always', MaximumRetryCount: 0 },
    });
  });

  const two: Partial<ComposeService> = {
    networks: { default: { aliases: ['w1'] }, back: { priority: 5, ipv4_address: '172.31.7.9' } },
  };
  const back = { Aliases: ['sink-web-1', 'web'], IPAMConfig: { IPv4Address: '172.31.7.9' } };
  const front = { Aliases: ['sink-web-1', 'web', 'w1'], IPAMConfig: {} };

  it('gives an older engine one network and connects the others after', () => {
    const { body, connect } = bodyOf(two);
    expect(body.HostConfig).toMatchObject({ NetworkMode: 'sink_back' });
    expect(body.NetworkingConfig).toEqual({ EndpointsConfig: { sink_back: back } });
    expect(connect).toEqual([{ network: 'sink_default', endpoint: front }]);
  });

  it('gives a newer engine all networks at once', () => {
    const { body, connect } = bodyOf(two, { apiVersion: '1.44' });
    expect(body.NetworkingConfig).toEqual({ EndpointsConfig: { sink_back: back, sink_default: front } });
    expect(connect).toEqual([]);
  });

  it('gives an older engine the MAC address of the first network, and refuses any other', () => {
    const mac = '02:42:ac:11:65:43';
    const first = { networks: { back: { priority: 2, mac_address: mac }, default: null } };
    expect(bodyOf(first).body.MacAddress).toBe(mac);
    expect(bodyOf({ mac_address: mac }).body.MacAddress).toBe(mac);
    const second = { networks: { back: { priority: 2 }, default: { mac_address: mac } } };
    expect(() => bodyOf(second)).toThrow('cannot have a MAC address on default');
    const { body } = bodyOf(second, { apiVersion: '1.44' });
    expect(body.NetworkingConfig).toMatchObject({ EndpointsConfig: { sink_default: { MacAddress: mac } } });
  });

  it.each([
    [{ network_mode: 'host' }, { NetworkMode: 'host' }],
    [{ network_mode: 'service:db' }, { NetworkMode: 'container:id-of-db' }],
    [
      { pid: 'service:db', ipc: 'shareable' },
      { PidMode: 'container:id-of-db', IpcMode: 'shareable' },
    ],
    [{ volumes_from: ['db:ro', 'container:other'] }, { VolumesFrom: ['id-of-db:ro', 'other'] }],
  ])('resolves shared namespaces: %o', (service, expected) => {
    const { body } = bodyOf(service);
    expect(body.HostConfig).toMatchObject(expected);
    expect(body.NetworkingConfig).toBeUndefined();
  });

  it('switches an image healthcheck off', () => {
    expect(bodyOf({ healthcheck: { disable: true } }).body.Healthcheck).toEqual({ Test: ['NONE'] });
  });

  it.each([
    ['1.9', '1.41', -1],
    ['1.44', '1.44', 0],
    ['2.0', '1.99', 1],
  ])('orders API versions: %s %s', (a, b, sign) => {
    expect(Math.sign(compareApi(a, b))).toBe(sign);
  });
});
