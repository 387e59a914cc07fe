/**
 * The images a stack runs. Official ones are pulled where a registry answers and built as stand-ins where none does;
 * our own are always built. The tag of a built image carries the hash of what it is built from, so an unchanged one is
 * never built again and a changed one always is. What was chosen is remembered per environment.
 */
import { join } from 'node:path';
import { ProblemError, problem, toProblem } from '../../shared/model/problem.ts';
import type { Environment } from '../config/environment.ts';
import { readState, updateState } from '../config/environment-state.ts';
import type { EngineClient, PullProgress } from '../engine/engine-client.ts';
import { buildStepWords } from './build-words.ts';
import { caBundle } from './ca-bundle.ts';
import { type ContextFile, contextHash, packContext, readContext } from './image-context.ts';
import {
  baseImage,
  type Foundation,
  foundations,
  optionalImages,
  type Recipe,
  type ServiceImage,
  serviceImages,
} from './image-recipes.ts';
import { createSharedWork } from './shared-work.ts';
import type { ImageNeed, StackImages } from './stack-images.ts';

const allImages: readonly ServiceImage[] = [...serviceImages, ...optionalImages];

type Report = { phase: 'pulling' | 'building'; detail: string } | { progress: PullProgress };

interface Plan {
  readonly tag: string;
  readonly files: readonly ContextFile[];
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly hash: string;
}

/** No registry gave a sign for this long: build instead of waiting on. */
const registrySilenceMs = 25_000;
/** How long a registry that did not answer is not asked again. */
const registryRetryMs = 5 * 60_000;

/**
 * The images of the bundled stack. `ensure` remembers what it got; where nothing can be had, it throws
 * `base-image-missing`, `build-failed`, `disk-full`, or what the pull failed with.
 */
