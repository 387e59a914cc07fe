/** The product's own stack, on a data folder of its own, and the ways into it that the floors take. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCore } from '../../src/main/core.ts';
import { nextFreePort } from '../../src/main/stack/ports.ts';
import { openBareEngine } from '../bare-engine.ts';
import { type Client, createClient, must } from './http.ts';

/** What is used of the driver that the backend brings along. */
export interface Postgres {
  query<T>(sql: string, values?: readonly unknown[]): Promise<{ rows: T[] }>;
  end(): Promise<void>;
}
export interface BenchStack {
  /** The product, as a person's programs reach it. */
  readonly api: Client;
  /** The services behind it, without it. */
  readonly nlp: Client;
  readonly qdrant: Client;
  readonly postgres: Postgres;
  /** This machine, as the containers see it. */
  readonly host: string;
  close(): Promise<void>;
}

interface Inspected {
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { IPAddress: string; Gateway: string }>> };
}

/** Starts it; the first time its images are built. @param root the checkout */
export async function openBenchStack(root: string): Promise<BenchStack> {
  const folder = await mkdtemp(join(tmpdir(), 'quayside-bench-'));
  const core = await createCore({
    dataDir: folder,
    environment: 'bench',
    composeDir: join(root, 'compose'),
    samplesDir: join(root, 'resources', 'samples'),
    appVersion: '0.0.0',
  });
  const close: (() => Promise<unknown> | unknown)[] = [
    async () => {
      await core.runner.wait(await core.lifecycle.down({ volumes: true }));
      await core.close();
      await rm(folder, { recursive: true, force: true });
    },
  ];
  try {
    await core.monitor.ready(20_000);
    const port = await nextFreePort('127.0.0.1', 27_440);
    const started = await core.runner.wait(await core.lifecycle.start({ ports: { backend: port } }));
    if (started.state !== 'done') throw new Error(`the stack does not start: ${JSON.stringify(started.problem)}`);
    const engine = await openBareEngine(core.environment.project);
    close.push(() => engine.close());
    const { services } = await core.stack.refresh();
    const networkOf = async (service: string): Promise<{ IPAddress: string; Gateway: string }> => {
      const id = services.find((entry) => entry.name === service)?.containers[0]?.id;
      const { NetworkSettings } = (await engine.call('GET', `/containers/${id}/json`)) as Inspected;
      const [network] = Object.values(NetworkSettings.Networks);
      if (network === undefined) throw new Error(`${service} is in no network`);
      return network;
    };
    const secret = async (name: string): Promise<string> =>
      (await readFile(join(folder, 'bench', 'secrets', name), 'utf8')).trim();
    const bearer = async (name: string): Promise<Record<string, string>> => ({
      authorization: `Bearer ${await secret(name)}`,
    });
    const client = (url: string, headers: Record<string, string>): Client => {
      const made = createClient({ url, headers });
      close.push(() => made.close());
      return made;
    };
    const nlp = await networkOf('nlp');
    const qdrant = await networkOf('qdrant');
    // The driver is a dependency of the backend, not of the panel.
    const { Client: PgClient } = createRequire(join(root, 'compose', 'services', 'backend', 'package.json'))('pg') as {
      Client: new (options: object) => Postgres & { connect(): Promise<void> };
    };
    const postgres = new PgClient({
      host: (await networkOf('postgres')).IPAddress,
      user: 'quayside',
      database: 'quayside',
      password: await secret('postgres_password'),
    });
    await postgres.connect();
    close.push(() => postgres.end());
    const api = client(`http://127.0.0.1:${port}`, await bearer('backend_token'));
    must(
      await api.call('PATCH', '/v1/config', { 'limits.requestsPerMinute': 1_000_000, 'limits.chatPerMinute': 100_000 }),
      'the limits of requests',
    );
    return {
      api,
      nlp: client(`http://${nlp.IPAddress}:8000`, await bearer('nlp_token')),
      qdrant: client(`http://${qdrant.IPAddress}:6333`, { 'api-key': await secret('qdrant_api_key') }),
      postgres,
      host: nlp.Gateway,
      close: async () => {
        for (const step of close.reverse()) await step();
      },
    };
  } catch (error) {
    for (const step of close.reverse()) await Promise.resolve(step()).catch(() => undefined);
    throw error;
  }
}
