/** How an entry of the contract is declared, and how an answer crosses the boundary. */
import { z } from 'zod';
import { type Problem, problemSchema } from '../model/problem.ts';

export interface CallEntry<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly kind: 'call';
  readonly input: I;
  readonly output: O;
}
/** `output` is the schema of one item. */
export interface StreamEntry<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly kind: 'stream';
  readonly input: I;
  readonly output: O;
}
export type Entry = CallEntry | StreamEntry;

export function call<I extends z.ZodType, O extends z.ZodType>(input: I, output: O): CallEntry<I, O> {
  return { kind: 'call', input, output };
}
export function stream<I extends z.ZodType, O extends z.ZodType>(input: I, output: O): StreamEntry<I, O> {
  return { kind: 'stream', input, output };
}

/** Errors cross as data: a thrown Error loses its fields on the way (electron#24427). */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: Problem };

/** Ends a stream; `problem` says why when it did not simply end. */
export const streamEndSchema = z.strictObject({ problem: problemSchema.nullable() });
export type StreamEnd = z.infer<typeof streamEndSchema>;
