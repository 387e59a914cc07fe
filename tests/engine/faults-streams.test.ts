/** Failures that come inside an answer that began well, and answers that are none: each is one Problem, soon. */
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import type { EngineClient } from '../../src/main/engine/engine-client.ts';
import { toProblem } from '../../src/shared/model/problem.ts';
import { createFaultyEngine, engineSays, type Fault, type FaultyEngine } from '../fakes/faulty-engine.ts';
import { endState } from './end-state.ts';
import { faultStack, problemOf } from './fault-stack.ts';
import { createScratch, openEngine } from './scratch.ts';
import { ensureTinyImage, tarOf } from './tiny-image.ts';

let faulty: FaultyEngine;
let engine: EngineClient;
beforeEach(async () => {
  faulty = await createFaultyEngine();
  engine = createDockerEngine({ url: faulty.url, foundBy: 'test' }, { deadlineMs: 1000 });
  await engine.version();
});
afterEach(async () => {
  engine.close();
  await faulty.close();
});

const chunked = (...lines: string[]): Fault => ({
  kind: 'bytes',
  bytes: `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n${lines.join('\r\n')}\r\n`,
});
/** A length that the body does not keep: what a killed engine leaves behind. */
const cut = (text: string): Fault => ({
  kind: 'bytes',
  bytes: `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n${text}`,
});
const operations: Readonly<Record<string, () => Promise<unknown>>> = {
  pull: () => engine.pullImage('quayside-test/none:1', () => undefined),
  build: () =>
    engine.buildImage(tarOf({ Dockerfile: 'FROM scratch\n' }), { tag: 'quayside-test/none:1' }, () => undefined),
  load: () => engine.importImage(Readable.from(tarOf({ a: 'b' })), 'quayside-test/none:1'),
};
const said = (message: string): string => JSON.stringify({ errorDetail: { message }, error: message });

async function fault(operation: string, wrong: Fault): Promise<string> {
  faulty.rule((made) => (made.change === null ? null : wrong));
  const from = performance.now();
  const found = await (operations[operation]?.() ?? Promise.resolve()).then(() => null, toProblem);
  expect(performance.now() - from).toBeLessThan(5000);
  expect(found?.cause ?? 'no failure').not.toBe('');
  return found?.code ?? 'no failure';
}

describe.each(Object.keys(operations))('a %s', (operation) => {
  it.each([
    ['no space left on device', 'disk-full'],
    ['dial tcp: lookup registry.invalid: no such host', 'registry-unreachable'],
    ['toomanyrequests: you have reached your limit', 'registry-rate-limited'],
    ['unexpected EOF', 'registry-failed'],
  ])('that fails late with “%s” is told', async (message, code) => {
    const found = await fault(operation, chunked('{"status":"working"}', said(message)));
    // A build says build-failed with its last lines, whatever the reason, unless the disk is full; a load is an import here.
    const own = { build: 'build-failed', load: 'import-failed' }[operation] ?? code;
    expect([code, own]).toContain(found);
  });

  it.each([
    ['is cut in the middle', cut('{"status":"working"}\r\n{"sta')],
    ['is not JSON', chunked('<html>', '</html>')],
    ['never begins', { kind: 'bytes', bytes: 'HTTP/1.1 200 OK\r\n', forEver: `X-${'y'.repeat(500)}: z\r\n` }],
    ['is no HTTP', { kind: 'bytes', bytes: '\u0000\u0001\u0002' }],
    ['is one endless line', { kind: 'bytes', bytes: 'HTTP/1.1 200 OK\r\n\r\n{', forEver: 'x'.repeat(1 << 20) }],
  ] as const)('whose answer %s is told', async (_name, wrong) => {
    expect(await fault(operation, wrong)).toBe('engine-not-answering');
  });
});

describe('an answer that drips', () => {
  it('is given up when its head does not come', async () => {
    faulty.rule(() => ({ kind: 'bytes', bytes: 'HTTP/1.1 200 OK\r\nX: ', forEver: 'y' }));
    const from = performance.now();
    expect((await engine.listContainers([]).then(() => null, toProblem))?.code).toBe('engine-not-answering');
    expect(performance.now() - from).toBeLessThan(4000);
  });
});

describe('every 13th call fails', () => {
  it('and up, asked again and again, still comes to its end', async () => {
    const direct = openEngine();
    const scratch = await createScratch(direct);
    try {
      const image = await ensureTinyImage(direct);
      await scratch.write(faultStack(image));
      await scratch.up();
      const undisturbed = await endState(direct, scratch.project);
      await scratch.down();
      let count = 0;
      const through = createDockerEngine({ url: faulty.url, foundBy: 'test' });
      faulty.rule(() => (++count % 13 === 0 ? engineSays(500, 'not now') : null));
      const codes: (string | null)[] = [];
      do codes.push(await problemOf(scratch.up({ engine: through })));
      while (codes.at(-1) !== null && codes.length < 30);
      through.close();
      console.log(`every 13th call fails: up ${codes.length} times`);
      expect(codes.at(-1)).toBeNull();
      expect(await endState(direct, scratch.project)).toEqual(undisturbed);
    } finally {
      await scratch.close();
      direct.close();
    }
  });
});
