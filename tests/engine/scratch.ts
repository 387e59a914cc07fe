/** A throw-away Compose project on the real engine: own folder, own name, gone with `close()`. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ServiceOutcome, ServiceReport } from '../../src/main/compose/apply.ts';
import { loadProject } from '../../src/main/compose/load.ts';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import type { EngineClient } from '../../src/main/engine/engine-client.ts';
import { type ConvergeOptions, converge } from '../../src/main/stack/converge.ts';
import { projectContainers, removeNetworks, removeVolumes, stopContainers } from '../../src/main/stack/teardown.ts';

const run = promisify(execFile);

export function openEngine(): EngineClient {
  return createDockerEngine({ url: 'unix:///var/run/docker.sock', foundBy: 'test' });
}

export interface Scratch {
  readonly project: string;
  readonly folder: string;
  readonly file: string;
  /** What each service's report was told, in order: "web starting". */
  readonly phases: string[];
  write(yaml: string): Promise<void>;
  up(more?: Partial<ConvergeOptions>): Promise<ReadonlyMap<string, ServiceOutcome>>;
  /** Removes it all; through another client, or without its volumes, when told so. */
  down(more?: { engine?: EngineClient; volumes?: boolean }): Promise<void>;
  /** Real Docker Compose on the same file. */
  compose(...words: string[]): Promise<string>;
  containers(): Promise<Record<string, { id: string; state: string; health: string }>>;
  close(): Promise<void>;
}

export async function createScratch(engine: EngineClient, composePath?: string): Promise<Scratch> {
  const folder = await mkdtemp(join(tmpdir(), 'quayside-scratch-'));
  const project = `qstest-${randomBytes(4).toString('hex')}`;
  const file = join(folder, 'compose.yaml');
  const phases: string[] = [];
  const report = (name: string): ServiceReport => ({
    phase: (phase) => void phases.push(`${name} ${phase}`),
    detail: () => undefined,
    done: () => void phases.push(`${name} done`),
    skip: () => void phases.push(`${name} skipped`),
    fail: () => void phases.push(`${name} failed`),
  });
  const signal = new AbortController().signal;
  async function down(more: { engine?: EngineClient; volumes?: boolean } = {}): Promise<void> {
    const { engine: through = engine, volumes = true } = more;
    const all = await projectContainers(through, project);
    await stopContainers({ engine: through, project, report, signal }, all, { volumes });
    await removeNetworks(through, project);
    if (volumes) await removeVolumes(through, project);
  }
  return {
    project,
    folder,
    file,
    phases,
    write: (yaml) => writeFile(file, yaml),
    async up(more = {}) {
      return converge({
        engine,
        project: await loadProject({ files: [file], projectName: project, variables: {}, envFiles: [] }),
        dialect: 'D24',
        environmentFiles: [],
        report,
        signal,
        ...more,
      });
    },
    down,
    async compose(...words) {
      if (composePath === undefined) throw new Error('no peer');
      const { stdout, stderr } = await run(composePath, ['-p', project, '-f', file, ...words]);
      return stdout + stderr;
    },
    async containers() {
      const all = await projectContainers(engine, project);
      return Object.fromEntries(
        all.map(({ name, id, state, health }) => [name.slice(project.length + 1), { id, state, health }]),
      );
    },
    async close() {
      await down();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export type Shape = 'flat' | 'graph' | 'chain';

/** Five services in three shapes; each is healthy at its second look at most. */
export function shapeYaml(shape: Shape, image: string, interval = '1s'): string {
  const needs: Readonly<Record<string, readonly string[]>> = {
    flat: {},
    graph: { b: ['a'], c: ['a'], d: ['a'], e: ['b', 'c', 'd'] },
    chain: { b: ['a'], c: ['b'], d: ['c'], e: ['d'] },
  }[shape];
  const services = ['a', 'b', 'c', 'd', 'e'].map((name) => {
    const depends = (needs[name] ?? []).map((other) => `      ${other}: { condition: service_healthy }`);
    return [
      `  ${name}:`,
      `    image: ${image}`,
      '    init: true',
      `    command: ["sh", "-c", "sleep 0.3; touch /tmp/ready; sleep 1000"]`,
      `    healthcheck: { test: ["CMD", "cat", "/tmp/ready"], interval: ${interval}, timeout: 3s, retries: 10 }`,
      ...(depends.length > 0 ? ['    depends_on:', ...depends] : []),
    ].join('\n');
  });
  return `services:\n${services.join('\n')}\n`;
}
