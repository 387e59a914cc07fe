/**
 * What replicas tell each other, over LISTEN/NOTIFY of the database that they share anyway. Messages may be lost while
 * a connection is: whoever needs the truth reads it again when told that something may have been missed.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Settings } from '../config/settings.ts';
import { log } from '../observability/log.ts';
import { connectionOf, type Database } from './database.ts';

export interface BusTopics {
  /** The stored configuration has this revision now. */
  config: { revision: number };
  /** Documents changed, by knowledge base. */
  documents: { changes: readonly { id: string; kbId: string }[] };
  /** There may be a job to take. */
  'jobs.wake': Record<string, never>;
  /** This job, or all work on this document, is to be given up. */
  'jobs.interrupt': { documentId?: string; jobId?: string };
  'run.stop': { runId: string };
  /** Another embedding profile is the active one, or may be. */
  embedding: Record<string, never>;
}
type Topic = keyof BusTopics;

export interface Bus {
  /** This process, among the replicas. */
  readonly replica: string;
  /** Tells the listeners here at once, the other replicas as soon as the database does. Never rejects. */
  publish<T extends Topic>(topic: T, data: BusTopics[T]): void;
  on<T extends Topic>(topic: T, listener: (data: BusTopics[T]) => void): () => void;
  /** Called after each connection, the first included: messages before it may have been missed. */
  onConnected(listener: () => void): () => void;
  start(): void;
  close(): Promise<void>;
}

export const BUS = Symbol('bus');

const channel = 'quayside';
/** A connection that does not answer within this is given up and made anew. */
const probeEveryMs = 5000;

export function createBus(settings: Settings, database: Database): Bus {
  const replica = `${settings.HOSTNAME}-${randomUUID().slice(0, 8)}`;
  const listeners = new Map<Topic, Set<(data: never) => void>>();
  const connected = new Set<() => void>();
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | null = null;
  let closed = false;
  let attempt = 0;

  function tell(topic: Topic, data: unknown): void {
    for (const listener of listeners.get(topic) ?? [])
      try {
        listener(data as never);
      } catch (error) {
        log.error('bus.listener', 'A listener failed', { topic }, error);
      }
  }

  function drop(): void {
    const old = client;
    client = null;
    if (timer !== null) clearTimeout(timer);
    old?.removeAllListeners('end');
    old?.end().catch(() => undefined);
    if (closed) return;
    attempt += 1;
    timer = setTimeout(() => void connect(), Math.min(100 * attempt, 2000));
  }

  function probe(of: pg.Client): void {
    timer = setTimeout(async () => {
      try {
        await of.query('select 1');
        if (client === of) probe(of);
      } catch {
        if (client === of) drop();
      }
    }, probeEveryMs);
  }

  async function connect(): Promise<void> {
    const next = new pg.Client({ ...connectionOf(settings), query_timeout: 4000, application_name: 'bus' });
    client = next;
    next.on('error', () => undefined);
    next.on('end', () => {
      if (client === next) drop();
    });
    next.on('notification', ({ payload }) => {
      const message = JSON.parse(payload ?? '{}') as { from?: string; topic?: Topic; data?: unknown };
      if (message.from !== replica && message.topic !== undefined) tell(message.topic, message.data);
    });
    try {
      await next.connect();
      await next.query(`listen ${channel}`);
    } catch {
      if (client === next) drop();
      return;
    }
    attempt = 0;
    probe(next);
    for (const listener of connected) listener();
  }

  return {
    replica,
    publish(topic, data) {
      tell(topic, data);
      database
        .rows('select pg_notify($1, $2)', [channel, JSON.stringify({ from: replica, topic, data })])
        .catch((error: unknown) => log.debug('bus.publish', `Not told to others: ${String(error)}`, { topic }));
    },
    on(topic, listener) {
      const set = listeners.get(topic) ?? new Set();
      listeners.set(topic, set);
      set.add(listener as (data: never) => void);
      return () => set.delete(listener as (data: never) => void);
    },
    onConnected(listener) {
      connected.add(listener);
      return () => connected.delete(listener);
    },
    start() {
      if (client === null && !closed) void connect();
    },
    async close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      const old = client;
      client = null;
      await old?.end().catch(() => undefined);
    },
  };
}
