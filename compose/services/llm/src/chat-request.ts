/** The part of OpenAI's chat completions protocol that this service reads; fields that it does not know are passed over. */
import { z } from 'zod';

const content = z.union([
  z.string(),
  z
    .array(z.object({ type: z.literal('text'), text: z.string() }))
    .transform((parts) => parts.map(({ text }) => text).join('')),
]);

export const chatRequest = z.object({
  model: z.string().max(200).optional(),
  messages: z
    .array(z.object({ role: z.enum(['system', 'developer', 'user', 'assistant']), content }))
    .min(1)
    .max(500)
    .refine((messages) => messages.at(-1)?.role === 'user', 'The last message is the user’s'),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(8)]).nullish(),
});
export type ChatRequest = z.output<typeof chatRequest>;
