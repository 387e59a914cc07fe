/** Builds of any project's services on a real engine: what comes out against what the file says, and against Compose. */
import { execFile } from 'node:child_process';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureComposePeer } from '../../scripts/setup/compose-peer.mjs';
import { loadProject } from '../../src/main/compose/load.ts';
import type { EngineClient, JsonObject, PullProgress } from '../../src/main/engine/engine-client.ts';
import { createProjectImages } from '../../src/main/stack/project-images.ts';
import type { ImageNeed } from '../../src/main/stack/stack-images.ts';
import { toProblem } from '../../src/shared/model/problem.ts';
import { removeImage } from '../fakes/registry.ts';
import { createScratch, openEngine, type Scratch } from './scratch.ts';
import { ensureTinyImage } from './tiny-image.ts';

const run = promisify(execFile);
const never = new AbortController().signal;
let engine: EngineClient;
let base: string;
let scratch: Scratch;
const made = new Set<string>();

beforeAll(async () => {
  engine = openEngine();
  base = await ensureTinyImage(engine);
});
afterAll(() => engine.close());
beforeEach(async () => {
  scratch = await createScratch(engine);
});
afterEach(async () => {
  await scratch.close();
  for (const ref of made) await removeImage(ref);
  made.clear();
});

/** Files of the project's folder; `BASE` stands for the tiny image. */
async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(scratch.folder, name)), { recursive: true });
    await writeFile(join(scratch.folder, name), text.replaceAll('BASE', base));
  }
}

const load = (variables: Record<string, string> = {}) =>
  loadProject({ files: [scratch.file], projectName: scratch.project, variables, envFiles: [] });

interface Told {
  readonly needs: ImageNeed[];
  readonly refs: string[];
  readonly phases: string[];
  readonly seen: PullProgress[];
}

async function build(
  options: { variables?: Record<string, string>; signal?: AbortSignal; onProgress?: (seen: PullProgress) => void } = {},
): Promise<Told> {
  const project = await load(options.variables);
  const images = createProjectImages({ engine: () => engine, dockerConfigDir: join(scratch.folder, 'no-docker') });
  const needs = await images.needed(project, new Set(Object.keys(project.services)));
  const phases: string[] = [];
  const seen: PullProgress[] = [];
  const listener = {
    onPhase: (phase: string, detail: string) => void phases.push(`${phase} ${detail}`),
    onProgress: (progress: PullProgress) => {
      seen.push(progress);
      options.onProgress?.(progress);
    },
  };
  for (const { ref } of needs) made.add(ref);
  const refs = await Promise.all(needs.map((need) => images.ensure(project, need, listener, options.signal ?? never)));
  return { needs, refs, phases, seen };
}

const failureOf = (work: Promise<unknown>) => work.then(() => null, toProblem);

async function configOf(ref: string): Promise<JsonObject> {
  const image = await engine.inspectImage(ref);
  if (image === null) throw new Error(`${ref} is not there`);
  return image.Config as JsonObject;
}

/** What a command prints in a container of the image. */
async function said(ref: string, script: string): Promise<string> {
  const labels = { 'com.docker.compose.project': scratch.project };
  const owner = { project: scratch.project };
  const { id } = await engine.createContainer(`${scratch.project}-say`, {
    Image: ref,
    Entrypoint: ['sh', '-c', script],
    Cmd: [],
    Labels: labels,
    NetworkDisabled: true,
  });
  try {
    await engine.startContainer(id, owner);
    const lines: string[] = [];
    await engine.logs(id, { follow: true, tail: 1000 }, ({ data }) => void lines.push(data.toString('utf8')), never);
    return lines.join('').replace(/^\S+Z /gm, '');
  } finally {
    await engine.removeContainer(id, owner, { force: true });
  }
}

