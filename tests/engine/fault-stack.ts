/** A small stack with one of each thing a start makes, and what a fault must never do to it. */
import { expect } from 'vitest';
import type { EngineClient } from '../../src/main/engine/engine-client.ts';
import { projectContainers } from '../../src/main/stack/teardown.ts';
import { ProblemError } from '../../src/shared/model/problem.ts';

/** Networks, a volume with a mark made once, a config file, a healthcheck, a job and two replicas that wait for both. */
export function faultStack(image: string, level = 'one'): string {
  return `
services:
  db:
    image: ${image}
    init: true
    command: ["sh", "-c", "test -f /data/made || date +%s%N > /data/made; touch /tmp/ready; sleep 1000"]
    environment: { LEVEL: ${level} }
    healthcheck: { test: ["CMD", "cat", "/tmp/ready"], interval: 300ms, timeout: 3s, retries: 40 }
    stop_grace_period: 1s
    volumes: ["data:/data"]
    networks: [front, back]
    configs: [note]
  job:
    image: ${image}
    command: ["cat", "/data/made"]
    volumes: ["data:/data"]
    networks: [back]
    depends_on: { db: { condition: service_healthy } }
  web:
    image: ${image}
    init: true
    command: ["sleep", "1000"]
    environment: { LEVEL: ${level} }
    stop_grace_period: 1s
    scale: 2
    networks: [front]
    depends_on: { db: { condition: service_healthy }, job: { condition: service_completed_successfully } }
networks: { front: {}, back: {} }
volumes: { data: {} }
configs: { note: { content: "level ${level}" } }
`;
}

/** What db wrote into its volume when that was new. It must outlive everything. */
export async function markOf(engine: EngineClient, project: string): Promise<string> {
  const db = (await projectContainers(engine, project)).find(({ service }) => service === 'db');
  if (db === undefined) throw new Error('there is no db to ask');
  const { stdout, exitCode } = await engine.exec(db.id, { project }, { cmd: ['cat', '/data/made'] });
  expect(exitCode).toBe(0);
  return stdout.trim();
}

/** Every fault ends in a Problem that says what to do, or in nothing at all (it was asked again and went well). */
export async function problemOf(act: Promise<unknown>): Promise<string | null> {
  return act.then(
    () => null,
    (error: unknown) => {
      if (!(error instanceof ProblemError)) throw new Error('not a Problem', { cause: error });
      const { problem } = error;
      expect(problem.code).not.toBe('unexpected');
      expect(problem.cause).not.toBe('');
      expect(problem.remedies.length, `${problem.code} says what to do`).toBeGreaterThan(0);
      return problem.code;
    },
  );
}
