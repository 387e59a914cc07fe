/** Images: inspect, pull, build, import. Their streams report failures inside a 200, so each message is looked at. */

import { asObject, asText } from '../../shared/model/json.ts';
import { type Problem, ProblemError, problem } from '../../shared/model/problem.ts';
import type { BuildOptions, EngineClient, JsonObject, PullProgress } from './engine-client.ts';
import { engineError, messageProblem } from './engine-errors.ts';
import { readJsonStream } from './json-stream.ts';
import { createPullProgress } from './pull-progress.ts';
import type { Ask, Requester } from './request.ts';

type Images = Pick<EngineClient, 'inspectImage' | 'pullImage' | 'buildImage' | 'importImage'>;

/** A step of a build may be silent for long: a compiler, a package index. */
const buildSilenceMs = 20 * 60_000;
const pullSilenceMs = 5 * 60_000;
/** What a person is shown of a failed build. */
const keptLines = 39;
/** The engine paints what a step writes to standard error. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const ansi = /\u001b\[[\d;]*m/g;

/** `fromImage` and `tag` as the engine wants them: without a tag it would pull every one of them. */
export function pullQuery(ref: string): { fromImage: string; tag: string } {
  const at = ref.indexOf('@');
  if (at !== -1) return { fromImage: ref.slice(0, at), tag: ref.slice(at + 1) };
  const colon = ref.lastIndexOf(':');
  // A colon before a slash is a registry's port.
  if (colon > ref.lastIndexOf('/')) return { fromImage: ref.slice(0, colon), tag: ref.slice(colon + 1) };
  return { fromImage: ref, tag: 'latest' };
}

export function createImages(requester: Requester): Images {
  const { json, doing } = requester;

  async function stream(
    ask: Ask & { deadlineMs: number },
    onMessage: (message: JsonObject) => void,
    onFailure: (message: string) => Problem,
  ): Promise<void> {
    let failed: string | null = null;
    await readJsonStream(requester, ask, (message) => {
      const error = asText(asObject(message.errorDetail).message) || asText(message.error);
      if (error === '') onMessage(message);
      else failed ??= error;
    });
    if (failed !== null) throw engineError(onFailure(failed));
  }

  return {
    async inspectImage(ref) {
      // The slashes of a name are part of the path; what else it holds is escaped.
      const path = `/images/${ref.split('/').map(encodeURIComponent).join('/')}/json`;
      const answer = await json({ method: 'GET', path, what: `inspect the image ${ref}`, accept: [404] });
      return answer.status === 404 ? null : asObject(answer.json);
    },

    async pullImage(ref, onProgress, signal, { platform, login } = {}) {
      const what = `pull the image ${ref}`;
      const progress = createPullProgress();
      const ask: Ask & { deadlineMs: number } = {
        method: 'POST',
        path: '/images/create',
        query: { ...pullQuery(ref), ...(platform ? { platform } : {}) },
        ...(login ? { headers: { 'X-Registry-Auth': login } } : {}),
        what,
        signal,
        deadlineMs: pullSilenceMs,
      };
      await stream(
        ask,
        (message) => onProgress(progress(message)),
        (message) => messageProblem(message, doing(what), 'pull-failed'),
      );
    },

    async buildImage(context, options, onProgress, signal) {
      const log = createBuildLog();
      let broken: Error | undefined;
      context?.once('error', (error) => {
        broken = error;
      });
      const ask: Ask & { deadlineMs: number } = {
        method: 'POST',
        path: '/build',
        query: buildQuery(options),
        ...(context === null ? {} : { upload: context }),
        ...(options.logins ? { headers: { 'X-Registry-Config': options.logins } } : {}),
        what: `build the image ${options.tag}`,
        signal,
        deadlineMs: buildSilenceMs,
      };
      try {
        await stream(
          ask,
          (message) => {
            const progress = log.progress(message);
            if (progress !== null) onProgress(progress);
          },
          (message) => buildProblem(options.tag, message, log),
        );
      } catch (error) {
        // The engine only sees that its request broke off; the context knows why.
        if (broken !== undefined && signal?.aborted !== true) throw broken;
        if (error instanceof ProblemError && error.problem.code === 'engine-refused') {
          throw engineError(buildProblem(options.tag, error.problem.cause, log), error);
        }
        throw error;
      } finally {
        context?.destroy();
      }
    },

    async importImage(rootfs, tag, signal) {
      const what = `import the image ${tag}`;
      const { fromImage: repo, tag: name } = pullQuery(tag);
      const query = { fromSrc: '-', repo, tag: name };
      const ask = {
        method: 'POST',
        path: '/images/create',
        query,
        upload: rootfs,
        what,
        signal,
        deadlineMs: pullSilenceMs,
      } as const;
      try {
        await stream(
          ask,
          () => undefined,
          (message) => messageProblem(message, doing(what), 'import-failed'),
        );
      } finally {
        rootfs.destroy();
      }
    },
  };

  function buildProblem(tag: string, message: string, log: BuildLog): Problem {
    const title = `The image ${tag} could not be built`;
    const step = log.step();
    // What a command of the Dockerfile says is its own; only the engine's own words are understood here.
    const found = /^The command '/.test(message)
      ? null
      : messageProblem(message, doing(`build ${tag}`), 'build-failed');
    if (found?.code === 'disk-full') return found;
    if (found !== null && found.code !== 'build-failed') {
      return { ...found, title, cause: `${found.title}. ${found.cause}`, evidence: [...step, ...found.evidence] };
    }
    return problem('build-failed', title, message.replace(ansi, '').trim() || 'It gave no reason.', {
      evidence: [...step, ...log.lastLines()],
      remedies: [{ action: 'retry', label: 'Try again' }],
    });
  }
}

