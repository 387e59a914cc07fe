import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { assertPortsFree } from '../../src/main/stack/ports.ts';
import { toProblem } from '../../src/shared/model/problem.ts';
import { freePort } from '../free-port.ts';
import { createScratch, openEngine, type Scratch } from './scratch.ts';
import { ensureTinyImage } from './tiny-image.ts';

const engine = openEngine();
const image = await ensureTinyImage(engine);
let holder: Scratch;

beforeEach(async () => {
  holder = await createScratch(engine);
});
afterEach(() => holder.close());
afterAll(() => engine.close());

describe('a port that a container holds', () => {
  it('is told with the name of the container and its project, and is fine for its own project', async () => {
    const port = await freePort(2);
    await holder.write(
      `services: { web: { image: "${image}", init: true, command: ["sleep", "1000"], ports: ["127.0.0.1:${port}:80"] } }`,
    );
    await holder.up();
    const wanted = {
      service: 'backend',
      key: 'backend',
      command: 'quayside up',
      hostIp: '127.0.0.1',
      port,
      protocol: 'tcp' as const,
    };
    await expect(assertPortsFree(engine, holder.project, [wanted])).resolves.toBeUndefined();
    const problem = toProblem(await assertPortsFree(engine, 'another', [wanted]).catch((error: unknown) => error));
    expect(problem).toMatchObject({ code: 'port-taken', service: 'backend' });
    expect(problem.cause).toContain(`the container ${holder.project}-web-1 of the Compose project ${holder.project}`);
    expect(problem.remedies[0]?.port).toBeGreaterThan(port);
  });

  it('is given out one by one from a range', async () => {
    const first = await freePort(10);
    const ports = `127.0.0.1:${first}-${first + 9}:80`;
    await holder.write(
      `services: { web: { image: "${image}", init: true, scale: 3, command: ["sleep", "1000"], ports: ["${ports}"] } }`,
    );
    await holder.up();
    const all = await holder.containers();
    expect(Object.values(all).map(({ state }) => state)).toEqual(['running', 'running', 'running']);
  });

  it('is passed over in a range when a program outside the engine holds it', async () => {
    const first = await freePort(10);
    const outside = createServer().listen(first, '127.0.0.1');
    await once(outside, 'listening');
    try {
      const ports = `127.0.0.1:${first}-${first + 9}:80`;
      await holder.write(
        `services: { web: { image: "${image}", init: true, scale: 2, command: ["sleep", "1000"], ports: ["${ports}"] } }`,
      );
      await holder.up();
      const all = await holder.containers();
      expect(Object.values(all).map(({ state }) => state)).toEqual(['running', 'running']);
      // A port that the file itself names is still the one it has to be.
      await holder.write(
        `services: { web: { image: "${image}", init: true, command: ["sleep", "1000"], ports: ["127.0.0.1:${first}:80", "127.0.0.1::81"] } }`,
      );
      const problem = toProblem(await holder.up().catch((error: unknown) => error));
      expect(problem).toMatchObject({ code: 'port-taken' });
    } finally {
      outside.close();
    }
  });
});
