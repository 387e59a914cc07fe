/** The private engine itself: a real one, apart from the machine's own, and nothing is left of it. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import typescript from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import { type PrivateEngine, privateEngineMissing, startPrivateEngine } from './private-engine.ts';
import { processesNaming } from './private-space.ts';

const reason = privateEngineMissing();
if (reason !== null) console.warn(`SKIPPED: tests on a private engine: ${reason}`);

const mine = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`quayside-engine-${process.pid}-`));

describe.skipIf(reason !== null)('a private engine', () => {
  let engine: PrivateEngine;
  beforeAll(async () => {
    engine = await startPrivateEngine({ link: true, args: ['--host', 'tcp://0.0.0.0:2375', '--tls=false'] });
  });
  afterAll(() => engine.close());

  it('is another engine than the machine’s, with its own identity', async () => {
    const [own, other] = ['unix:///var/run/docker.sock', engine.url].map((url) =>
      createDockerEngine({ url, foundBy: 'test' }),
    );
    const [a, b] = [await own?.version(), await other?.version()];
    expect(b?.engineId).toMatch(/./);
    expect(b?.engineId).not.toBe(a?.engineId);
    expect(await other?.listContainers([])).toEqual([]);
    own?.close();
    other?.close();
  });

  it('runs a container, also after it was killed and started again', async () => {
    const image = await engine.loadTinyImage();
    const client = createDockerEngine({ url: engine.url, foundBy: 'test' });
    const owner = { project: 'quayside-test-private' };
    const body = {
      Image: image,
      Cmd: ['sleep', '600'],
      Labels: { 'com.docker.compose.project': owner.project },
      HostConfig: { Init: true },
    };
    const { id } = await client.createContainer('quayside-test-private-1', body);
    await client.startContainer(id, owner);
    expect(await client.exec(id, owner, { cmd: ['sh', '-c', 'echo hi'] })).toMatchObject({ stdout: 'hi\n' });
    const before = engine.pid();
    await engine.kill();
    expect(existsSync(`/proc/${before}`)).toBe(false);
    await engine.start();
    await client.startContainer(id, owner);
    expect((await client.inspectContainer(id))?.State).toMatchObject({ Running: true });
    client.close();
  });

  it('stands still while paused, and goes on', async () => {
    engine.pause();
    const client = createDockerEngine({ url: engine.url, foundBy: 'test' }, { deadlineMs: 300 });
    await expect(client.version()).rejects.toMatchObject({ problem: { code: 'engine-not-answering' } });
    engine.resume();
    const patient = createDockerEngine({ url: engine.url, foundBy: 'test' });
    await expect(patient.version()).resolves.toMatchObject({ os: 'linux' });
    client.close();
    patient.close();
  });

  it('has a disk of the size it is given, and leaves nothing of itself', async () => {
    const small = await startPrivateEngine({ dataRootBytes: 300 * 2 ** 20 });
    try {
      await small.loadTinyImage();
      small.pause();
    } finally {
      await small.close();
    }
    expect(existsSync(small.folder)).toBe(false);
    expect(processesNaming(small.folder)).toEqual([]);
    expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(small.folder);
    expect(mine()).toHaveLength(1);
  });

  it('ends with a test that is killed, and the next one sweeps its folder', async () => {
    const folderOfScript = mkdtempSync(join(tmpdir(), 'quayside-test-'));
    const source = readFileSync(new URL('./private-space.ts', import.meta.url), 'utf8');
    const { ModuleKind, ScriptTarget, transpileModule } = typescript;
    const options = { module: ModuleKind.ESNext, target: ScriptTarget.ES2022 };
    const { outputText } = transpileModule(source, { compilerOptions: options });
    writeFileSync(join(folderOfScript, 'space.mjs'), outputText);
    const script = `import { openSpace } from ${JSON.stringify(join(folderOfScript, 'space.mjs'))};
      const space = await openSpace({ link: true });
      const program = space.run(['sh', '-c', 'sleep 1000; : ' + space.folder], space.folder + '/log');
      program.signal('SIGSTOP');
      console.log(space.folder, space.address.machine);
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said = await new Promise<string>((resolve) => {
      child.stdout.once('data', (chunk) => resolve(String(chunk).trim()));
    });
    const [folder = '', address = ''] = said.split(' ');
    const linked = () =>
      Object.values(networkInterfaces()).some((ends) => ends?.some((end) => end.address === address));
    // The program, its shell and the one that waits for it.
    expect(processesNaming(folder).length).toBeGreaterThan(1);
    expect(linked()).toBe(true);
    child.kill('SIGKILL');
    await expect.poll(linked, { timeout: 15_000 }).toBe(false);
    const next = await startPrivateEngine();
    expect(existsSync(folder)).toBe(false);
    expect(processesNaming(folder)).toEqual([]);
    await next.close();
    rmSync(folderOfScript, { recursive: true });
  });
});
