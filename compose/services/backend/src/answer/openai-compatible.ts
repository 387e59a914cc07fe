/** Any service that speaks the chat completions protocol: OpenAI, OpenRouter, vLLM, llama.cpp, LM Studio and others. */
import { z } from 'zod';
import { BackendProblem } from '../http/problem.ts';
import { notAnAnswer, problemOfStreamed, UnsupportedParameter } from './failures.ts';
import { askJson, endpoint, type Outgoing, streamParts } from './outbound.ts';
import type { ChatPart, ChatRequest, ModelInfo, ModelService, ServiceSettings } from './port.ts';
import type { ServiceName } from './provider-names.ts';

const jsonTimeoutMs = 10_000;

const streamPart = z.object({
  choices: z
    .array(
      z.object({
        delta: z
          .object({ content: z.string().nullish(), reasoning_content: z.unknown(), reasoning: z.unknown() })
          .partial()
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }).nullish(),
  error: z.unknown().optional(),
});

// Each server has its own name for the window: OpenRouter, LM Studio, vLLM, Mistral, llama.cpp.
const window = z.number().int().positive().nullish().catch(null);
const modelList = z.object({
  data: z.array(
    z.object({
      id: z.string().max(500),
      context_length: window,
      max_context_length: window,
      loaded_context_length: window,
      max_model_len: window,
      context_window: window,
      meta: z.object({ n_ctx: window, n_ctx_train: window }).nullish().catch(null),
    }),
  ),
});

/** Parameters that models turned out not to take, by address and model. */
const refused = new Map<string, Set<string>>();

/** @throws {SyntaxError | BackendProblem} */
export function parseOpenAiFrame(frame: string): ChatPart[] {
  if (frame === '[DONE]') return [{ kind: 'end' }];
  const parsed = streamPart.safeParse(JSON.parse(frame));
  if (!parsed.success) throw notAnAnswer();
  const { choices, usage, error } = parsed.data;
  if (error != null) throw problemOfStreamed(JSON.stringify(error));
  const [choice] = choices;
  const text = choice?.delta?.content ?? '';
  const thinks = choice?.delta?.reasoning_content != null || choice?.delta?.reasoning != null;
  const reason = choice?.finish_reason;
  return [
    ...(thinks ? [{ kind: 'progress' } as const] : []),
    ...(text === '' ? [] : [{ kind: 'text', text } as const]),
    ...(usage == null ? [] : [{ kind: 'usage', input: usage.prompt_tokens, output: usage.completion_tokens } as const]),
    ...(reason == null || reason === ''
      ? []
      : [
          {
            kind: 'finish',
            reason: reason === 'length' ? 'length' : reason === 'content_filter' ? 'refusal' : 'stop',
          } as const,
        ]),
  ];
}

/** @param name whom failures and figures are told of */
export function createOpenAiCompatible(
  settings: ServiceSettings,
  name: ServiceName = 'openai-compatible',
): ModelService {
  const headers: Record<string, string> = settings.key === null ? {} : { authorization: `Bearer ${settings.key}` };

  async function models(signal: AbortSignal): Promise<ModelInfo[]> {
    const outgoing: Outgoing = {
      provider: name,
      method: 'GET',
      url: endpoint(settings.baseUrl, 'models'),
      headers: { ...headers, accept: 'application/json' },
    };
    const list = modelList.safeParse(await askJson(outgoing, jsonTimeoutMs, signal));
    if (!list.success) throw notAnAnswer();
    return list.data.data.map((model) => ({
      id: model.id,
      contextTokens:
        model.loaded_context_length ??
        model.max_model_len ??
        model.meta?.n_ctx ??
        model.context_length ??
        model.context_window ??
        model.max_context_length ??
        model.meta?.n_ctx_train ??
        null,
      bytes: null,
    }));
  }

  return {
    name,
    model: settings.model,
    models,
    async contextTokens(signal) {
      return (await models(signal)).find((model) => model.id === settings.model)?.contextTokens ?? null;
    },
    async *stream(request: ChatRequest, limits, signal) {
      const key = `${settings.baseUrl} ${settings.model}`;
      const without = refused.get(key) ?? new Set<string>();
      refused.set(key, without);
      const body = () => ({
        model: settings.model,
        messages: [
          { role: 'system', content: request.system },
          ...request.messages.map((turn) => ({ role: turn.role, content: turn.text })),
        ],
        stream: true,
        stream_options: { include_usage: true },
        ...(without.has('temperature') ? {} : { temperature: request.temperature }),
        [without.has('max_tokens') ? 'max_completion_tokens' : 'max_tokens']: request.maxTokens,
      });
      for (;;) {
        const outgoing: Outgoing = {
          provider: name,
          method: 'POST',
          url: endpoint(settings.baseUrl, 'chat/completions'),
          headers: { ...headers, accept: 'text/event-stream' },
          body: body(),
        };
        try {
          yield* streamParts(outgoing, 'sse', parseOpenAiFrame, limits, signal);
          return;
        } catch (error) {
          const cause = error instanceof BackendProblem ? error.cause : null;
          if (!(cause instanceof UnsupportedParameter) || without.has(cause.parameter)) throw error;
          without.add(cause.parameter);
        }
      }
    },
  };
}
