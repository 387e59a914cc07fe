/**
 * Ollama by its own protocol: the window (`num_ctx`) cannot be set through its OpenAI-compatible one, and without it
 * Ollama cuts a prompt silently to its default.
 */
import { z } from 'zod';
import { notAnAnswer, problemOfStreamed } from './failures.ts';
import { askJson, endpoint, type Outgoing, streamParts } from './outbound.ts';
import type { ChatPart, ModelInfo, ModelService, ServiceSettings } from './port.ts';

const jsonTimeoutMs = 10_000;
const name = 'ollama' as const;

const line = z.object({
  message: z.object({ content: z.string().default(''), thinking: z.string().nullish() }).nullish(),
  done: z.boolean().default(false),
  done_reason: z.string().nullish(),
  prompt_eval_count: z.number().nullish(),
  eval_count: z.number().nullish(),
  error: z.string().nullish(),
});
const tags = z.object({
  models: z.array(z.object({ name: z.string().max(500), size: z.number().nullish() })),
});
const shown = z.object({
  model_info: z.record(z.string(), z.unknown()).default({}),
  parameters: z.string().nullish(),
});
const pullLine = z.object({
  status: z.string().default(''),
  total: z.number().nullish(),
  completed: z.number().nullish(),
  error: z.string().nullish(),
});

/** @throws {SyntaxError | BackendProblem} */
export function parseOllamaLine(text: string): ChatPart[] {
  const parsed = line.safeParse(JSON.parse(text));
  if (!parsed.success) throw notAnAnswer();
  const { message, done, done_reason: reason, prompt_eval_count: input, eval_count: output, error } = parsed.data;
  if (error != null) throw problemOfStreamed(error);
  const content = message?.content ?? '';
  return [
    ...(message?.thinking == null || message.thinking === '' ? [] : [{ kind: 'progress' } as const]),
    ...(content === '' ? [] : [{ kind: 'text', text: content } as const]),
    ...(done
      ? [
          {
            kind: 'usage',
            ...(input == null ? {} : { input }),
            ...(output == null ? {} : { output }),
          } as const,
          { kind: 'finish', reason: reason === 'length' ? 'length' : 'stop' } as const,
          { kind: 'end' } as const,
        ]
      : []),
  ];
}

/** Ollama calls `llama3` by its whole name `llama3:latest`. */
export const sameModel = (a: string, b: string): boolean =>
  (a.includes(':') ? a : `${a}:latest`) === (b.includes(':') ? b : `${b}:latest`);

export interface PullState {
  /** As Ollama words it. */
  readonly status: string;
  readonly completedBytes: number | null;
  readonly totalBytes: number | null;
}

export interface Ollama extends ModelService {
  /** Fetches a model onto the service's disk, state by state until it is there. @throws {BackendProblem} */
  pull(model: string, signal: AbortSignal): AsyncGenerator<PullState>;
}

export function createOllama(settings: ServiceSettings): Ollama {
  const headers: Record<string, string> = settings.key === null ? {} : { authorization: `Bearer ${settings.key}` };
  const outgoing = (method: 'GET' | 'POST', path: string, body?: unknown): Outgoing => ({
    provider: name,
    method,
    url: endpoint(settings.baseUrl, path),
    headers,
    ...(body === undefined ? {} : { body }),
  });

  return {
    name,
    model: settings.model,
    async models(signal): Promise<ModelInfo[]> {
      const list = tags.safeParse(await askJson(outgoing('GET', 'api/tags'), jsonTimeoutMs, signal));
      if (!list.success) throw notAnAnswer();
      return list.data.models.map((model) => ({ id: model.name, contextTokens: null, bytes: model.size ?? null }));
    },
    async contextTokens(signal) {
      const answer = shown.safeParse(
        await askJson(outgoing('POST', 'api/show', { model: settings.model }), jsonTimeoutMs, signal),
      );
      if (!answer.success) throw notAnAnswer();
      const trained = Object.entries(answer.data.model_info).find(([key]) => key.endsWith('.context_length'))?.[1];
      return typeof trained === 'number' && trained > 0 ? trained : null;
    },
    stream(request, limits, signal) {
      const body = {
        model: settings.model,
        messages: [
          { role: 'system', content: request.system },
          ...request.messages.map((turn) => ({ role: turn.role, content: turn.text })),
        ],
        stream: true,
        options: {
          num_ctx: request.windowTokens,
          num_predict: request.maxTokens,
          temperature: request.temperature,
        },
      };
      return streamParts(outgoing('POST', 'api/chat', body), 'lines', parseOllamaLine, limits, signal);
    },
    async *pull(model, signal) {
      let latest: PullState = { status: '', completedBytes: null, totalBytes: null };
      const parse = (text: string): ChatPart[] => {
        const parsed = pullLine.safeParse(JSON.parse(text));
        if (!parsed.success) throw notAnAnswer();
        const { status, completed, total, error } = parsed.data;
        if (error != null) throw problemOfStreamed(error);
        latest = { status: status.slice(0, 200), completedBytes: completed ?? null, totalBytes: total ?? null };
        return status === 'success' ? [{ kind: 'progress' }, { kind: 'end' }] : [{ kind: 'progress' }];
      };
      // A large layer may be checked for minutes without a word.
      const limits = { firstTokenMs: 120_000, idleMs: 600_000 };
      const states = streamParts(outgoing('POST', 'api/pull', { model, stream: true }), 'lines', parse, limits, signal);
      for await (const part of states) if (part.kind === 'progress') yield latest;
    },
  };
}