/** @returns the query of POST /build. `version=1` is the classic builder, which every engine has. */
function buildQuery(options: BuildOptions): Record<string, string | readonly string[]> {
  const given = (entries: Record<string, string | readonly string[] | undefined>) =>
    Object.fromEntries(
      Object.entries(entries).filter(
        (entry): entry is [string, string | readonly string[]] => entry[1] !== undefined && entry[1].length > 0,
      ),
    );
  const asJson = (value: object | undefined) =>
    value === undefined || Object.keys(value).length === 0 ? undefined : JSON.stringify(value);
  return given({
    version: '1',
    t: [options.tag, ...(options.moreTags ?? [])],
    rm: '1',
    forcerm: '1',
    dockerfile: options.dockerfile,
    remote: options.remote,
    buildargs: asJson(options.buildArgs),
    labels: asJson(options.labels),
    networkmode: options.networkMode,
    target: options.target,
    platform: options.platform,
    cachefrom: asJson(options.cacheFrom),
    extrahosts: options.extraHosts,
    shmsize: options.shmBytes === undefined ? undefined : String(options.shmBytes),
    ulimits: asJson(options.ulimits),
    isolation: options.isolation,
    pull: options.pull === true ? '1' : undefined,
    nocache: options.noCache === true ? '1' : undefined,
  });
}

interface BuildLog {
  /** What to show for this message; null for one that says nothing. */
  progress(message: JsonObject): PullProgress | null;
  /** The step under way, as the engine names it; empty before the first. */
  step(): string[];
  /** What that step said last. */
  lastLines(): string[];
}

function createBuildLog(): BuildLog {
  let step = '';
  let last: string[] = [];
  let pull = createPullProgress();

  function keep(text: string): void {
    for (const line of text.replace(ansi, '').split(/[\r\n]+/)) {
      if (line.trim() === '') continue;
      if (/^Step \d+\/\d+/.test(line)) {
        step = line.trim().slice(0, 500);
        last = [];
        pull = createPullProgress();
        continue;
      }
      last.push(line.slice(0, 2000));
      if (last.length > keptLines) last.shift();
    }
  }

  return {
    step: () => (step === '' ? [] : [step]),
    lastLines: () => last,
    progress(message) {
      const said = asText(message.stream);
      keep(said);
      const status = asText(message.status);
      if (status !== '') {
        // A base image comes down in the middle of the build.
        const { doneBytes, totalBytes } = pull(message);
        return { status: step || status, doneBytes, totalBytes };
      }
      return said.trim() === '' ? null : { status: step || said.trim(), doneBytes: 0, totalBytes: null };
    },
  };
}
