/**
 * Structured logs: one JSON object per line on standard output, with the keys of the whole stack.
 * Never a question, an answer, a passage, a token or a key: callers pass ids, counts and times.
 */
import type { LoggerService } from '@nestjs/common';

const levels = { debug: 10, info: 20, warn: 30, error: 40 } as const;
type LogLevel = keyof typeof levels;
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

let threshold: number = levels.info;
let base: LogFields = { service: 'backend' };

export function setLogLevel(level: LogLevel): void {
  threshold = levels[level];
}

export function configureLog(options: { version: string; env: string }): void {
  base = { service: 'backend', version: options.version, env: options.env, pid: process.pid };
}

function describe(error: unknown): Record<string, string | undefined> {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error).slice(0, 500) };
  const code = (error as { code?: unknown }).code;
  return {
    type: error.name,
    code: typeof code === 'string' ? code : undefined,
    message: error.message.slice(0, 500),
    stack: error.stack?.split('\n').slice(1, 8).join('\n'),
  };
}

function write(level: LogLevel, event: string, msg: string, fields: LogFields, error?: unknown): void {
  if (levels[level] < threshold) return;
  const line = {
    ts: new Date().toISOString(),
    level,
    ...base,
    event,
    msg,
    ...fields,
    ...(error === undefined ? {} : { err: describe(error) }),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

export const log = {
  debug: (event: string, msg: string, fields: LogFields = {}): void => write('debug', event, msg, fields),
  info: (event: string, msg: string, fields: LogFields = {}): void => write('info', event, msg, fields),
  warn: (event: string, msg: string, fields: LogFields = {}, error?: unknown): void =>
    write('warn', event, msg, fields, error),
  error: (event: string, msg: string, fields: LogFields = {}, error?: unknown): void =>
    write('error', event, msg, fields, error),
};

/** Nest's own messages in the same form. */
export const nestLogger: LoggerService = {
  log: (message: unknown) => log.debug('nest', String(message)),
  debug: (message: unknown) => log.debug('nest', String(message)),
  verbose: (message: unknown) => log.debug('nest', String(message)),
  warn: (message: unknown) => log.warn('nest', String(message)),
  error: (message: unknown) => log.error('nest', String(message)),
  fatal: (message: unknown) => log.error('nest', String(message)),
};
