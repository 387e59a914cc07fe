/** A set of questions as a file: JSON that a person writes and keeps. */
import { open } from 'node:fs/promises';
import { z } from 'zod';
import { type EvalItem, evalItemSchema } from '../../shared/model/evaluation.ts';
import { ProblemError, problem } from '../../shared/model/problem.ts';

const maxBytes = 16 * 1024 * 1024;

const fileSchema = z.object({
  name: z.string().trim().min(1).max(100),
  description: z.string().max(2000).default(''),
  items: z
    .array(
      // What says where the right passages are may be left out of a question that has none.
      z.object({ ...evalItemSchema.shape, expected: evalItemSchema.shape.expected.default([]) }),
    )
    .min(1)
    .max(2000),
});

export interface EvalSetFile {
  readonly name: string;
  readonly description: string;
  readonly items: EvalItem[];
}

const refused = (cause: string, evidence: readonly string[] = []): ProblemError =>
  new ProblemError(
    problem('eval-file', 'The file holds no set of questions', cause, {
      evidence,
      remedies: [
        {
          action: 'advice',
          label:
            'A set is JSON: {"name", "description", "items": [{"question", "expected": [{"source", "heading", "text"}], "answerable"}]}',
        },
      ],
    }),
  );

/** @throws {ProblemError} `eval-file`, with what does not fit */
export function parseEvalSet(text: string): EvalSetFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refused('It is not JSON.', [error instanceof Error ? error.message : String(error)]);
  }
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success)
    throw refused(
      'Some of it does not fit.',
      parsed.error.issues.slice(0, 10).map((issue) => `${issue.path.join('.') || 'the whole'}: ${issue.message}`),
    );
  const { data } = parsed;
  const odd = data.items.findIndex(({ answerable, expected }) => answerable !== expected.length > 0);
  if (odd >= 0)
    throw refused(
      data.items[odd]?.answerable === true
        ? `Question ${odd + 1} is said to be answerable, but names no right passage.`
        : `Question ${odd + 1} is said to have no answer, but names a right passage.`,
    );
  return data;
}

/** @throws {ProblemError} `eval-file` */
export async function readEvalSet(path: string): Promise<EvalSetFile> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, 'r');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw refused(code === 'ENOENT' ? `There is no file ${path}.` : `${path} cannot be read (${String(code)}).`);
  }
  try {
    const info = await file.stat();
    if (!info.isFile()) throw refused(`${path} is not a file.`);
    if (info.size > maxBytes) throw refused('It has more than 16 MB.');
    return parseEvalSet(await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}
