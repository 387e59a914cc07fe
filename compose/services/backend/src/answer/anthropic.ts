/** The Messages protocol of Anthropic. */
import { z } from 'zod';
import { notAnAnswer, problemOfStreamed } from './failures.ts';
import { askJson, endpoint, type Outgoing, streamParts } from './outbound.ts';
import type { ChatPart, ModelInfo, ModelService, ServiceSettings, Turn } from './port.ts';

const jsonTimeoutMs = 10_000;
const name = 'anthropic' as const;
const version = '2023-06-01';
/** What the Claude models of the last years take at least, for a service that does not tell. */
const usualWindow = 200_000;

const count = z.number().nullish();
const event = z.object({
  type: z.string(),
  message: z.object({ usage: z.object({ input_tokens: count, output_tokens: count }).nullish() }).nullish(),
  delta: z
    .object({ type: z.string().nullish(), text: z.string().nullish(), stop_reason: z.string().nullish() })
    .nullish(),
  usage: z.object({ input_tokens: count, output_tokens: count }).nullish(),
  error: z.unknown().optional(),
});
const modelList = z.object({
  data: z.array(z.object({ id: z.string().max(500), max_input_tokens: z.number().nullish().catch(null) })),
});

const finishOf = (reason: string): 'stop' | 'length' | 'refusal' => {
  if (reason === 'max_tokens' || reason === 'model_context_window_exceeded') return 'length';
  return reason === 'refusal' ? 'refusal' : 'stop';
};
const usageOf = (usage: { input_tokens?: number | null | undefined; output_tokens?: number | null | undefined }) => ({
  kind: 'usage' as const,
  ...(usage.input_tokens == null ? {} : { input: usage.input_tokens }),
  ...(usage.output_tokens == null ? {} : { output: usage.output_tokens }),
});

/** Events of kinds that are not known are passed over, as the protocol asks. @throws {SyntaxError | BackendProblem} */
export function parseAnthropicEvent(frame: string): ChatPart[] {
  const parsed = event.safeParse(JSON.parse(frame));
  if (!parsed.success) throw notAnAnswer();
  const { type, message, delta, usage, error } = parsed.data;
  switch (type) {
    case 'error':
      throw problemOfStreamed(JSON.stringify(error ?? null));
    case 'message_start':
      return message?.usage == null ? [] : [usageOf(message.usage)];
    case 'content_block_delta':
      if (delta?.type !== 'text_delta') return [{ kind: 'progress' }];
      return delta.text == null || delta.text === '' ? [] : [{ kind: 'text', text: delta.text }];
    case 'message_delta':
      return [
        ...(usage == null ? [] : [usageOf(usage)]),
        ...(delta?.stop_reason == null ? [] : [{ kind: 'finish', reason: finishOf(delta.stop_reason) } as const]),
      ];
    case 'message_stop':
      return [{ kind: 'end' }];
    default:
      return [];
  }
}

/** Turns as the protocol takes them: the first is the person's, roles alternate. */
function alternating(turns: readonly Turn[]): { role: Turn['role']; content: string }[] {
  const messages: { role: Turn['role']; content: string }[] = [];
  for (const { role, text } of turns) {
    const last = messages.at(-1);
    if (last === undefined && role === 'assistant') continue;
    if (last?.role === role) last.content += `\n\n${text}`;
    else messages.push({ role, content: text });
  }
  return messages;
}

export function createAnthropic(settings: ServiceSettings): ModelService {
  const headers: Record<string, string> = {
    'anthropic-version': version,
    ...(settings.key === null ? {} : { 'x-api-key': settings.key }),
  };

  async function models(signal: AbortSignal): Promise<ModelInfo[]> {
    const url = endpoint(settings.baseUrl, 'v1/models');
    url.searchParams.set('limit', '1000');
    const outgoing: Outgoing = { provider: name, method: 'GET', url, headers };
    const list = modelList.safeParse(await askJson(outgoing, jsonTimeoutMs, signal));
    if (!list.success) throw notAnAnswer();
    return list.data.data.map(({ id, max_input_tokens: most }) => ({ id, contextTokens: most ?? null, bytes: null }));
  }

  return {
    name,
    model: settings.model,
    models,
    async contextTokens(signal) {
      return (await models(signal)).find((model) => model.id === settings.model)?.contextTokens ?? usualWindow;
    },
    stream(request, limits, signal) {
      const body = {
        model: settings.model,
        system: request.system,
        messages: alternating(request.messages),
        max_tokens: request.maxTokens,
        // Beyond 1 the service refuses.
        temperature: Math.min(1, request.temperature),
        stream: true,
      };
      const url = endpoint(settings.baseUrl, 'v1/messages');
      const outgoing: Outgoing = { provider: name, method: 'POST', url, headers, body };
      return streamParts(outgoing, 'sse', parseAnthropicEvent, limits, signal);
    },
  };
}
