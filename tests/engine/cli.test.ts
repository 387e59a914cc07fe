/** The command line as a person and a script use it: the built program, a real engine, a stack of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation } from '../../src/shared/model/operation.ts';
import type { Problem } from '../../src/shared/model/problem.ts';
import type { StackState } from '../../src/shared/model/stack.ts';
import { freePort } from '../free-port.ts';
import { openEngine } from './scratch.ts';

const root = join(import.meta.dirname, '..', '..');
const samples = join(root, 'resources', 'samples');
const commands = [
  ...['up', 'down', 'status', 'logs', 'stats', 'health', 'ingest', 'ask', 'backup', 'doctor'],
  ...['kb', 'source', 'search', 'conversation', 'eval', 'provider', 'config', 'embedding', 'workflow', 'user', 'key'],
];
/** The first start may have to build every image. */
const firstStartMs = 900_000;

let folder = '';
let dataDir = '';
let project = '';
/** Everything any command printed: searched for secrets at the end. */
const printed: string[] = [];
const engine = openEngine();

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [join(root, 'bin', 'quayside'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function collect(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  printed.push(stdout, stderr);
  return { code, stdout, stderr };
}

const run = (...args: readonly string[]): Promise<Ended> => collect(start(args));
const ours = (...args: readonly string[]): Promise<Ended> => run(...args, '--data', dataDir);
const problemOf = (ended: Ended): Problem => JSON.parse(ended.stderr.trim()) as Problem;

function json<T>(ended: Ended): T {
  const lines = ended.stdout.trim().split('\n');
  expect(lines, `one document expected, standard error: ${ended.stderr}`).toHaveLength(1);
  return JSON.parse(lines[0] ?? '') as T;
}

const containers = () => engine.listContainers([`com.docker.compose.project=${project}`]);

beforeAll(async () => {
  if (!existsSync(join(root, 'out', 'main', 'cli.cjs'))) throw new Error('Not built: run `npm run build` first');
  folder = await mkdtemp(join(tmpdir(), 'quayside-cli-'));
  dataDir = join(folder, 'data');
});

afterAll(async () => {
  await ours('down', '--volumes', '--yes');
  engine.close();
  await rm(folder, { recursive: true, force: true });
}, 120_000);

describe('without a stack', () => {
  it.each(commands)('%s --help explains itself on standard output', async (name) => {
    const ended = await run(name, '--help');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain(`Usage: quayside ${name}`);
    expect(ended.stdout).toContain('Exit codes: 0 done');
  });

  it('--help lists every command', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    for (const name of commands) expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  });

  it.each([
    [['bogus']],
    [['--env', 'dev']],
    [['up', '--nope']],
    [['up', '--port', 'backend']],
    [['up', '--port', 'backend=0']],
    [['up', '--port', 'backend=70000']],
    [['status', 'extra']],
    [['status', '--env', '../x']],
    [['ingest']],
    [['ask']],
    [['backup']],
    [['backup', 'burn']],
    [['logs', '--tail', 'many']],
    [['kb', 'burn']],
    [['kb', 'create']],
    [['kb', 'delete', 'Papers']],
    [['search', 'x', '--top-k', '0']],
    [['eval', 'run']],
    [['provider', 'set', 'ollama']],
    [['provider', 'set', 'ollama', '--key', 'sk-in-the-open']],
    [['config', 'set', 'retrieval.topK']],
    [['source', 'remove', 'x', '--delete-documents']],
    [['key', 'create', 'nightly']],
    [['user', 'create', 'ada@example.org']],
  ])('%j is wrong usage: exit code 2, a Problem, nothing on standard output', async (args) => {
    const ended = await run(...args, '--data', dataDir, '--json');
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(['usage', 'environment-name']).toContain(problemOf(ended).code);
  });

  it('no engine is exit code 3 for every command that needs one', async () => {
    const engineUrl = `unix://${folder}/no.sock`;
    for (const args of [['up'], ['down'], ['status'], ['logs'], ['stats'], ['health'], ['backup', 'create']]) {
      const ended = await ours(...args, '--engine', engineUrl, '--json');
      expect([args[0], ended.code, ended.stdout]).toEqual([args[0], 3, '']);
      expect(problemOf(ended).code).toMatch(/^engine-/);
    }
    expect((await ours('doctor', '--engine', engineUrl)).code).toBe(3);
  });

  it('status says that nothing is there', async () => {
    const ended = await ours('status', '--json');
    const state = json<StackState>(ended);
    expect(ended.code).toBe(0);
    expect(state.status).toBe('absent');
    expect(state.services.map(({ name }) => name)).toEqual(['backend', 'nlp', 'postgres', 'qdrant', 'redis']);
    project = state.project;
    expect(project).toMatch(/^quayside-dev-[0-9a-f]{6}$/);
  });

  it.each([[['down']], [['logs']], [['stats']], [['health']], [['backup', 'create']], [['backup', 'verify']]])(
    '%j has nothing to act on: exit code 4',
    async (args) => {
      const ended = await ours(...args, '--json');
      expect(ended).toMatchObject({ code: 4, stdout: '' });
      expect(problemOf(ended).remedies.length).toBeGreaterThan(0);
    },
  );

  it('a taken port names who has it and offers another', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    try {
      const ended = await ours('up', '--port', `backend=${port}`, '--json');
      const found = problemOf(ended);
      expect(ended.code).toBe(1);
      expect(json<{ operation: Operation }>(ended).operation.state).toBe('failed');
      expect(found).toMatchObject({ code: 'port-taken', service: 'backend' });
      expect(found.cause).toContain(String(port));
      expect(found.remedies[0]?.command).toMatch(/^quayside up --port backend=\d+$/);
    } finally {
      holder.close();
    }
    expect(await containers()).toEqual([]);
  });
});

