/**
 * The images of any Compose project: pulled or built as its file says, through the Engine API. An image that several
 * services run is got once; so many at a time as COMPOSE_PARALLEL_LIMIT allows.
 */
import { Readable } from 'node:stream';
import { formatBytes } from '../../shared/model/bytes.ts';
import { projectLabel, serviceLabel } from '../../shared/model/compose-labels.ts';
import { asObject, asText } from '../../shared/model/json.ts';
import { ProblemError, problem, type Remedy, toProblem } from '../../shared/model/problem.ts';
import { readBuildContext } from '../compose/build-context.ts';
import { baseImagesOf, buildKitUseIn } from '../compose/build-dockerfile.ts';
import { buildRequest } from '../compose/build-request.ts';
import { composeProblem } from '../compose/compose-problem.ts';
import { imageRefOf, platformOf } from '../compose/image-ref.ts';
import { versionLabel } from '../compose/labels.ts';
import type { ComposeBuild, ComposeProject, ComposeService } from '../compose/model.ts';
import { chooseImageAction, parsePullPolicy } from '../compose/pull-policy.ts';
import type { EngineClient, JsonObject, PullProgress } from '../engine/engine-client.ts';
import { createRegistryLogins, registryOf } from '../engine/registry-auth.ts';
import { buildStepWords } from './build-words.ts';
import { createLimit } from './limit.ts';
import { createSharedWork } from './shared-work.ts';
import type { ImageNeed, StackImages } from './stack-images.ts';

/** A registry that sends nothing for this long has stalled. */
const stalledAfterMs = 60_000;
/** Images got at a time where COMPOSE_PARALLEL_LIMIT says nothing. */
const defaultParallel = 4;
/** The Compose whose labels built images bear. */
const composeVersion = '5.0.0';

type Report = { phase: 'pulling' | 'building'; detail: string } | { progress: PullProgress };
type Tell = (report: Report) => void;

