/**
 * Reads documents in child processes with limits on time and memory, so that a document made to exhaust either
 * (zip and PDF bombs, endless loops) ends as a failed document and nothing else.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BackendProblem } from '../http/problem.ts';
import type { ExtractReply, ExtractRequest } from './child.ts';
import type { Extracted } from './extracted.ts';

export interface Extractor {
  /** @throws {BackendProblem} the document's own, or `resource-limit` */
  extract(request: ExtractRequest, signal?: AbortSignal): Promise<Extracted>;
  close(): void;
}
export const EXTRACTOR = Symbol('extractor');

const limits = { timeMs: 60_000, heapMb: 384, residentMb: 512 };
/** A child that has read this many documents is replaced: what a library leaks ends with it. */
const documentsPerChild = 100;

const builtChild = import.meta.url.endsWith('.ts') ? '../../dist/extract/child.js' : './child.js';

/** Resident memory in MB; 0 where the system does not say. */
function residentMb(pid: number | undefined): number {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return (pages * 4096) / 1024 / 1024;
  } catch {
    return 0;
  }
}

export function createExtractor(options: { limits?: Partial<typeof limits>; childPath?: string } = {}): Extractor {
  const bounds = { ...limits, ...options.limits };
  const childPath = options.childPath ?? fileURLToPath(new URL(builtChild, import.meta.url));
  const idle: { child: ChildProcess; used: number }[] = [];
  const all = new Set<ChildProcess>();
  let closed = false;

  function start(): { child: ChildProcess; used: number } {
    const child = fork(childPath, [], {
      serialization: 'advanced',
      execArgv: [`--max-old-space-size=${bounds.heapMb}`],
      env: { NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    all.add(child);
    child.once('exit', () => {
      all.delete(child);
      const at = idle.findIndex((slot) => slot.child === child);
      if (at >= 0) idle.splice(at, 1);
    });
    child.on('error', () => undefined);
    child.unref();
    return { child, used: 0 };
  }

  return {
    extract(request, signal) {
      const slot = idle.pop() ?? start();
      const { child } = slot;
      return new Promise<Extracted>((resolve, reject) => {
        const limit = (why: string): BackendProblem =>
          new BackendProblem('resource-limit', `Reading the document was given up: ${why}.`);
        const settle = (error: unknown, reply?: ExtractReply): void => {
          clearTimeout(timer);
          clearInterval(watch);
          child.off('message', onMessage).off('exit', onExit);
          signal?.removeEventListener('abort', onAbort);
          slot.used += 1;
          if (reply === undefined || slot.used >= documentsPerChild || closed) child.kill('SIGKILL');
          else idle.push(slot);
          if (reply?.ok === true) resolve(reply.extracted);
          else if (reply !== undefined)
            reject(
              reply.code === 'internal'
                ? new BackendProblem('internal', 'The document could not be read.', { cause: new Error(reply.detail) })
                : new BackendProblem(reply.code, reply.detail),
            );
          else reject(error);
        };
        const onMessage = (reply: unknown): void => settle(null, reply as ExtractReply);
        const onExit = (): void => settle(limit('the process reading it ended early, most likely out of memory'));
        const onAbort = (): void => settle(signal?.reason);
        const timer = setTimeout(
          () => settle(limit(`it took more than ${bounds.timeMs / 1000} seconds`)),
          bounds.timeMs,
        );
        const watch = setInterval(() => {
          if (residentMb(child.pid) > bounds.residentMb)
            settle(limit(`it took more than ${bounds.residentMb} MB of memory`));
        }, 200);
        child.on('message', onMessage).on('exit', onExit);
        signal?.addEventListener('abort', onAbort, { once: true });
        child.send(request, (error) => {
          if (error !== null) settle(limit('the process reading it could not be reached'));
        });
      });
    },
    close() {
      closed = true;
      for (const child of all) child.kill('SIGKILL');
    },
  };
}
