/**
 * A Problem is a failure a person can meet: what happened, why, what shows it, what to do next.
 * Each error of engine, compose, stores, files and network is mapped to one, once, where it enters.
 */
import { z } from 'zod';

/** What the person can do. The window renders a button for each `action` it can run; the CLI prints `label` (and `command`). */
export const remedySchema = z.strictObject({
  /** What pressing the button does; `advice` has no button, only words. */
  action: z.enum([
    'retry',
    'start-engine',
    'start-stack',
    'use-port',
    'free-space',
    'open-page',
    'copy-command',
    'advice',
  ]),
  /** Sentence case, imperative: "Use port 7421 instead". */
  label: z.string().max(300),
  /** For `copy-command`, and what the CLI suggests. */
  command: z.string().max(1000).optional(),
  /** For `use-port`: the service whose port moves (`service:PORT` where it publishes several) and where to. */
  service: z.string().max(70).optional(),
  port: z.int().min(1).max(65535).optional(),
  /** For `open-page`: the page's name in the window. */
  page: z.string().max(32).optional(),
});
export type Remedy = z.infer<typeof remedySchema>;

export const problemSchema = z.strictObject({
  /** Kebab-case, stable, documented: `engine-missing`, `port-taken`, … */
  code: z.string().regex(/^[a-z][a-z0-9-]{1,63}$/),
  /** One short line: "Port 7420 is taken". */
  title: z.string().max(300),
  /** The cause in plain words. */
  cause: z.string().max(4000),
  /** What shows it: last log lines, probe output, exit code. Bounded, secrets removed. */
  evidence: z.array(z.string().max(2000)).max(40),
  remedies: z.array(remedySchema).max(8),
  /** The service at fault, where there is one. */
  service: z.string().max(64).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** Carries a Problem through code that throws. Its message is the title, so a log line is readable too. */
export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.title, options);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** Builds a Problem with empty evidence and remedies unless given. Texts are cut to the schema's bounds. */
export function problem(
  code: string,
  title: string,
  cause: string,
  more: { evidence?: readonly string[]; remedies?: readonly Remedy[]; service?: string } = {},
): Problem {
  return {
    code,
    title: title.slice(0, 300),
    cause: cause.slice(0, 4000),
    evidence: (more.evidence ?? []).slice(-40).map((line) => line.slice(0, 2000)),
    remedies: (more.remedies ?? []).slice(0, 8),
    ...(more.service === undefined ? {} : { service: more.service }),
  };
}

/** Any thrown value as a Problem: a ProblemError's own, otherwise `unexpected` with the message as cause. */
export function toProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const message = error instanceof Error ? error.message : String(error);
  return problem('unexpected', 'Something went wrong that Quayside did not foresee', message, {
    remedies: [{ action: 'retry', label: 'Try again' }],
  });
}
