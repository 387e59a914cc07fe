/** An engine in memory for unit tests of the applier: containers with a life, events, a health that tests script. */
import type {
  ContainerSummary,
  EngineClient,
  EngineEvent,
  ExecSpec,
  JsonObject,
} from '../../src/main/engine/engine-client.ts';
import { asObject } from '../../src/shared/model/json.ts';

export interface FakeBehaviour {
  /** Engine's healthcheck verdict after this many ms of running; null: no healthcheck. */
  readonly healthyAfterMs?: number | null;
  readonly unhealthyAfterMs?: number;
  /** The probe's command succeeds after this many ms of running. */
  readonly probeAfterMs?: number;
  readonly exitAfterMs?: number;
  readonly exitCode?: number;
  readonly startError?: Error;
  readonly log?: string;
}

interface FakeContainer {
  id: string;
  name: string;
  labels: Record<string, string>;
  body: JsonObject;
  state: string;
  health: string | null;
  exitCode: number;
  startedAtMs: number;
  restarts: number;
}

export function createFakeEngine(behaviour: Readonly<Record<string, FakeBehaviour>> = {}) {
  const containers = new Map<string, FakeContainer>();
  const networks = new Map<string, JsonObject>();
  const listeners = new Set<(event: EngineEvent) => void>();
  const calls: string[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let serial = 0;

  const find = (id: string): FakeContainer | undefined =>
    containers.get(id) ?? [...containers.values()].find(({ name }) => name === id);
  const serviceOf = (container: FakeContainer): string => container.labels['com.docker.compose.service'] ?? '';
  const emit = (container: FakeContainer, action: string, attributes: Record<string, string> = {}): void => {
    for (const listener of listeners)
      listener({ type: 'container', action, id: container.id, attributes, atMs: Date.now() });
  };
  const later = (ms: number, run: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.add(timer);
  };

  function began(container: FakeContainer): void {
    const how = behaviour[serviceOf(container)] ?? {};
    container.state = 'running';
    container.startedAtMs = Date.now();
    container.health = how.healthyAfterMs === null || how.healthyAfterMs === undefined ? null : 'starting';
    if (how.unhealthyAfterMs !== undefined) container.health = 'starting';
    emit(container, 'start');
    const still = (run: () => void) => (): void => {
      if (container.state === 'running' && containers.has(container.id)) run();
    };
    const verdict = (health: string) =>
      still(() => {
        container.health = health;
        emit(container, 'health_status', { health });
      });
    if (typeof how.healthyAfterMs === 'number') later(how.healthyAfterMs, verdict('healthy'));
    if (how.unhealthyAfterMs !== undefined) later(how.unhealthyAfterMs, verdict('unhealthy'));
    if (how.exitAfterMs !== undefined) {
      later(
        how.exitAfterMs,
        still(() => {
          container.state = 'exited';
          container.exitCode = how.exitCode ?? 0;
          emit(container, 'die', { exitCode: String(container.exitCode) });
        }),
      );
    }
  }

  const status = (container: FakeContainer): string => {
    if (container.state === 'exited') return `Exited (${container.exitCode}) 1 second ago`;
    if (container.state !== 'running') return 'Created';
    return `Up 1 second${container.health === null ? '' : container.health === 'starting' ? ' (health: starting)' : ` (${container.health})`}`;
  };

  const engine = {
    endpoint: { url: 'unix:///fake', foundBy: 'test' },
    version: async () => ({
      serverVersion: '20.10.24',
      apiVersion: '1.41',
      os: 'linux',
      arch: 'amd64',
      cpus: 2,
      memBytes: 8e9,
      engineId: 'fake',
    }),
    async listContainers(): Promise<ContainerSummary[]> {
      calls.push('list');
      return [...containers.values()].map((container) => ({
        id: container.id,
        name: container.name,
        image: 'i',
        imageId: 'sha256:i',
        labels: container.labels,
        state: container.state,
        createdAtMs: 0,
        raw: {
          Status: status(container),
          Ports: [],
          Mounts: [],
          NetworkSettings: {
            Networks: Object.fromEntries(
              Object.keys(asObject(asObject(container.body.NetworkingConfig).EndpointsConfig)).map((network) => [
                network,
                { NetworkID: networks.get(network)?.Id ?? '' },
              ]),
            ),
          },
        },
      }));
    },
    async inspectContainer(id: string): Promise<JsonObject | null> {
      const container = find(id);
      if (container === undefined) return null;
      return {
        Id: container.id,
        Name: `/${container.name}`,
        RestartCount: container.restarts,
        State: {
          Status: container.state,
          ExitCode: container.exitCode,
          OOMKilled: false,
          Error: '',
          ...(container.health === null
            ? {}
            : { Health: { Status: container.health, Log: [{ ExitCode: 1, Output: 'not yet' }] } }),
        },
        Config: container.health === null ? {} : { Healthcheck: { Test: ['CMD', 'check'] } },
        HostConfig: { Memory: 0 },
        Mounts: [],
      };
    },
    async createContainer(name: string, body: JsonObject) {
      calls.push(`create ${name}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      const id = (serial++).toString(16).padStart(64, 'c');
      const labels = body.Labels as Record<string, string>;
      containers.set(id, {
        id,
        name,
        labels,
        body,
        state: 'created',
        health: null,
        exitCode: 0,
        startedAtMs: 0,
        restarts: 0,
      });
      return { id, warnings: [] };
    },
    async startContainer(id: string) {
      const container = find(id);
      if (container === undefined) throw new Error('gone');
      calls.push(`start ${container.name}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      const error = behaviour[serviceOf(container)]?.startError;
      if (error !== undefined) throw error;
      began(container);
    },
    async stopContainer(id: string) {
      const container = find(id);
      if (container === undefined) return;
      calls.push(`stop ${container.name}`);
      container.state = 'exited';
      container.exitCode = 143;
      emit(container, 'die');
    },
    async removeContainer(id: string) {
      const container = find(id);
      if (container === undefined) return;
      calls.push(`remove ${container.name}`);
      containers.delete(container.id);
      emit(container, 'destroy');
    },
    async unpauseContainer(id: string) {
      const container = find(id);
      if (container === undefined) return;
      calls.push(`unpause ${container.name}`);
      container.state = 'running';
      emit(container, 'unpause');
    },
    async renameContainer(id: string, _owner: unknown, name: string) {
      const container = find(id);
      if (container === undefined) return;
      calls.push(`rename ${container.name} ${name}`);
      container.name = name;
    },
    listNetworks: async () => [...networks.values()],
    async createNetwork(body: JsonObject) {
      calls.push(`network ${String(body.Name)}`);
      networks.set(String(body.Name), { ...body, Driver: 'bridge', Id: `net-${String(body.Name)}` });
      return `net-${String(body.Name)}`;
    },
    connectNetwork: async () => undefined,
    listVolumes: async () => [],
    inspectImage: async (ref: string) => ({ Id: `sha256:${ref}` }),
    events(options: { onOpen?: () => void }, onEvent: (event: EngineEvent) => void, signal: AbortSignal) {
      calls.push('events');
      listeners.add(onEvent);
      options.onOpen?.();
      return new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          listeners.delete(onEvent);
          resolve();
        });
      });
    },
    async logs(id: string, _options: unknown, onChunk: (chunk: { source: 'stdout'; data: Buffer }) => void) {
      const container = find(id);
      const log = container === undefined ? undefined : behaviour[serviceOf(container)]?.log;
      if (log !== undefined)
        onChunk({ source: 'stdout', data: Buffer.from(`2026-01-01T00:00:00.000000000Z ${log}\n`) });
    },
    async exec(id: string, _owner: unknown, spec: ExecSpec) {
      const container = find(id);
      calls.push(`exec ${container?.name ?? id} ${spec.cmd.join(' ')}`);
      const after = container === undefined ? undefined : behaviour[serviceOf(container)]?.probeAfterMs;
      const ready =
        container?.state === 'running' && after !== undefined && Date.now() - container.startedAtMs >= after;
      return { exitCode: ready ? 0 : 1, stdout: '', stderr: '' };
    },
  };
  return {
    engine: engine as unknown as EngineClient,
    calls,
    containers,
    /** Everything that changes the engine. */
    writes: () => calls.filter((call) => /^(create|start|stop|remove|rename|network|unpause) /.test(call)),
    close() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
