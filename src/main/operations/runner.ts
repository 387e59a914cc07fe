/** Runs operations: one that changes the stack at a time, each journalled, shown live, cancellable. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Operation } from '../../shared/model/operation.ts';
import { ProblemError, problem, toProblem } from '../../shared/model/problem.ts';
import { type JournalRecord, type Note, openJournal } from './journal.ts';
import { createLiveOperation, type LiveOperation } from './live-operation.ts';
import { takeLock } from './lock.ts';
import type { OperationRunner, OperationSpec } from './operation-runner.ts';
import { isAlive, ownProcess } from './process-identity.ts';

const keptEnded = 50;
const beatMs = 100;
const journalBeatMs = 250;
const maxNotes = 1000;

export interface RunnerOptions {
  /** Where the records live; made when missing. One folder per environment. */
  readonly journalDir: string;
  readonly environment: string;
  /** Takes secrets out of every text before it is shown or written. */
  readonly redact?: (text: string) => string;
}

interface Running {
  readonly live: LiveOperation;
  readonly spec: OperationSpec;
  readonly abort: AbortController;
  readonly notes: Note[];
  readonly ended: Promise<Operation>;
  finish: (operation: Operation) => void;
  closed: boolean;
  lastToldAtMs: number;
  tellTimer: NodeJS.Timeout | undefined;
  telling: boolean;
  lastWrittenAtMs: number;
  writeTimer: NodeJS.Timeout | undefined;
  writes: Promise<void>;
}