export function createImageCatalog(options: {
  engine: () => EngineClient;
  environment: Environment;
  registrySilenceMs?: number;
  now?: () => number;
}): StackImages {
  const { engine, environment } = options;
  // A span is measured, so the steady clock: one that is set back must not keep the registry unasked.
  const now = options.now ?? (() => performance.now());
  const silenceMs = options.registrySilenceMs ?? registrySilenceMs;
  const shared = createSharedWork<Report>();
  let registrySilentSince: number | null = null;

  const isPresent = async (ref: string) => (await engine().inspectImage(ref)) !== null;

  async function plan(recipe: Recipe, refOf: (foundation: Foundation) => string): Promise<Plan> {
    const files = await readContext(join(environment.composeDir, recipe.folder));
    const buildArgs = Object.fromEntries(
      Object.entries(recipe.bases).map(([name, base]) => [name, base === 'base' ? baseImage : refOf(base)]),
    );
    const hash = contextHash(files, buildArgs);
    return { tag: `quayside/${recipe.name}:${recipe.version}-${hash.slice(0, 12)}`, files, buildArgs, hash };
  }

  /** The tag of the stand-in of a foundation, itself built on stand-ins. */
  async function standInTag(foundation: Foundation): Promise<string> {
    const { recipe } = foundations[foundation];
    return (await plan(recipe, await standInsOf(recipe))).tag;
  }

  async function standInsOf(recipe: Recipe): Promise<(foundation: Foundation) => string> {
    const tags = new Map<Foundation, string>();
    for (const base of Object.values(recipe.bases)) if (base !== 'base') tags.set(base, await standInTag(base));
    return (foundation) => tags.get(foundation) ?? baseImage;
  }

  /** Each way the image could have been built: on the official foundation, or on its stand-in. */
  async function possibleTags(recipe: Recipe): Promise<string[]> {
    const standIns = await standInsOf(recipe);
    const plans = [await plan(recipe, (foundation) => foundations[foundation].official), await plan(recipe, standIns)];
    return [...new Set(plans.map(({ tag }) => tag))];
  }

  /** The reference that is on the engine already and may be used, best first: remembered, official, built. */
  async function findPresent(image: ServiceImage, remembered: string | undefined): Promise<string | null> {
    const tags = await possibleTags(image.recipe);
    const outdated = remembered?.startsWith(`quayside/${image.recipe.name}:`) === true && !tags.includes(remembered);
    const candidates = [outdated ? undefined : remembered, image.official, ...tags];
    for (const ref of candidates) {
      if (ref !== undefined && ref !== null && (await isPresent(ref))) return ref;
    }
    return null;
  }

  async function remember(variable: string, ref: string): Promise<void> {
    await updateState(environment, (state) => ({ ...state, images: { ...state.images, [variable]: ref } }));
  }

  async function build(
    recipe: Recipe,
    refOf: (foundation: Foundation) => string,
    report: (report: Report) => void,
    signal: AbortSignal,
  ): Promise<string> {
    const { tag, files, buildArgs, hash } = await plan(recipe, refOf);
    if (await isPresent(tag)) return tag;
    await shared(
      `build ${tag}`,
      async (tell, aborted) => {
        tell({ phase: 'building', detail: `Building ${recipe.name} ${recipe.version}` });
        if (Object.values(buildArgs).includes(baseImage) && !(await isPresent(baseImage))) throw baseMissing();
        const dockerfile = files.find((file) => file.path === 'Dockerfile')?.bytes.toString('utf8') ?? '';
        const extra = dockerfile.includes('ca*.crt') ? await caBundle() : [];
        let said = '';
        await engine().buildImage(
          packContext(files, extra),
          { tag, buildArgs, labels: { 'quayside.image': recipe.name, 'quayside.context': hash } },
          ({ status }) => {
            const words = buildStepWords(status);
            if (words === null || words === said) return;
            said = words;
            tell({ phase: 'building', detail: `Building ${recipe.name} ${recipe.version}. ${words}` });
          },
          aborted,
        );
      },
      report,
      signal,
    );
    return tag;
  }

  /** Answers null where no registry answers, so that the caller builds instead. */
  async function pull(
    ref: string,
    report: (report: Report) => void,
    signal: AbortSignal,
  ): Promise<string | { readonly failure: ProblemError }> {
    if (registrySilentSince !== null && now() - registrySilentSince < registryRetryMs) {
      return { failure: registrySilent(ref, []) };
    }
    try {
      await shared(
        `pull ${ref}`,
        async (tell, aborted) => {
          tell({ phase: 'pulling', detail: `Asking a registry for ${ref}` });
          const silence = new AbortController();
          const stop = () => silence.abort(aborted.reason);
          aborted.addEventListener('abort', stop, { once: true });
          const timer = setTimeout(() => silence.abort(registrySilent(ref, [])), silenceMs);
          try {
            await engine().pullImage(
              ref,
              (progress) => {
                // From the first layer on, the engine's own deadline watches over the pull.
                clearTimeout(timer);
                tell({ progress });
              },
              silence.signal,
            );
          } finally {
            clearTimeout(timer);
            aborted.removeEventListener('abort', stop);
          }
        },
        report,
        signal,
      );
      registrySilentSince = null;
      return ref;
    } catch (error) {
      signal.throwIfAborted();
      const failure = error instanceof ProblemError ? error : new ProblemError(toProblem(error), { cause: error });
      if (failure.problem.code === 'disk-full') throw failure;
      if (failure.problem.code === 'registry-unreachable') registrySilentSince = now();
      return { failure };
    }
  }

  /** Official where it is here or can be had, else its stand-in. */
  async function ensureFoundation(
    foundation: Foundation,
    report: (report: Report) => void,
    signal: AbortSignal,
  ): Promise<string> {
    const { official, recipe } = foundations[foundation];
    for (const ref of [official, await standInTag(foundation)]) if (await isPresent(ref)) return ref;
    const pulled = await pull(official, report, signal);
    if (typeof pulled === 'string') return pulled;
    return buildStandIn(recipe, pulled.failure, report, signal);
  }

  /** Builds on stand-ins only, so that the tag says all. A failure of the pull is told where nothing can be built. */
  async function buildStandIn(
    recipe: Recipe,
    pullFailure: ProblemError,
    report: (report: Report) => void,
    signal: AbortSignal,
  ): Promise<string> {
    if (!(await isPresent(baseImage))) {
      throw pullFailure.problem.code === 'registry-unreachable' ? baseMissing(pullFailure) : pullFailure;
    }
    const standIns = new Map<Foundation, string>();
    for (const base of Object.values(recipe.bases)) {
      if (base === 'base') continue;
      const { recipe: foundation } = foundations[base];
      standIns.set(base, await buildStandIn(foundation, pullFailure, report, signal));
    }
    return build(recipe, (foundation) => standIns.get(foundation) ?? baseImage, report, signal);
  }

  async function ensureImage(
    image: ServiceImage,
    report: (report: Report) => void,
    signal: AbortSignal,
  ): Promise<string> {
    const remembered = (await readState(environment)).images[image.variable];
    const present = await findPresent(image, remembered);
    if (present !== null) return present;
    if (isOwnChoice(image, remembered)) {
      const pulled = await pull(remembered, report, signal);
      // A reference the person chose is never replaced by something else.
      if (typeof pulled !== 'string') throw pulled.failure;
      return pulled;
    }
    if (image.official !== null) {
      const pulled = await pull(image.official, report, signal);
      if (typeof pulled === 'string') return pulled;
      return buildStandIn(image.recipe, pulled.failure, report, signal);
    }
    const refs = new Map<Foundation, string>();
    for (const base of Object.values(image.recipe.bases)) {
      if (base !== 'base') refs.set(base, await ensureFoundation(base, report, signal));
    }
    return build(image.recipe, (foundation) => refs.get(foundation) ?? baseImage, report, signal);
  }

  return {
    async needed(_project, services, signal) {
      const { images } = await readState(environment);
      return Promise.all(
        allImages
          .filter(({ service }) => services.has(service))
          .map(async (image): Promise<ImageNeed> => {
            signal?.throwIfAborted();
            const { service, variable, official, recipe } = image;
            const remembered = images[variable];
            const present = await findPresent(image, remembered);
            const inForce = remembered ?? official;
            if (present !== null) {
              return present === inForce
                ? { service, variable, ref: present, present: true, action: 'none', reason: null }
                : { service, variable, ref: present, present: true, action: 'build', reason: 'it is chosen anew' };
            }
            const missing = { service, variable, present: false, reason: 'it is not here yet' };
            if (isOwnChoice(image, remembered)) return { ...missing, ref: remembered, action: 'pull' };
            const ref = official ?? `quayside/${recipe.name}:${recipe.version}`;
            return { ...missing, ref, action: official === null ? 'build' : 'pull' };
          }),
      );
    },

    async ensure(_project, need, listener, signal) {
      const image = allImages.find((candidate) => candidate.variable === need.variable);
      if (image === undefined) {
        throw new ProblemError(
          problem(
            'image-unknown',
            `No recipe for ${need.service}`,
            `Quayside knows no image for ${need.variable ?? need.ref}.`,
          ),
        );
      }
      const report = (told: Report) => {
        if ('progress' in told) listener.onProgress(told.progress);
        else listener.onPhase(told.phase, told.detail);
      };
      try {
        const ref = await ensureImage(image, report, signal);
        await remember(image.variable, ref);
        return ref;
      } catch (error) {
        if (error instanceof ProblemError && error.problem.service === undefined) {
          throw new ProblemError({ ...error.problem, service: need.service }, { cause: error });
        }
        throw error;
      }
    },
  };
}