describe('with a stack', () => {
  beforeAll(async () => {
    const ended = await ours('up', '--port', `backend=${await freePort()}`, '--json');
    const { operation, stack } = json<{ operation: Operation; stack: StackState }>(ended);
    expect(operation.problem).toBeNull();
    expect(ended.code).toBe(0);
    expect(stack.status).toBe('healthy');
  }, firstStartMs);

  it('up again changes nothing and remembers the port', async () => {
    const before = (await containers()).map(({ id }) => id).sort();
    const url = json<StackState>(await ours('status', '--json')).backendUrl;
    const ended = await ours('up', '--json');
    expect(ended.code).toBe(0);
    expect((await containers()).map(({ id }) => id).sort()).toEqual(before);
    expect(json<{ stack: StackState }>(ended).stack.backendUrl).toBe(url);
  });

  it('doctor finds nothing in the way', async () => {
    const ended = await ours('doctor', '--json');
    const { findings } = json<{ findings: { check: string; state: string }[] }>(ended);
    expect(ended.code).toBe(0);
    expect(findings.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['engine', 'disk', 'memory', 'compose file', 'ports', 'images', 'display']),
    );
  });

  it('stats gives one sample of each service', async () => {
    const ended = await ours('stats', '--json');
    const { samples } = json<{ samples: { service: string; memBytes: number }[] }>(ended);
    expect(samples.map(({ service }) => service)).toEqual(['backend', 'nlp', 'postgres', 'qdrant', 'redis']);
    expect(samples.every(({ memBytes }) => memBytes > 0)).toBe(true);
  });

  it('health is healthy in all three layers', async () => {
    const ended = await ours('health', '--json');
    const report = json<{ overall: string; services: { health: string }[]; application: { status: string } }>(ended);
    expect(ended.code).toBe(0);
    expect(report.overall).toBe('healthy');
    expect(report.application.status).toBe('healthy');
    expect(report.services.every((service) => service.health === 'healthy')).toBe(true);
  });

  it('logs prints the last lines of the services it was asked for', async () => {
    const ended = await ours('logs', 'postgres', '--tail', '5', '--json');
    const lines = ended.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { service: string; text: string });
    expect(lines).toHaveLength(5);
    expect(new Set(lines.map(({ service }) => service))).toEqual(new Set(['postgres']));
    expect((await ours('logs', 'nobody', '--json')).code).toBe(2);
  });

  it('logs --follow ends with Ctrl-C as 130, and quietly when its reader goes away', async () => {
    const followed = start(['logs', '--follow', '--tail', '1', '--data', dataDir]);
    const ended = collect(followed);
    await once(followed.stdout as NodeJS.ReadableStream, 'data');
    followed.kill('SIGINT');
    expect((await ended).code).toBe(130);

    const abandoned = start(['logs', '--follow', '--tail', '1000', '--data', dataDir]);
    abandoned.stdout?.once('data', () => abandoned.stdout?.destroy());
    const after = await collect(abandoned);
    expect(after).toMatchObject({ code: 0, stderr: '' });
  });

  it('a question before any document is told so', async () => {
    const ended = await ours('ask', 'What does stop keep?', '--json');
    expect(ended.code).toBe(4);
    expect(problemOf(ended).code).toBe('no-documents');
  });

  it('ingest reads a folder in, and a missing path is a Problem', async () => {
    const missing = await ours('ingest', join(folder, 'nothing.md'), '--json');
    expect(missing.code).toBe(4);
    const ended = await ours('ingest', samples, '--json');
    const { operation } = json<{ operation: Operation }>(ended);
    expect(ended.code).toBe(0);
    expect(operation.steps.length).toBeGreaterThanOrEqual(3);
    expect(operation.steps.every(({ state }) => state === 'done')).toBe(true);
  });

  it('ask answers with sources that hold what they cite', async () => {
    const ended = await ours('ask', 'What', 'does', 'Stop', 'keep?', '--json');
    const answer = json<{
      answer: string;
      status: string;
      sources: { n: number; snippet: string; sourceName: string }[];
    }>(ended);
    expect(ended.code).toBe(0);
    expect(answer.status).toBe('completed');
    const cited = answer.sources.filter(({ n }) => answer.answer.includes(`[${n}]`));
    expect(cited.length).toBeGreaterThan(0);
    for (const { sourceName, snippet } of cited.filter((source) => /\.(md|txt)$/.test(source.sourceName))) {
      const text = await readFile(join(samples, sourceName.split('/').at(-1) ?? ''), 'utf8');
      const words = (whole: string) => whole.replace(/[^\p{L}\p{N}]+/gu, ' ').trim();
      expect(words(text)).toContain(words(snippet).slice(0, 80));
    }
    const human = await ours('ask', 'What does Stop keep?');
    expect(human.stdout).toContain('Sources\n  [1] ');
  });

  it('backup makes an archive, lists it and verifies it', async () => {
    const made = await ours('backup', 'create', '--json');
    const { backup } = json<{ operation: Operation; backup: { id: string; fileName: string } | null }>(made);
    expect(made.code).toBe(0);
    const files = await readdir(join(dataDir, 'dev', 'backups'));
    expect(files).toContain(backup?.fileName);
    const listed = json<{ backups: { id: string }[] }>(await ours('backup', 'list', '--json'));
    expect(listed.backups.map(({ id }) => id)).toEqual([backup?.id]);
    expect((await ours('backup', 'verify', '--json')).code).toBe(0);
    expect((await ours('backup', 'verify', 'nothing-of-that-name', '--json')).code).toBe(4);
  });

  it('down leaves no container and no network, and the data is there on the next up', async () => {
    expect((await ours('down', '--json')).code).toBe(0);
    expect(await containers()).toEqual([]);
    expect(await engine.listNetworks([`com.docker.compose.project=${project}`])).toEqual([]);
    const lines = (await ours('up')).stdout.trim().split('\n');
    expect(lines.at(-2)).toMatch(/^✔ 5 of 5 services/);
    const asked = await ours('ask', 'What does Stop keep?', '--json');
    expect(asked.code).toBe(0);
  });

  it('Ctrl-C cancels a start, and the next one goes on from there', async () => {
    expect((await ours('down')).code).toBe(0);
    const child = start(['up', '--data', dataDir]);
    const ended = collect(child);
    child.stdout?.on('data', (chunk: Buffer) => {
      if (/checking/.test(chunk.toString())) child.kill('SIGINT');
    });
    expect((await ended).code).toBe(130);
    const again = await ours('up', '--json');
    expect(again.code).toBe(0);
    expect(json<{ stack: StackState }>(again).stack.status).toBe('healthy');
  });

  it('two starts at once: one runs, the other is refused by name', async () => {
    expect((await ours('down')).code).toBe(0);
    const both = await Promise.all([ours('up', '--json'), ours('up', '--json')]);
    const [won, lost] = both[0].code === 0 ? both : [both[1], both[0]];
    expect(won.code).toBe(0);
    // The slower one may also find the first already ended, and then simply agree.
    if (lost.code !== 0) {
      expect(lost.code).toBe(1);
      expect(problemOf(lost).code).toBe('operation-running');
    }
    expect(json<StackState>(await ours('status', '--json')).status).toBe('healthy');
  });

  it('no command ever printed a secret', async () => {
    const folder_ = join(dataDir, 'dev', 'secrets');
    const names = (await readdir(folder_)).filter((name) => !name.includes('.'));
    expect(names.length).toBeGreaterThanOrEqual(5);
    for (const name of names) {
      const secret = (await readFile(join(folder_, name), 'utf8')).trim();
      expect(printed.some((text) => text.includes(secret))).toBe(false);
    }
    expect(printed.join('').length).toBeGreaterThan(10_000);
  });

  it('down --volumes deletes the data', async () => {
    expect((await ours('down', '--volumes', '--yes')).code).toBe(0);
    expect(await containers()).toEqual([]);
    expect(await readdir(join(dataDir, 'dev', 'volumes', 'postgres'))).toEqual([]);
  });
});