export function createProjectImages(options: {
  engine: () => EngineClient;
  /** `~/.docker`, or DOCKER_CONFIG: where `docker login` keeps logins. */
  dockerConfigDir: string;
  now?: () => number;
  stalledAfterMs?: number;
}): StackImages {
  const { engine } = options;
  const now = options.now ?? Date.now;
  const stalledMs = options.stalledAfterMs ?? stalledAfterMs;
  const logins = createRegistryLogins(options.dockerConfigDir);
  const shared = createSharedWork<Report>();
  const limit = createLimit();

  async function pull(project: ComposeProject, service: ComposeService, ref: string, tell: Tell, signal: AbortSignal) {
    const platform = platformOf(project, service);
    await shared(
      `pull ${ref} ${platform ?? ''}`,
      (report, aborted) =>
        limit.run(parallelOf(project), aborted, async () => {
          report({ phase: 'pulling', detail: `Asking the registry for ${ref}` });
          const login = await logins.forImage(ref, aborted);
          await untilStalled(ref, stalledMs, aborted, (watched, beat) =>
            engine().pullImage(
              ref,
              (progress) => {
                beat(progress);
                report({ progress });
              },
              watched,
              { ...(platform === undefined ? {} : { platform }), ...(login === undefined ? {} : { login }) },
            ),
          );
        }),
      tell,
      signal,
    ).catch((error: unknown) => {
      throw withLogin(error, ref);
    });
  }

  async function build(
    project: ComposeProject,
    name: string,
    service: ComposeService,
    definition: ComposeBuild,
    tell: Tell,
    signal: AbortSignal,
  ) {
    const labels = {
      [projectLabel]: project.name,
      [serviceLabel]: name,
      [versionLabel]: composeVersion,
      'com.docker.compose.image.builder': 'classic',
    };
    const { source, options: wanted } = buildRequest(project, name, service, definition, labels);
    await shared(
      `build ${wanted.tag} ${name}`,
      (report, aborted) =>
        limit.run(parallelOf(project), aborted, async () => {
          report({ phase: 'building', detail: `Building ${name}` });
          const read = 'remote' in source ? null : await readBuildContext(source);
          if (read !== null && !('remote' in source)) assertClassic(name, read.dockerfileText, source.dockerfile);
          const bases = read === null ? [] : baseImagesOf(read.dockerfileText, wanted.buildArgs ?? {});
          const registries = await logins.forBuild(bases, aborted);
          let said = '';
          const onProgress = (progress: PullProgress) => {
            const words = buildStepWords(progress.status);
            if (words !== null && words !== said) {
              said = words;
              report({ phase: 'building', detail: words });
            }
            report({ progress: { ...progress, status: said || progress.status } });
          };
          await engine().buildImage(
            read === null ? null : counted(read.open(), (progress) => report({ progress })),
            {
              ...wanted,
              ...(read === null ? {} : { dockerfile: read.dockerfile }),
              ...(registries === undefined ? {} : { logins: registries }),
            },
            onProgress,
            aborted,
          );
        }),
      tell,
      signal,
    );
  }

  async function get(project: ComposeProject, need: ImageNeed, tell: Tell, signal: AbortSignal): Promise<string> {
    const service = project.services[need.service];
    if (service === undefined || need.action === 'none') return need.ref;
    const builder = builderOf(project, need.service, service);
    if (need.action === 'pull') {
      try {
        await pull(project, service, need.ref, tell, signal);
        return need.ref;
      } catch (error) {
        // An image that can be built here need not be in a registry.
        signal.throwIfAborted();
        if (builder === null || toProblem(error).code === 'disk-full') throw error;
      }
    }
    if (builder !== null) await build(project, builder.name, builder.service, builder.build, tell, signal);
    return need.ref;
  }

  return {
    async needed(project, services, signal) {
      const inspected = new Map<string, Promise<JsonObject | null>>();
      const inspect = (ref: string) => {
        const asked = inspected.get(ref) ?? engine().inspectImage(ref);
        inspected.set(ref, asked);
        return asked;
      };
      return Promise.all(
        [...services].flatMap((name) => {
          const service = project.services[name];
          return service === undefined ? [] : [needOf(name, service)];
        }),
      );

      async function needOf(name: string, service: ComposeService): Promise<ImageNeed> {
        signal?.throwIfAborted();
        const ref = imageRefOf(project, name, service);
        const raw = await inspect(ref);
        const other = raw === null ? null : otherPlatform(raw, platformOf(project, service));
        const { action, reason } = chooseImageAction({
          policy: parsePullPolicy(service.pull_policy),
          named: service.image !== undefined && service.image !== '',
          buildable: builderOf(project, name, service) !== null,
          present: raw === null || other !== null ? null : { taggedAtMs: taggedAt(raw) },
          nowMs: now(),
        });
        const why = action !== 'none' && other !== null ? `the one here is for ${other}` : reason;
        return { service: name, ref, present: raw !== null, action, reason: why };
      }
    },

    async ensure(project, need, listener, signal) {
      try {
        return await get(
          project,
          need,
          (report) => {
            if ('progress' in report) listener.onProgress(report.progress);
            else listener.onPhase(report.phase, report.detail);
          },
          signal,
        );
      } catch (error) {
        if (!(error instanceof ProblemError) || error.problem.service === need.service) throw error;
        throw new ProblemError({ ...error.problem, service: need.service }, { cause: error });
      }
    },
  };
}

/** Who builds the image of a service: itself, or another service that builds the image of the same name. */
function builderOf(
  project: ComposeProject,
  name: string,
  service: ComposeService,
): { name: string; service: ComposeService; build: ComposeBuild } | null {
  if (service.build !== undefined) return { name, service, build: service.build };
  const ref = imageRefOf(project, name, service);
  for (const [other, candidate] of Object.entries(project.services)) {
    if (candidate.build === undefined || imageRefOf(project, other, candidate) !== ref) continue;
    return { name: other, service: candidate, build: candidate.build };
  }
  return null;
}

/** COMPOSE_PARALLEL_LIMIT; below 1 it is no limit. */
function parallelOf(project: ComposeProject): number {
  const text = project.environment.COMPOSE_PARALLEL_LIMIT ?? '';
  if (!/^-?\d{1,6}$/.test(text)) return defaultParallel;
  const most = Number(text);
  return most < 1 ? Number.POSITIVE_INFINITY : most;
}

