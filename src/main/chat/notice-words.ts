/** What the backend tells beside an answer, in a person's words. */
import { z } from 'zod';

const part = z.object({ given: z.number(), of: z.number() });
const wireNotice = z.object({
  code: z.string(),
  /** A newer backend may bring its own words. */
  message: z.string().optional(),
  passages: part.optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  why: z.string().optional(),
  reason: z.string().optional(),
});

const words: Readonly<Record<string, (notice: z.output<typeof wireNotice>) => string>> = {
  context_truncated: ({ passages }) =>
    passages === undefined || passages.given === passages.of
      ? 'Not everything that was said before fits what the model reads at once.'
      : `The model read ${passages.given} of ${passages.of} passages: more do not fit what it reads at once.`,
  low_confidence: ({ reason }) =>
    reason === 'no-citations'
      ? 'The answer names no source.'
      : 'The sources bear this answer out only weakly. Check it against them.',
  fallback_provider: ({ from, to, why }) =>
    why === 'unsupported'
      ? 'What the stack’s own model wrote was not borne out by your documents. Quotes took its place.'
      : `${from ?? 'The provider'} could not be asked; ${to ?? 'another one'} answered instead.`,
  injection_suspected: () => 'A passage talks to the model as if it gave orders. It was treated as text.',
  answer_truncated: () => 'The answer was cut at its greatest length.',
  refused: () => 'The model refused a part of this.',
};

/** null for one that this panel has no words for. */
export function noticeOf(data: unknown): { code: string; message: string } | null {
  const parsed = wireNotice.safeParse(data);
  if (!parsed.success) return null;
  const { code } = parsed.data;
  const own = Object.hasOwn(words, code) ? words[code]?.(parsed.data) : undefined;
  const message = own ?? parsed.data.message;
  return message === undefined ? null : { code: code.slice(0, 64), message: message.slice(0, 500) };
}
