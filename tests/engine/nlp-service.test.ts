/** Runs the embedding service's own checks (ruff, mypy, pytest) inside the image that the stack runs. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openEnvironment } from '../../src/main/config/environment.ts';
import { createDockerEngine } from '../../src/main/engine/docker-engine.ts';
import { caBundle } from '../../src/main/stack/ca-bundle.ts';
import { type ContextFile, contextHash, packContext, readContext } from '../../src/main/stack/image-context.ts';
import { createImageCatalog } from '../../src/main/stack/images.ts';
import { composeProject } from '../fakes/compose-project.ts';

const project = `quayside-test-nlp-${randomBytes(3).toString('hex')}`;
const engine = createDockerEngine({ url: 'unix:///var/run/docker.sock', foundBy: 'test' });
const never = new AbortController().signal;
let container: string | undefined;
let dataDir: string | undefined;

afterAll(async () => {
  if (container !== undefined) await engine.removeContainer(container, { project }, { force: true, volumes: true });
  if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true });
  engine.close();
});

it('the service passes its own checks', { timeout: 600_000 }, async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'quayside-nlp-'));
  const composeDir = join(process.cwd(), 'compose');
  const environment = await openEnvironment({ dataDir, name: 'nlp', composeDir });
  const anyProject = composeProject({});
  const catalog = createImageCatalog({ engine: () => engine, environment });
  const [need] = await catalog.needed(anyProject, new Set(['nlp']));
  if (need === undefined) throw new Error('the catalog knows no nlp');
  const image = await catalog.ensure(
    anyProject,
    need,
    { onPhase: () => undefined, onProgress: () => undefined },
    never,
  );

  const service = join(composeDir, 'services', 'nlp');
  const pyproject: ContextFile = {
    path: 'pyproject.toml',
    executable: false,
    bytes: await readFile(join(service, 'pyproject.toml')),
  };
  const files = [...(await readContext(join(service, 'tests'))), pyproject];
  const buildArgs = { NLP_IMAGE: image };
  const tag = `quayside-test/nlp-checks:${contextHash(files, buildArgs).slice(0, 12)}`;
  if ((await engine.inspectImage(tag)) === null) {
    await engine.buildImage(packContext(files, await caBundle()), { tag, buildArgs }, () => undefined);
  }

  const { id } = await engine.createContainer(`${project}-checks`, {
    Image: tag,
    Labels: { 'com.docker.compose.project': project },
    HostConfig: { NetworkMode: 'none', Init: true, CapDrop: ['ALL'], SecurityOpt: ['no-new-privileges:true'] },
  });
  container = id;
  await engine.startContainer(id, { project });
  const lines: string[] = [];
  const keep = ({ data }: { data: Buffer }) => lines.push(data.toString('utf8'));
  await engine.logs(id, { follow: true, tail: 500 }, keep, never);
  const output = lines.join('');
  const state = (await engine.inspectContainer(id))?.State as { ExitCode?: number } | undefined;
  expect(state?.ExitCode, output).toBe(0);
  expect(output).toMatch(/[1-9]\d* passed/);
  expect(output).not.toMatch(/failed|skipped/);
  console.log(/\d+ passed.*/.exec(output)?.[0]);
});
