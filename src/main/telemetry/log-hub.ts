/**
 * The merged log of the stack. Each follower has its own engine streams, opened with the tail it asked for; a stream
 * is opened again when its container starts again, without repeating a line, and a recreated container is picked up.
 */
import type { StackState } from '../../shared/model/stack.ts';
import type { LogBatch, LogLine } from '../../shared/model/telemetry.ts';
import type { LogChunk } from '../engine/engine-client.ts';
import { createLineSplitter, type StampedLine } from './line-splitter.ts';
import type { EngineDoor, StackView } from './ports.ts';

const batchMs = 50;
/** Lines kept between two batches; beyond it the oldest are dropped and counted. */
const maxBatchLines = 5000;
/** The first batch waits this long for every container's tail, so that it can be merged by time. */
const firstBatchMs = 400;

export interface LogRequest {
  /** Empty means all. */
  readonly services: readonly string[];
  /** Lines of each container to begin with. */
  readonly tail: number;
}

export interface LogHub {
  /** Batches at most every 50 ms, each in time order. The answer ends it; calling it twice is harmless. */
  follow(request: LogRequest, onBatch: (batch: LogBatch) => void): () => void;
  /** The last lines of each container, merged by time. @throws {ProblemError} while the engine is not ready */
  read(request: LogRequest): Promise<LogLine[]>;
}

interface Target {
  readonly id: string;
  readonly service: string;
  readonly container: string;
  readonly running: boolean;
  readonly startedAtMs: number | null;
}

function targetsOf(state: StackState, services: readonly string[]): Target[] {
  return state.services
    .filter((service) => services.length === 0 || services.includes(service.name))
    .flatMap((service) =>
      service.containers.map((container) => ({
        id: container.id,
        service: service.name,
        container: container.name,
        running: container.state === 'running',
        startedAtMs: container.startedAtMs,
      })),
    );
}

/** Two splitters, one a source, that feed one sink. */
function createSink(onLine: (source: LogChunk['source'], line: StampedLine) => void) {
  const splitters = {
    stdout: createLineSplitter((line) => onLine('stdout', line)),
    stderr: createLineSplitter((line) => onLine('stderr', line)),
  };
  return {
    chunk: ({ source, data }: LogChunk) => splitters[source].push(data),
    end() {
      splitters.stdout.end();
      splitters.stderr.end();
    },
  };
}

const byTime = (a: LogLine, b: LogLine) => a.atMs - b.atMs || a.seq - b.seq;

export function createLogHub({ monitor, stack }: { monitor: EngineDoor; stack: StackView }): LogHub {
  function follow(request: LogRequest, onBatch: (batch: LogBatch) => void): () => void {
    const abort = new AbortController();
    /**
     * Of each container: the newest stamp shown, and up to which stamp the stream now open repeats what was shown.
     * That bound stays fixed while it is read, because the lines of the two sources are not in order of time.
     */
    const seen = new Map<string, { repeatsTo: string; lastStamp: string; active: boolean }>();
    let pending: LogLine[] = [];
    let dropped = 0;
    let seq = 0;

    function add(target: Target, source: LogLine['source'], line: StampedLine): void {
      const record = seen.get(target.id);
      if (record && line.stamp !== '') {
        if (record.repeatsTo !== '' && line.stamp <= record.repeatsTo) return;
        if (line.stamp > record.lastStamp) record.lastStamp = line.stamp;
      }
      pending.push({
        service: target.service,
        container: target.container,
        seq,
        atMs: line.atMs,
        source,
        text: line.text,
      });
      seq += 1;
      if (pending.length > maxBatchLines) {
        pending.shift();
        dropped += 1;
      }
    }

    function open(target: Target, onFailure: () => void): void {
      const known = seen.get(target.id);
      const lastStamp = known?.lastStamp ?? '';
      const record = { repeatsTo: lastStamp, lastStamp, active: true };
      seen.set(target.id, record);
      const sink = createSink((source, line) => add(target, source, line));
      const sinceS = lastStamp === '' ? undefined : Math.floor(Date.parse(lastStamp) / 1000);
      const stream = async () =>
        monitor.client().logs(
          target.id,
          {
            follow: target.running,
            tail: lastStamp === '' ? request.tail : maxBatchLines,
            ...(sinceS === undefined ? {} : { sinceS }),
          },
          (chunk) => sink.chunk(chunk),
          abort.signal,
        );
      stream()
        .catch(onFailure)
        .finally(() => {
          sink.end();
          record.active = false;
        });
    }

    const opened = new Set<string>();
    function reconcile(state: StackState): void {
      for (const target of targetsOf(state, request.services)) {
        if (seen.get(target.id)?.active) continue;
        const run = `${target.id} ${target.startedAtMs} ${target.running}`;
        // A stopped container is read once; a running one whose stream broke is opened again.
        if (!target.running && opened.has(run)) continue;
        opened.add(run);
        open(target, () => opened.delete(run));
      }
    }

    function flush(): void {
      if (pending.length === 0 && dropped === 0) return;
      const batch = { lines: pending.sort(byTime), dropped };
      pending = [];
      dropped = 0;
      onBatch(batch);
    }

    reconcile(stack.snapshot());
    const unsubscribe = stack.subscribe(reconcile);
    let flushing: NodeJS.Timeout | undefined;
    const first = setTimeout(() => {
      flush();
      flushing = setInterval(flush, batchMs);
    }, firstBatchMs);
    const retry = setInterval(() => reconcile(stack.snapshot()), 2000);
    return () => {
      abort.abort();
      unsubscribe();
      clearTimeout(first);
      clearInterval(flushing);
      clearInterval(retry);
    };
  }

  async function read(request: LogRequest): Promise<LogLine[]> {
    const client = monitor.client();
    const lines: LogLine[] = [];
    await Promise.all(
      targetsOf(stack.snapshot(), request.services).map(async (target) => {
        const sink = createSink((source, line) => {
          const { service, container } = target;
          lines.push({ service, container, seq: lines.length, atMs: line.atMs, source, text: line.text });
        });
        const signal = new AbortController().signal;
        await client.logs(target.id, { follow: false, tail: request.tail }, (chunk) => sink.chunk(chunk), signal);
        sink.end();
      }),
    );
    return lines.sort(byTime);
  }

  return { follow, read };
}