export function createOperationRunner(options: RunnerOptions): OperationRunner {
  const redact = options.redact ?? ((text: string) => text);
  const journal = openJournal(options.journalDir);
  const running = new Map<string, Running>();
  /** Newest last. */
  let ended: Operation[] = [];
  const listeners = new Set<(operation: Operation) => void>();
  /** By stack: what changes it right now. */
  const exclusive = new Map<string, { id: string; title: string }>();
  let ticker: NodeJS.Timeout | undefined;
  let serial = 0;

  /** A project's name is letters, digits, `_` and `-`; anything else could leave the folder. */
  const lockPath = (stack: string): string => join(options.journalDir, `${stack.replace(/[^a-zA-Z0-9_-]/g, '_')}.lock`);

  const newId = (): string =>
    `op-${Date.now().toString(36)}-${(serial++).toString(36)}${randomBytes(3).toString('hex')}`;

  function tell(entry: Running): void {
    clearTimeout(entry.tellTimer);
    entry.tellTimer = undefined;
    entry.lastToldAtMs = performance.now();
    const operation = entry.live.snapshot();
    for (const listener of listeners) listener(operation);
  }

  /** State changes of one turn become one call; details wait for the beat. */
  function tellSoon(entry: Running, atOnce: boolean): void {
    if (atOnce) {
      if (entry.telling) return;
      entry.telling = true;
      queueMicrotask(() => {
        entry.telling = false;
        if (!entry.closed) tell(entry);
      });
      return;
    }
    if (entry.tellTimer !== undefined || entry.telling) return;
    const wait = Math.max(0, entry.lastToldAtMs + beatMs - performance.now());
    entry.tellTimer = setTimeout(() => tell(entry), wait);
    entry.tellTimer.unref();
  }

  async function writeNow(entry: Running): Promise<void> {
    clearTimeout(entry.writeTimer);
    entry.writeTimer = undefined;
    entry.lastWrittenAtMs = performance.now();
    const own = await ownProcess();
    const write = entry.writes.then(() =>
      journal.write({ process: own, notes: entry.notes, operation: entry.live.snapshot() }),
    );
    // A full disk must not keep a stack from being stopped: the record is lost, the operation goes on.
    entry.writes = write.catch(() => undefined);
    return write;
  }

  function writeSoon(entry: Running): void {
    if (entry.writeTimer !== undefined || entry.closed) return;
    const wait = Math.max(0, entry.lastWrittenAtMs + journalBeatMs - performance.now());
    entry.writeTimer = setTimeout(() => void writeNow(entry).catch(() => undefined), wait);
    entry.writeTimer.unref();
  }

  function keepTicking(): void {
    if (ticker !== undefined || running.size === 0) return;
    ticker = setInterval(() => {
      for (const entry of running.values()) entry.live.tick();
      if (running.size > 0) return;
      clearInterval(ticker);
      ticker = undefined;
    }, 1000);
    ticker.unref();
  }

  function keepEnded(operation: Operation): void {
    ended.push(operation);
    const surplus = ended.slice(0, Math.max(0, ended.length - keptEnded));
    ended = ended.slice(surplus.length);
    for (const old of surplus) void journal.remove(old.id);
  }

  async function execute(entry: Running, release: () => Promise<void>): Promise<void> {
    const { live, spec, abort } = entry;
    let end: () => void;
    try {
      const outcome = await spec.run({
        id: live.id,
        signal: abort.signal,
        step: (id, label, stepOptions) => live.step(id, label, stepOptions),
        async note(record) {
          if (entry.notes.length < maxNotes) entry.notes.push(redactNote(record, redact));
          await writeNow(entry);
        },
      });
      end = () => live.end('done', outcome, null);
    } catch (error) {
      if (abort.signal.aborted) {
        const cancelled =
          error instanceof ProblemError && error.problem.code === 'cancelled' ? error.problem.cause : null;
        end = () => live.end('cancelled', cancelled ?? 'Cancelled.', null);
      } else {
        const given = toProblem(error);
        end = () => live.end('failed', given.title, given);
      }
    }
    // Nobody is told of the end before the record is written and the next operation may begin.
    entry.closed = true;
    clearTimeout(entry.tellTimer);
    end();
    await writeNow(entry).catch(() => undefined);
    if (exclusive.get(spec.stack)?.id === live.id) exclusive.delete(spec.stack);
    await release();
    running.delete(live.id);
    const operation = live.snapshot();
    keepEnded(operation);
    tell(entry);
    entry.finish(operation);
  }

  return {
    async begin(spec) {
      const id = newId();
      let release = async (): Promise<void> => undefined;
      if (spec.exclusive) {
        const first = exclusive.get(spec.stack);
        if (first !== undefined) throw busy(spec.title, first.title);
        exclusive.set(spec.stack, { id, title: spec.title });
        try {
          await mkdir(options.journalDir, { recursive: true, mode: 0o700 });
          const lock = await takeLock(lockPath(spec.stack), id, spec.title);
          if (!lock.taken) throw busy(spec.title, lock.holder.title, lock.holder.pid);
          release = lock.release;
        } catch (error) {
          exclusive.delete(spec.stack);
          throw error;
        }
      }
      let finish: (operation: Operation) => void = () => undefined;
      const done = new Promise<Operation>((resolve) => {
        finish = resolve;
      });
      const live = createLiveOperation(id, options.environment, spec, redact, (kind) => {
        tellSoon(entry, kind === 'state');
        if (kind === 'state') writeSoon(entry);
      });
      const entry: Running = {
        live,
        spec,
        abort: new AbortController(),
        notes: [],
        ended: done,
        finish,
        closed: false,
        lastToldAtMs: 0,
        tellTimer: undefined,
        telling: false,
        lastWrittenAtMs: 0,
        writeTimer: undefined,
        writes: Promise.resolve(),
      };
      running.set(id, entry);
      keepTicking();
      await writeNow(entry).catch(() => undefined);
      tell(entry);
      void execute(entry, release);
      return id;
    },
    async wait(id) {
      const entry = running.get(id);
      if (entry !== undefined) return entry.ended;
      const old = ended.find((operation) => operation.id === id);
      if (old !== undefined) return old;
      throw new ProblemError(
        problem(
          'operation-unknown',
          'That operation is not known',
          `No operation ${id} is under way or kept in the journal.`,
        ),
      );
    },
    get: (id) => running.get(id)?.live.snapshot() ?? ended.find((operation) => operation.id === id),
    list: () => [...[...running.values()].map((entry) => entry.live.snapshot()).reverse(), ...[...ended].reverse()],
    cancel(id) {
      const entry = running.get(id);
      if (entry === undefined || entry.abort.signal.aborted || entry.spec.cancellable === false) return;
      entry.live.setCancelling();
      entry.abort.abort(new ProblemError(problem('cancelled', 'Cancelled', 'It was cancelled.')));
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async recover() {
      const left: { operation: Operation; notes: readonly Note[] }[] = [];
      const past: Operation[] = [];
      for (const record of await journal.readAll()) {
        const { operation } = record;
        if (running.has(operation.id)) continue;
        if (operation.state !== 'running') past.push(operation);
        else if (!(await isAlive(record.process))) {
          const interrupted = interrupt(operation);
          await journal.write({ ...record, operation: interrupted } satisfies JournalRecord).catch(() => undefined);
          past.push(interrupted);
          left.push({ operation: interrupted, notes: record.notes });
        }
      }
      const known = new Set(ended.map((operation) => operation.id));
      const all = [...past.filter((operation) => !known.has(operation.id)), ...ended];
      ended = [];
      for (const operation of all) keepEnded(operation);
      for (const { operation } of left) for (const listener of listeners) listener(operation);
      return left;
    },
    async close() {
      const open = [...running.values()];
      for (const entry of open) {
        if (!entry.abort.signal.aborted) {
          entry.abort.abort(new ProblemError(problem('cancelled', 'Cancelled', 'Quayside was closed while it ran.')));
        }
      }
      await Promise.all(open.map((entry) => entry.ended));
      clearInterval(ticker);
      ticker = undefined;
      listeners.clear();
    },
  };
}

function interrupt(operation: Operation): Operation {
  const now = Date.now();
  return {
    ...operation,
    state: 'interrupted',
    cancelling: false,
    endedAtMs: now,
    outcome: 'Quayside ended while this was under way.',
    steps: operation.steps.map((step) =>
      step.state === 'running' || step.state === 'waiting'
        ? { ...step, state: step.state === 'running' ? ('cancelled' as const) : ('skipped' as const), endedAtMs: now }
        : step,
    ),
  };
}

function busy(wanted: string, first: string, pid?: number): ProblemError {
  const where = pid === undefined || pid === process.pid ? '' : ` in another Quayside (process ${pid})`;
  return new ProblemError(
    problem(
      'operation-running',
      `"${first}" is still under way`,
      `"${wanted}" changes the stack, and so does "${first}", which is running${where}. Only one of them can run at a time.`,
      {
        remedies: [
          { action: 'advice', label: 'Wait until it has ended, or cancel it first' },
          { action: 'retry', label: 'Try again' },
        ],
      },
    ),
  );
}

function redactNote(record: Note, redact: (text: string) => string): Note {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, typeof value === 'string' ? redact(value) : value]),
  );
}
