/** How much each model reads and writes at most: as the owner says, else as its service tells, else as configured. */
import type { ModelInfo, ModelService } from './port.ts';

const keepMs = 10 * 60_000;
const retryMs = 60_000;
/** A question does not wait longer than this for it. */
const patienceMs = 1500;

export interface Windows {
  of(
    service: ModelService,
    at: { baseUrl: string; own: number | null; usual: number },
    signal: AbortSignal,
  ): Promise<number>;
  /** What a list of models told on the way. */
  learn(service: ModelService, baseUrl: string, models: readonly ModelInfo[]): void;
}

export function createWindows(now: () => number = Date.now): Windows {
  const known = new Map<string, { tokens: number | null; untilMs: number }>();
  const keyOf = (service: ModelService, baseUrl: string): string => `${service.name} ${baseUrl} ${service.model}`;

  return {
    async of(service, { baseUrl, own, usual }, signal) {
      const key = keyOf(service, baseUrl);
      // Ollama makes room in memory for what it is asked for: never more than configured, however much the model could.
      const chosen = (told: number | null): number => {
        if (service.name === 'ollama') return Math.min(own ?? usual, told ?? Number.MAX_SAFE_INTEGER);
        return own ?? told ?? usual;
      };
      if (own !== null && service.name !== 'ollama') return own;
      const entry = known.get(key);
      if (entry !== undefined && now() < entry.untilMs) return chosen(entry.tokens);
      try {
        const told = await service.contextTokens(AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]));
        known.set(key, { tokens: told, untilMs: now() + keepMs });
        return chosen(told);
      } catch {
        signal.throwIfAborted();
        // Not asked again for every question: the answer itself will say what is wrong.
        known.set(key, { tokens: entry?.tokens ?? null, untilMs: now() + retryMs });
        return chosen(entry?.tokens ?? null);
      }
    },
    learn(service, baseUrl, models) {
      const told = models.find((model) => model.id === service.model)?.contextTokens;
      if (told != null) known.set(keyOf(service, baseUrl), { tokens: told, untilMs: now() + keepMs });
    },
  };
}