describe('a build', () => {
  it('gives the image the file describes, named and labelled as Compose does', { timeout: 60_000 }, async () => {
    await write({
      'compose.yaml': `
services:
  web:
    build:
      context: app
      target: last
      args: { GREETING: hello, FROM_ENVIRONMENT: , UNSET: }
      labels: { own: label }
      tags: ["${scratch.project}-more:2"]
      network: none
      shm_size: 8m
      ulimits: { nofile: { soft: 123, hard: 456 } }
`,
      'app/Dockerfile': `ARG UNUSED
FROM BASE AS first
RUN exit 9
FROM BASE AS last
ARG GREETING
ARG FROM_ENVIRONMENT
ARG UNSET=default
ENV GREETING=$GREETING
COPY . /app/
RUN echo "$GREETING $FROM_ENVIRONMENT $UNSET" >/args; ulimit -Sn >/soft; ulimit -Hn >/hard
RUN head -c 16 /proc/self/status >/proof
CMD ["cat", "/args"]
FROM last AS after
RUN exit 9
`.replace('FROM BASE AS first\nRUN exit 9\n', ''),
      'app/.dockerignore': '*.log\nDockerfile\n',
      'app/bin/run': '#!/bin/sh\n',
      'app/x.log': 'left out',
    });
    await symlink('bin/run', join(scratch.folder, 'app', 'link'));
    made.add(`${scratch.project}-more:2`);
    const told = await build({ variables: { FROM_ENVIRONMENT: 'from outside' } });
    const ref = `${scratch.project}-web`;
    expect(told.needs).toEqual([
      { service: 'web', ref, present: false, action: 'build', reason: 'it is not here yet' },
    ]);
    expect(told.refs).toEqual([ref]);
    const config = await configOf(ref);
    expect(config.Labels).toEqual({
      own: 'label',
      'com.docker.compose.project': scratch.project,
      'com.docker.compose.service': 'web',
      'com.docker.compose.version': '5.0.0',
      'com.docker.compose.image.builder': 'classic',
    });
    expect(config.Env).toContain('GREETING=hello');
    expect(config.Cmd).toEqual(['cat', '/args']);
    expect((await engine.inspectImage(`${scratch.project}-more:2`))?.Id).toBe((await engine.inspectImage(ref))?.Id);
    const words = await said(ref, 'cat /args /soft /hard; ls -A /app; ls -l /app/link /app/bin/run');
    expect(words).toContain('hello from outside default\n123\n456\n.dockerignore\nbin\nlink\n');
    expect(words).toMatch(/link -> bin\/run/);
    expect(told.phases[0]).toBe('building Building web');
    expect(told.phases).toContainEqual(expect.stringMatching(/^building Step \d+ of \d+: copying files in$/));
    expect((await build()).needs).toMatchObject([{ present: true, action: 'none' }]);
  });

  it('takes a Dockerfile from outside its context, and from the file, and leaves neither in the image', async () => {
    await write({
      'compose.yaml': `
services:
  outside: { build: { context: app, dockerfile: ../other.Dockerfile } }
  inline:
    build:
      context: app
      dockerfile_inline: |
        FROM BASE
        COPY . /app/
`,
      'other.Dockerfile': 'FROM BASE\nCOPY . /app/\n',
      'app/a': '',
    });
    const { refs } = await build();
    for (const ref of refs) expect(await said(ref, 'ls -A /app')).toBe('a\n');
  });

  it('is run as a service, and left alone by the next start', { timeout: 60_000 }, async () => {
    await write({
      'compose.yaml': 'services:\n  web: { build: app, init: true }\n',
      'app/Dockerfile': 'FROM BASE\nCMD ["sleep", "1000"]\n',
    });
    const { refs } = await build();
    await scratch.up();
    const [container] = await engine.listContainers([`com.docker.compose.project=${scratch.project}`]);
    expect(container?.image).toBe(refs[0]);
    expect(container?.labels['com.docker.compose.image']).toBe((await engine.inspectImage(refs[0] ?? ''))?.Id);
    await build();
    await scratch.up();
    const [again] = await engine.listContainers([`com.docker.compose.project=${scratch.project}`]);
    expect(again?.id).toBe(container?.id);
    // Another image makes another container.
    await write({ 'app/Dockerfile': 'FROM BASE\nENV A=b\nCMD ["sleep", "1000"]\n' });
    await write({ 'compose.yaml': 'services:\n  web: { build: app, init: true, pull_policy: build }\n' });
    expect((await build()).needs).toMatchObject([{ action: 'build', reason: 'the file says to build it every time' }]);
    await scratch.up();
    const [replaced] = await engine.listContainers([`com.docker.compose.project=${scratch.project}`]);
    expect(replaced?.id).not.toBe(container?.id);
  });

  it('stands in for an image that no registry has', { timeout: 60_000 }, async () => {
    await write({
      'compose.yaml': `
services:
  web: { image: "127.0.0.1:9/${scratch.project}/web:1", build: app }
  same: { image: "127.0.0.1:9/${scratch.project}/web:1" }
`,
      'app/Dockerfile': 'FROM scratch\nLABEL a=b\n',
    });
    const { needs, phases } = await build();
    expect(needs.map(({ action }) => action)).toEqual(['pull', 'pull']);
    expect(phases.filter((phase) => phase === 'building Building web').length).toBeGreaterThan(0);
    expect((await configOf(needs[0]?.ref ?? '')).Labels).toMatchObject({ a: 'b' });
  });

  it('shows how much of a large context has been sent', { timeout: 60_000 }, async () => {
    await write({
      'compose.yaml': 'services:\n  web: { build: app }\n',
      'app/Dockerfile': 'FROM scratch\nLABEL a=b\n',
      'app/large': '',
    });
    await truncate(join(scratch.folder, 'app', 'large'), 150 * 1024 * 1024);
    const { seen } = await build();
    const sent = seen.filter(({ status }) => status === 'Sending the context').map(({ doneBytes }) => doneBytes);
    expect(sent.length).toBeGreaterThan(2);
    expect(sent).toEqual([...sent].sort((a, b) => a - b));
    expect(sent.at(-1)).toBeGreaterThan(50 * 1024 * 1024);
  });
});

