/** Set-up in words: each step says what it does, how long it has taken, and, when it cannot be done, what to do next. */
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

const tty = process.stdout.isTTY === true;

/** A step that cannot be done: title, cause, and what the person can do. */
export class SetupProblem extends Error {
  constructor(title, cause, remedies = []) {
    super(title);
    this.name = 'SetupProblem';
    this.cause = cause;
    this.remedies = remedies;
  }
}

export function elapsed(sinceMs) {
  const seconds = (Date.now() - sinceMs) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  return seconds < 60 ? `${Math.round(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Runs one step under its label. `work` gets a function that shows what is going on right now. */
export async function step(label, work) {
  const startedMs = Date.now();
  let detail = '';
  const line = () => `  … ${label} (${elapsed(startedMs)})${detail ? `: ${detail}` : ''}`;
  const width = () => (process.stdout.columns ?? 100) - 1;
  const draw = () => process.stdout.write(`\r\x1b[2K${line().slice(0, width())}`);
  if (tty) draw();
  else console.log(`  … ${label}`);
  // Without a terminal a long step still says every 20 s that it lives.
  const timer = setInterval(() => (tty ? draw() : console.log(line())), tty ? 250 : 20_000);
  timer.unref();
  try {
    const outcome = await work((text) => {
      detail = text.replace(/\p{Cc}/gu, ' ').trim();
    });
    clearInterval(timer);
    console.log(
      `${tty ? '\r\x1b[2K' : ''}  ✔ ${label}${typeof outcome === 'string' ? `: ${outcome}` : ''} (${elapsed(startedMs)})`,
    );
    return outcome;
  } catch (error) {
    clearInterval(timer);
    console.log(`${tty ? '\r\x1b[2K' : ''}  ✖ ${label} (${elapsed(startedMs)})`);
    throw error;
  }
}

export function printProblem(error) {
  console.error('');
  console.error(error.message);
  if (error instanceof SetupProblem) {
    if (error.cause) console.error(`  ${String(error.cause).trim().split('\n').join('\n  ')}`);
    for (const remedy of error.remedies) console.error(`  → ${remedy}`);
  } else if (error.stack) {
    console.error(error.stack);
  }
}

/**
 * Runs a program to its end. Its output goes to `log` (a file) and its last line to `say`.
 * @returns {Promise<{code: number, tail: string}>} the last 4,000 characters of both streams
 */
export function run(command, args, { cwd, env, log, say, echo = false, input } = {}) {
  return new Promise((resolve, reject) => {
    if (log) mkdirSync(dirname(log), { recursive: true });
    const child = spawn(command, args, {
      cwd,
      env: env ?? process.env,
      stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    let tail = '';
    const take = (chunk) => {
      const text = chunk.toString('utf8');
      tail = (tail + text).slice(-4000);
      if (log) appendFileSync(log, text);
      if (echo) process.stdout.write(text);
      const last = text.trim().split('\n').at(-1);
      if (last && say) say(last.slice(0, 160));
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code: code ?? (signal ? 1 : 0), tail }));
    if (input) input.pipe(child.stdin);
  });
}

/** As `run`, but anything but exit code 0 is a problem with the given words. */
export async function must(title, remedies, command, args, options) {
  let result;
  try {
    result = await run(command, args, options);
  } catch (error) {
    throw new SetupProblem(title, `${command} could not be started: ${error.message}`, remedies);
  }
  if (result.code !== 0) {
    const full = /ENOSPC|No space left on device/i.test(result.tail);
    throw new SetupProblem(
      full ? `${title}: the disk is full` : title,
      result.tail.trim().split('\n').slice(-12).join('\n'),
      full ? ['Free some space, then run the same command again; what is done stays done'] : remedies,
    );
  }
  return result;
}
