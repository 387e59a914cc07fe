/** Images: inspect, pull, build, import. Their streams report failures inside a 200, so each message is looked at. */

import { asObject, asText } from '../../shared/model/json.ts';
import { type Problem, problem } from '../../shared/model/problem.ts';
import type { EngineClient, JsonObject } from './engine-client.ts';
import { engineError, messageProblem } from './engine-errors.ts';
import { readJsonStream } from './json-stream.ts';
import { createPullProgress } from './pull-progress.ts';
import type { Ask, Requester } from './request.ts';

type Images = Pick<EngineClient, 'inspectImage' | 'pullImage' | 'buildImage' | 'importImage'>;

/** A step of a build may be silent for long: a compiler, a package index. */
const buildSilenceMs = 20 * 60_000;
const pullSilenceMs = 5 * 60_000;
/** What a person is shown of a failed build. */
const keptLines = 40;
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

    async pullImage(ref, onProgress, signal) {
      const what = `pull the image ${ref}`;
      const progress = createPullProgress();
      const ask: Ask & { deadlineMs: number } = {
        method: 'POST',
        path: '/images/create',
        query: pullQuery(ref),
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
      const what = `build the image ${options.tag}`;
      const last: string[] = [];
      let status = '';
      const keep = (text: string) => {
        for (const line of text.replace(ansi, '').split('\n')) {
          if (line.trim() === '') continue;
          last.push(line.slice(0, 2000));
          if (last.length > keptLines) last.shift();
          if (/^Step \d+\/\d+/.test(line)) status = line.trim();
        }
      };
      const ask: Ask & { deadlineMs: number } = {
        method: 'POST',
        path: '/build',
        query: {
          t: options.tag,
          rm: '1',
          forcerm: '1',
          ...(options.dockerfile ? { dockerfile: options.dockerfile } : {}),
          ...(options.buildArgs ? { buildargs: JSON.stringify(options.buildArgs) } : {}),
          ...(options.labels ? { labels: JSON.stringify(options.labels) } : {}),
          ...(options.networkMode ? { networkmode: options.networkMode } : {}),
        },
        upload: context,
        what,
        signal,
        deadlineMs: buildSilenceMs,
      };
      try {
        await stream(
          ask,
          (message) => {
            const text = asText(message.stream) || asText(message.status);
            keep(text);
            if (text.trim() !== '') onProgress({ status: status || text.trim(), doneBytes: 0, totalBytes: null });
          },
          (message) => buildProblem(options.tag, message, last),
        );
      } finally {
        context.destroy();
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

  function buildProblem(tag: string, message: string, last: readonly string[]): Problem {
    const full = messageProblem(message, doing(`build the image ${tag}`), 'build-failed');
    if (full.code === 'disk-full') return full;
    return problem('build-failed', `The image ${tag} could not be built`, message.trim(), {
      evidence: [...last],
      remedies: [{ action: 'retry', label: 'Try again' }],
    });
  }
}