describe('a build that fails', () => {
  const yaml = 'services:\n  web: { build: { context: app, network: none } }\n';

  it('names the step, and shows what it said last', async () => {
    await write({
      'compose.yaml': yaml,
      'app/Dockerfile':
        'FROM BASE\nRUN echo said before\nRUN echo connection refused; echo the reason >&2; exit 7\nRUN true\n',
    });
    const failure = await failureOf(build());
    expect(failure).toMatchObject({ code: 'build-failed', service: 'web' });
    expect(failure?.evidence[0]).toMatch(/^Step 3\/\d : RUN echo connection refused; echo the reason >&2; exit 7$/);
    expect(failure?.evidence).toContain('the reason');
    expect(failure?.evidence).not.toContain('said before');
    expect(failure?.cause).toContain('returned a non-zero code: 7');
    expect(await engine.inspectImage(`${scratch.project}-web`)).toBeNull();
  });

  it.each([
    ['FROM BASE\nNONSENSE\n', 'build-failed', /unknown instruction: NONSENSE/i],
    ['FROM 127.0.0.1:9/nothing:1\n', 'registry-unreachable', /registry/i],
    ['FROM BASE\nRUN --mount=type=cache,target=/c true\n', 'compose-invalid', /Dockerfile, line 2.*RUN --mount/],
    ['FROM BASE\nCOPY absent /\n', 'build-failed', /absent/],
  ])('%j is told as %s', async (dockerfile, code, words) => {
    await write({ 'compose.yaml': yaml, 'app/Dockerfile': dockerfile });
    const failure = await failureOf(build());
    expect(failure, JSON.stringify(failure)).toMatchObject({ code, service: 'web' });
    expect(`${failure?.title} ${failure?.cause}`).toMatch(words);
  });

  it('for want of its folder or its Dockerfile says which', async () => {
    await write({ 'compose.yaml': yaml });
    expect(await failureOf(build())).toMatchObject({ code: 'build-context-missing', service: 'web' });
    await write({ 'app/x': '' });
    expect(await failureOf(build())).toMatchObject({ code: 'dockerfile-missing', service: 'web' });
  });

  it('ends at the engine when it is cancelled', { timeout: 60_000 }, async () => {
    await write({ 'compose.yaml': yaml, 'app/Dockerfile': 'FROM BASE\nRUN echo begun; sleep 50\n' });
    const controller = new AbortController();
    const startedAt = Date.now();
    const ended = build({
      signal: controller.signal,
      onProgress: ({ status }) => {
        if (status.startsWith('Step 2 of ')) controller.abort('cancelled');
      },
    }).catch((error: unknown) => error);
    expect(await ended).toBe('cancelled');
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    expect(await engine.inspectImage(`${scratch.project}-web`)).toBeNull();
  });
});

describe('against Docker Compose with the same builder', () => {
  it('makes the same layers and the same configuration', { timeout: 120_000 }, async () => {
    const compose = await ensureComposePeer();
    await write({
      'compose.yaml': `
services:
  web:
    build:
      context: app
      args: { A: "1" }
      labels: { own: label }
      network: none
`,
      'app/Dockerfile': 'FROM BASE\nARG A\nENV A=$A\nCOPY . /app/\nRUN ls -R /app >/list\nCMD ["cat", "/list"]\n',
      // Folders are taken back by name: below a left out folder Compose's classic builder looks for `!src/**/*.ts` not
      // at all, BuildKit does, as we do.
      'app/.dockerignore': '# some\n*\n!src\n**/*.js\n!keep\nkeep/**/no\n[!x]y\n',
      'app/src/a.ts': 'a',
      'app/src/a.js': 'a',
      'app/src/deep/b.ts': 'b',
      'app/keep/me': 'c',
      'app/keep/deep/no': 'd',
      'app/other/file': 'e',
    });
    await symlink('me', join(scratch.folder, 'app', 'keep', 'link'));
    const ref = `${scratch.project}-web`;
    await build();
    const ours = await engine.inspectImage(ref);
    const oursListed = await said(ref, 'ls -lAR --full-time /app');
    const env = { ...process.env, DOCKER_BUILDKIT: '0', DOCKER_CONFIG: join(scratch.folder, 'no-docker') };
    await run(compose, ['-p', scratch.project, '-f', scratch.file, 'build'], { env });
    const theirs = await engine.inspectImage(ref);
    expect(oursListed).toBe(await said(ref, 'ls -lAR --full-time /app'));
    expect(theirs?.Id).not.toBe(ours?.Id);
    // Equal layers come from the builder's cache: to the engine both contexts are one and the same.
    expect(theirs?.RootFS).toEqual(ours?.RootFS);
    const comparable = (image: JsonObject | null) => {
      const { Image: _image, Labels, ...config } = (image?.Config ?? {}) as JsonObject;
      // Compose 2.26 writes none but this one of its own to an image of the classic builder; 5 writes all.
      const { own, 'com.docker.compose.image.builder': builder } = Labels as JsonObject;
      return { config, own, builder };
    };
    expect(comparable(ours)).toEqual(comparable(theirs));
  });
});
