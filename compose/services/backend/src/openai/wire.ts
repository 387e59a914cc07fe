/** What goes over the wire between clients of OpenAI's chat completions and this backend, with the sources as an extension. */
import { z } from 'zod';
import { type SourceJson, sourceJson } from '../answer/provider.ts';
import type { BackendProblem } from '../http/problem.ts';

const textPart = z.object({ type: z.literal('text'), text: z.string().max(200_000) });
const content = z.union([z.string().max(200_000), z.array(textPart).max(100)]);
const message = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: content.nullish(),
});

/** What is not named here is taken and left aside, as clients expect it; what would change the answer's form is not. */
export const completionRequest = z.object({
  model: z.string().min(1).max(200),
  messages: z.array(message).min(1).max(500),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
  n: z.literal(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  max_tokens: z.number().int().min(1).nullish(),
  max_completion_tokens: z.number().int().min(1).nullish(),
});
export type CompletionRequest = z.output<typeof completionRequest>;

const usage = z.object({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() });
export type Usage = z.output<typeof usage>;
const finishReasons = ['stop', 'length', 'content_filter'] as const;
export type FinishReason = (typeof finishReasons)[number];

export const completionJson = z
  .object({
    id: z.string(),
    object: z.literal('chat.completion'),
    created: z.number(),
    model: z.string(),
    choices: z.array(
      z.object({
        index: z.number(),
        message: z.object({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
        logprobs: z.null(),
        finish_reason: z.enum(finishReasons),
      }),
    ),
    usage,
    rag_sources: z.array(sourceJson),
  })
  .meta({ id: 'ChatCompletion' });
export const modelsJson = z
  .object({
    object: z.literal('list'),
    data: z.array(z.object({ id: z.string(), object: z.literal('model'), created: z.number(), owned_by: z.string() })),
  })
  .meta({ id: 'ChatModels' });

/** What an answer is known by, all the while. */
export interface Head {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
}

export function completion(
  head: Head,
  answer: { text: string; finish: FinishReason; usage: Usage; sources: readonly SourceJson[] },
): z.output<typeof completionJson> {
  return {
    ...head,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: answer.text, refusal: null },
        logprobs: null,
        finish_reason: answer.finish,
      },
    ],
    usage: answer.usage,
    rag_sources: [...answer.sources],
  };
}

/** One piece of a streamed answer. `usage` is there, if only as null, when the client asked for it. */
export function chunk(
  head: Head,
  piece: {
    readonly delta?: { readonly role?: 'assistant'; readonly content?: string };
    readonly finish?: FinishReason;
    readonly usage?: Usage | null;
    readonly sources?: readonly SourceJson[];
  },
): unknown {
  return {
    ...head,
    object: 'chat.completion.chunk',
    choices:
      piece.delta === undefined
        ? []
        : [{ index: 0, delta: piece.delta, logprobs: null, finish_reason: piece.finish ?? null }],
    ...(piece.usage === undefined ? {} : { usage: piece.usage }),
    ...(piece.sources === undefined ? {} : { rag_sources: piece.sources }),
  };
}

const types: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
};

/** A failure as OpenAI's clients read it. */
export const errorJson = z
  .object({
    error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() }),
  })
  .meta({ id: 'OpenAiError' });

export function errorBody(problem: BackendProblem): z.output<typeof errorJson> {
  const type = problem.status >= 500 ? 'server_error' : (types[problem.status] ?? 'invalid_request_error');
  const [field] = problem.errors ?? [];
  const param = field === undefined ? null : field.pointer.slice(1).replaceAll('/', '.');
  const message = field === undefined ? problem.message : `${param}: ${field.message}`;
  const own = problem.code === 'unauthorized' ? 'invalid_api_key' : problem.code.replaceAll('-', '_');
  const code = field?.code ?? own;
  return { error: { message, type, param, code } };
}

/** Whether a request came through this door: its failures leave in OpenAI's form. */
export const isOpenAiPath = (path: string): boolean => path.startsWith('/openai/');

const textOf = (of: z.output<typeof content> | null | undefined): string =>
  typeof of === 'string' ? of : (of ?? []).map((part) => part.text).join('\n');

/**
 * The question is what the person said last; what was said before is history. Instructions of others do not count: what
 * holds for answers is this backend's.
 */
export function questionIn(messages: CompletionRequest['messages']): {
  question: string;
  turns: { role: 'user' | 'assistant'; text: string }[];
} {
  const said = messages.flatMap(({ role, content: of }) =>
    role === 'user' || role === 'assistant' ? [{ role, text: textOf(of) }] : [],
  );
  const last = said.findLastIndex(({ role }) => role === 'user');
  return {
    question: said[last]?.text ?? '',
    turns: said.slice(0, Math.max(0, last)).filter(({ text }) => text !== ''),
  };
}