/** `Metadata.LastTagTime`; null where it is Go's zero time, as of images that no one has tagged here. */
function taggedAt(image: JsonObject): number | null {
  const time = Date.parse(asText(asObject(image.Metadata).LastTagTime));
  return Number.isNaN(time) || time <= 0 ? null : time;
}

const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  armhf: 'arm',
  armel: 'arm',
  i386: '386',
};

/** The image's own platform where it is not the wanted one: "linux/arm64"; else null. */
function otherPlatform(image: JsonObject, wanted: string | undefined): string | null {
  if (wanted === undefined) return null;
  const [os = '', architecture] = wanted.toLowerCase().split('/');
  const same = (a: string, b: string) => (architectures[a] ?? a) === (architectures[b] ?? b);
  const [ownOs, own] = [asText(image.Os), asText(image.Architecture)];
  if (ownOs === '' || own === '' || (os === ownOs && (architecture === undefined || same(architecture, own))))
    return null;
  return `${ownOs}/${own}`;
}

/** Ends `run` with `registry-stalled` once `beat` has not been called for so long, all bytes were not there yet. */
async function untilStalled(
  ref: string,
  ms: number,
  signal: AbortSignal,
  run: (signal: AbortSignal, beat: (progress: PullProgress) => void) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  let last: PullProgress | null = null;
  const timer = setTimeout(() => {
    // Unpacking is the engine's work; its own silence is watched elsewhere.
    if (last === null || last.totalBytes === null || last.doneBytes < last.totalBytes)
      stop.abort(stalled(ref, ms, last));
  }, ms);
  try {
    await run(stop.signal, (progress) => {
      last = progress;
      timer.refresh();
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

function stalled(ref: string, ms: number, last: PullProgress | null): ProblemError {
  const bytes = last === null || last.doneBytes === 0 ? '' : formatBytes(last.doneBytes);
  const total = last === null || last.totalBytes === null ? '' : ` of ${formatBytes(last.totalBytes)}`;
  return new ProblemError(
    problem(
      'registry-stalled',
      'The image registry stopped sending',
      `${ref}: ${bytes === '' ? 'nothing came' : `${bytes}${total} came, then nothing`} for ${ms / 1000} s.`,
      {
        evidence: last === null ? [] : [last.status],
        remedies: [
          { action: 'retry', label: 'Try again' },
          { action: 'advice', label: 'Or look at the network between the engine and the registry' },
        ],
      },
    ),
  );
}

/** A refusal is told with the way to log in to the very registry. */
function withLogin(error: unknown, ref: string): unknown {
  if (!(error instanceof ProblemError)) return error;
  const { code, evidence } = error.problem;
  if (code !== 'registry-denied' && !evidence.some((line) => line.includes('docker login'))) return error;
  const registry = registryOf(ref);
  const login: Remedy = {
    action: 'copy-command',
    label: `Log in to ${registry}`,
    command: registry === 'docker.io' ? 'docker login' : `docker login ${registry}`,
  };
  const remedies = [login, { action: 'retry' as const, label: 'Then try again' }];
  return new ProblemError({ ...error.problem, cause: `${ref}: ${error.problem.cause}`, remedies }, { cause: error });
}

/** @throws {ProblemError} `compose-invalid` at the first thing that only BuildKit understands */
function assertClassic(service: string, dockerfileText: string, file: string | null): void {
  const use = buildKitUseIn(dockerfileText);
  if (use === undefined) return;
  const text = dockerfileText.split(/\r?\n/)[use.line - 1] ?? '';
  const column = text.length - text.trimStart().length + 1;
  const place = { file: file ?? 'dockerfile_inline', line: use.line, column, text };
  throw composeProblem(`\`${use.what}\` is not supported by Quayside`, use.right, place, [], service);
}

/** Tells, some ten times a second, how much of the context has been sent. */
function counted(context: Readable, tell: (progress: PullProgress) => void): Readable {
  async function* count() {
    let bytes = 0;
    let toldMs = 0;
    for await (const chunk of context) {
      bytes += (chunk as Buffer).length;
      const nowMs = performance.now();
      if (nowMs - toldMs >= 100) {
        toldMs = nowMs;
        tell({ status: 'Sending the context', doneBytes: bytes, totalBytes: null });
      }
      yield chunk;
    }
  }
  return Readable.from(count(), { objectMode: false });
}