/** Neither the official image nor one built here: the person wrote it into the environment's state. */
function isOwnChoice(image: ServiceImage, remembered: string | undefined): remembered is string {
  return remembered !== undefined && remembered !== image.official && !remembered.startsWith('quayside/');
}

function registrySilent(ref: string, evidence: readonly string[]): ProblemError {
  return new ProblemError(
    problem('registry-unreachable', 'No image registry answers', `${ref} cannot be pulled from here.`, {
      evidence,
      remedies: [{ action: 'retry', label: 'Try again once there is a network' }],
    }),
  );
}

function baseMissing(pull?: ProblemError): ProblemError {
  return new ProblemError(
    problem(
      'base-image-missing',
      'The images cannot be pulled, and cannot be built yet',
      `No image registry answers, so Quayside builds the images on this machine. Their common base ${baseImage} is not there; set-up makes it, because that needs an administrator.`,
      {
        evidence: pull === undefined ? [] : [pull.problem.title, ...pull.problem.evidence],
        remedies: [
          { action: 'copy-command', label: 'Run set-up as root in the folder of Quayside', command: 'npm start' },
          { action: 'retry', label: 'Or connect to a network where images can be pulled, and try again' },
        ],
      },
    ),
    pull === undefined ? {} : { cause: pull },
  );
}
