/**
 * Where a command writes: answers on standard output, everything else on standard error. A reader that went away
 * (`| head`) is no error: printing stops, `gone` tells streams to end, an operation under way goes on.
 */
import type { Problem } from '../../shared/model/problem.ts';
import { printable } from './printable.ts';

export interface Terminal {
  readonly json: boolean;
  /** Whether live lines can be drawn over. */
  readonly live: boolean;
  readonly colours: boolean;
  readonly columns: number;
  readonly gone: AbortSignal;
  /** One line (or several) for a person; nothing with `--json`. Resolves once the reader took it. */
  print(text: string): Promise<void>;
  /** One JSON document on one line. */
  document(value: unknown): Promise<void>;
  /** What is going on, for a person only; on standard error so that standard output stays clean. */
  note(text: string): void;
  problem(problem: Problem): void;
  /** Raw, for live drawing and streamed text. */
  raw(text: string): void;
}

export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

export function openTerminal(streams: Streams, json: boolean, redact: (text: string) => string): Terminal {
  const { stdout, stderr } = streams;
  const gone = new AbortController();
  // Without a listener Node ends the process with a stack; ENOSPC on a redirected file counts as gone too.
  stdout.on('error', () => gone.abort());
  stderr.on('error', () => undefined);
  const colours = stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

  function write(text: string): Promise<void> {
    if (gone.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      stdout.write(redact(text), () => resolve());
    });
  }

  return {
    json,
    live: !json && stdout.isTTY === true && process.env.TERM !== 'dumb',
    colours,
    get columns() {
      return stdout.columns ?? 100;
    },
    gone: gone.signal,
    print: (text) => (json ? Promise.resolve() : write(`${text}\n`)),
    document: (value) => write(`${JSON.stringify(value)}\n`),
    note(text) {
      if (!json) stderr.write(`${redact(text)}\n`);
    },
    problem(problem) {
      stderr.write(`${redact(json ? JSON.stringify(problem) : problemText(problem))}\n`);
    },
    raw(text) {
      if (!gone.signal.aborted) stdout.write(redact(text));
    },
  };
}

/** A Problem for a person: what, why, what shows it, what to do. */
export function problemText(problem: Problem): string {
  const lines = [`✖ ${problem.title}`, `  ${problem.cause}`];
  if (problem.evidence.length > 0) {
    lines.push('', ...problem.evidence.map((line) => `  | ${line}`));
  }
  if (problem.remedies.length > 0) {
    lines.push('', '  What you can do:');
    for (const { label, command } of problem.remedies) {
      lines.push(`  - ${label}${command === undefined ? '' : `: ${command}`}`);
    }
  }
  return lines.map((line) => printable(line, false)).join('\n');
}
