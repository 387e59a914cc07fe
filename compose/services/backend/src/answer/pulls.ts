/** Models on their way to an Ollama server. What is known of one stands in Redis, so that every replica can tell. */
import { z } from 'zod';
import { BackendProblem, toBackendProblem } from '../http/problem.ts';
import type { Cache } from '../store/cache.ts';
import type { Providers } from './providers.ts';

export const pullJson = z
  .object({
    model: z.string(),
    state: z.enum(['running', 'done', 'failed']),
    /** As Ollama words it. */
    status: z.string(),
    completedBytes: z.number().nullable(),
    totalBytes: z.number().nullable(),
    problem: z.object({ code: z.string(), detail: z.string() }).nullable(),
    updatedAtMs: z.number(),
  })
  .meta({ id: 'ModelPull' });
type Pull = z.output<typeof pullJson>;

export interface Pulls {
  /** Begins one, or answers the one that is under way. @throws {BackendProblem} `provider-not-configured` */
  start(model: string): Promise<Pull>;
  /** @throws {BackendProblem} `not-found` */
  get(model: string): Promise<Pull>;
  close(): void;
}

const tellEveryMs = 500;
const keepSeconds = 24 * 3600;
/** One that was not heard of for so long ended with its replica. */
const silentMs = 11 * 60_000;
const keyOf = (model: string): string => `pull:${model}`;

export function createPulls(cache: Pick<Cache, 'getMany' | 'setMany'>, providers: Pick<Providers, 'ollama'>): Pulls {
  const own = new Map<string, Pull>();
  const closing = new AbortController();

  async function known(model: string): Promise<Pull | null> {
    const here = own.get(model);
    if (here !== undefined) return here;
    const { values } = await cache.getMany([keyOf(model)]);
    const [value] = values;
    if (value == null) return null;
    const pull = pullJson.parse(JSON.parse(value.toString('utf8')));
    if (pull.state !== 'running' || Date.now() - pull.updatedAtMs < silentMs) return pull;
    return {
      ...pull,
      state: 'failed',
      problem: { code: 'provider-error', detail: 'It broke off. Pull again to go on.' },
    };
  }

  return {
    async start(model) {
      const before = await known(model);
      if (before?.state === 'running') return before;
      const ollama = await providers.ollama();
      const keep = (change: Partial<Pull>): Pull => {
        const empty: Pull = {
          model,
          state: 'running',
          status: '',
          completedBytes: null,
          totalBytes: null,
          problem: null,
          updatedAtMs: 0,
        };
        const pull: Pull = { ...(own.get(model) ?? empty), ...change, updatedAtMs: Date.now() };
        own.set(model, pull);
        void cache.setMany([{ key: keyOf(model), value: Buffer.from(JSON.stringify(pull)) }], keepSeconds);
        return pull;
      };
      own.delete(model);
      const begun = keep({});
      void (async () => {
        try {
          let toldAt = Number.NEGATIVE_INFINITY;
          for await (const state of ollama.pull(model, closing.signal)) {
            if (performance.now() - toldAt < tellEveryMs) continue;
            toldAt = performance.now();
            keep(state);
          }
          keep({ state: 'done', status: 'success' });
        } catch (error) {
          const problem = closing.signal.aborted
            ? new BackendProblem('provider-error', 'The backend stopped. Pull again to go on.')
            : toBackendProblem(error);
          keep({ state: 'failed', problem: { code: problem.code, detail: problem.message } });
        }
        // From now on Redis knows, and an end long ago is not remembered here.
        setTimeout(() => own.delete(model), 60_000).unref();
      })();
      return begun;
    },
    async get(model) {
      const pull = await known(model);
      if (pull === null) throw new BackendProblem('not-found', 'This model was not pulled lately.');
      return pull;
    },
    close: () => closing.abort(),
  };
}
