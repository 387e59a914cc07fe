/**
 * One panel at a time changes a stack, whatever machine it runs on: a labelled volume on the engine says who does
 * (docs/adr/0006-engine-lease.md). Each writes a claim under a name of its own and then reads who else has one; only who
 * finds itself alone goes on. So no two ever go on at once, and removing one claim can never remove another.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { ProblemError, problem, type Remedy, toProblem } from '../../shared/model/problem.ts';
import { eitherSignal } from '../compose/either-signal.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import { leaseLabel } from '../engine/label-guard.ts';
import { isAlive, ownProcess } from '../operations/process-identity.ts';
import { type Claim, claimBody, type LeaseSelf, readClaim } from './lease-claim.ts';
import { machineIdentity } from './machine-identity.ts';

export interface LeaseTiming {
  /** How often the holder writes its claim anew. */
  readonly renewMs: number;
  /** A claim of another machine that is older than this by the engine's own clock is doubted. */
  readonly doubtMs: number;
  /** A doubted claim that is not renewed for this long by our own steady clock is nobody's any more. */
  readonly watchMs: number;
  /** How long those who ask at the same moment may take to sort out who goes first. */
  readonly contendMs: number;
}

const usualTiming: LeaseTiming = { renewMs: 10_000, doubtMs: 45_000, watchMs: 25_000, contendMs: 2000 };
const contendLookMs = 25;
/** Claims this close by the engine's clock may be of the same moment. It counts in whole seconds. */
const sameMomentMs = 3000;
/** How often an engine that was away when the lease was given back is asked again, with ever longer pauses. */
const releaseTries = 20;

export interface LeaseOptions {
  readonly engine: Pick<EngineClient, 'createVolume' | 'listVolumes' | 'removeVolume'>;
  readonly project: string;
  /** What others read when they are refused: "Start the stack". */
  readonly title: string;
  readonly signal: AbortSignal;
  /** Told when another machine's claim is watched, which takes `watchMs`, and null once it is found to be nobody's. */
  readonly onWatch?: (words: string | null) => void;
  /** For tests: another machine or process, and a faster life. */
  readonly self?: LeaseSelf;
  readonly timing?: Partial<LeaseTiming>;
}

export interface Lease {
  /** Gives the stack back. Never rejects: what cannot be removed now is removed later, or found to be stale. */
  release(): Promise<void>;
  /** Aborts, with a ProblemError as its reason, when someone else took over: after this machine slept, say. */
  readonly lost: AbortSignal;
}

/** What this process holds or asks for: a claim with our own process number that is not among these was left behind. */
const ours = new Set<string>();

/**
 * Runs `run` while holding the project's lease. Its signal is the caller's, and aborts as well when the lease is lost.
 * @throws {ProblemError} `stack-busy`, `stack-taken-over`, or what `run` throws
 */
export async function withLease<T>(options: LeaseOptions, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const lease = await takeLease(options);
  const either = eitherSignal(options.signal, lease.lost);
  try {
    return await run(either.signal);
  } catch (error) {
    throw lease.lost.aborted && !options.signal.aborted ? lease.lost.reason : error;
  } finally {
    either.end();
    await lease.release();
  }
}

/**
 * Takes some 15 ms when nobody else is there. Claims of processes of this machine that have ended are cleared away.
 * @throws {ProblemError} `stack-busy`: who holds it, where, since when and for what; on abort the signal's reason
 */
export async function takeLease(options: LeaseOptions): Promise<Lease> {
  const { engine, project, title, signal } = options;
  const timing = { ...usualTiming, ...options.timing };
  const self = options.self ?? (await whoWeAre());
  const holder = randomBytes(8).toString('hex');
  const since = new Date().toISOString();
  const lost = new AbortController();
  let generation = 0;
  /** Our volumes on the engine, as far as we know: one, and for a moment of each renewal two. */
  let volumes: readonly string[] = [];
  let renewing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  async function write(): Promise<void> {
    const volume = `quayside-lease-${project.slice(0, 150)}-${holder}-${generation++}`;
    // Noted first: a call that fails may have been heard all the same.
    volumes = [...volumes, volume];
    await engine.createVolume(claimBody({ volume, holder, project, self, title, since }));
  }

  async function drop(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await engine.removeVolume(name, { project });
      volumes = volumes.filter((other) => other !== name);
    }
  }

  /** Our newest claim and everybody else's on this stack. Claims of ended processes of this machine go, on any stack. */
  async function look(): Promise<{ own: Claim | undefined; rivals: Claim[] }> {
    const all = (await engine.listVolumes([leaseLabel])).map(readClaim);
    const foreign = all.filter((claim) => claim.holder !== holder);
    const ended = new Set<Claim>();
    for (const claim of foreign) if (await hasEnded(claim, self)) ended.add(claim);
    await Promise.all([...ended].map((claim) => clear(engine, claim)));
    return {
      own: all.filter((claim) => claim.holder === holder).at(-1),
      rivals: foreign.filter((claim) => claim.project === project && !ended.has(claim)),
    };
  }

  /** Returns once we are alone. @throws {ProblemError} `stack-busy` when we shall not be */
  async function contend(): Promise<void> {
    const from = performance.now();
    for (;;) {
      signal.throwIfAborted();
      const { own, rivals } = await look();
      if (own === undefined) {
        // Somebody pruned the volumes under our hands, and without a claim nobody would see us.
        await write();
        continue;
      }
      const [first] = rivals;
      if (first === undefined) return;
      const doubted = rivals.find((rival) => !onMachineOf(rival, self) && doubtful(rival, own, timing));
      if (doubted !== undefined) {
        await outwait(doubted);
        options.onWatch?.(null);
        continue;
      }
      // Who asked at the same moment steps back for the lowest name. Who holds the stack already does not.
      const mayStepBack = rivals.every(
        (rival) => holder < rival.holder && Math.abs(rival.createdAtMs - own.createdAtMs) <= sameMomentMs,
      );
      if (!mayStepBack || performance.now() - from > timing.contendMs) throw stackBusy(first, self);
      await delay(contendLookMs, undefined, { signal });
    }
  }

  /** Watches a claim that seems forgotten; without a sign of life it is removed. @throws {ProblemError} `stack-busy` */
  async function outwait(doubted: Claim): Promise<void> {
    options.onWatch?.(`${doubted.self.host} has a claim on this stack; looking whether that panel is still there`);
    const from = performance.now();
    const claims = async (): Promise<Claim[]> =>
      (await look()).rivals.filter((rival) => rival.holder === doubted.holder);
    const before = await claims();
    const known = new Set(before.map(({ volume }) => volume));
    while (performance.now() - from < timing.watchMs) {
      await delay(timing.watchMs / 25, undefined, { signal });
      const now = await claims();
      if (now.length === 0) return;
      if (now.some(({ volume }) => !known.has(volume))) throw stackBusy(doubted, self);
    }
    await Promise.all(before.map((claim) => clear(engine, claim)));
  }

  /** A volume's labels cannot be changed: a sign of life is a new volume in the old one's place. */
  async function renew(): Promise<void> {
    const old = volumes;
    await write();
    const all = (await engine.listVolumes([leaseLabel])).map(readClaim);
    const rival = all.find((claim) => claim.project === project && claim.holder !== holder);
    // While our old claim stood, nobody else can have gone on. Without it, who is there has taken over.
    if (rival !== undefined && !all.some(({ volume }) => old.includes(volume))) {
      lost.abort(takenOver(rival));
      await drop(volumes);
    } else await drop(old);
  }

  async function release(): Promise<void> {
    clearInterval(timer);
    await renewing;
    ours.delete(holder);
    // An engine that is away is asked again later; whoever waits for us need not wait for it.
    await drop(volumes).catch(() => void releaseLater());
  }

  async function releaseLater(): Promise<void> {
    for (let attempt = 0; attempt < releaseTries && volumes.length > 0; attempt += 1) {
      await delay(Math.min(1000 * 2 ** attempt, 60_000), undefined, { ref: false });
      await drop(volumes).catch(() => undefined);
    }
  }

  signal.throwIfAborted();
  ours.add(holder);
  try {
    // Most refusals are told here, without having written anything.
    const holding = (await look()).rivals.find((rival) => onMachineOf(rival, self));
    if (holding !== undefined) throw stackBusy(holding, self);
    await write();
    await contend();
  } catch (error) {
    await release();
    if (toProblem(error).code !== 'disk-full') throw error;
    // A full disk takes no claim, and must not keep a stack from being stopped.
    const { rivals } = await look();
    if (rivals[0] !== undefined) throw stackBusy(rivals[0], self);
    return { release: async () => undefined, lost: lost.signal };
  }
  timer = setInterval(() => {
    // An engine that is away cannot take a sign of life; it may take the next one.
    renewing = renewing.then(() => (lost.signal.aborted ? undefined : renew())).catch(() => undefined);
  }, timing.renewMs);
  timer.unref();
  return { release, lost: lost.signal };
}

async function whoWeAre(): Promise<LeaseSelf> {
  const [machine, { pid, started }] = await Promise.all([machineIdentity(), ownProcess()]);
  return { machine, host: hostname(), pid, started };
}

function onMachineOf(claim: Claim, self: LeaseSelf): boolean {
  return self.machine !== '' && claim.self.machine === self.machine;
}

/** Only certain on this machine. A claim of our own process lives while somebody in it holds it. */
async function hasEnded(claim: Claim, self: LeaseSelf): Promise<boolean> {
  if (!onMachineOf(claim, self)) return false;
  if (claim.self.pid === self.pid && claim.self.started === self.started) return !ours.has(claim.holder);
  return !(await isAlive(claim.self));
}

/** Both times are the engine's. A claim from the future shows that its clock was set: such times prove nothing. */
function doubtful(claim: Claim, own: Claim, timing: LeaseTiming): boolean {
  const ageMs = own.createdAtMs - claim.createdAtMs;
  return !(ageMs <= timing.doubtMs && ageMs >= -sameMomentMs);
}

async function clear(engine: LeaseOptions['engine'], claim: Claim): Promise<void> {
  await engine.removeVolume(claim.volume, { project: claim.project });
}

function who(claim: Claim): string {
  return `process ${claim.self.pid} on ${claim.self.host}`;
}

function stackBusy(claim: Claim, self: LeaseSelf): ProblemError {
  const here = onMachineOf(claim, self);
  const remedies: Remedy[] = [{ action: 'retry', label: 'Try again once it is done there' }];
  if (here) remedies.push({ action: 'advice', label: 'Or cancel it in the other window or terminal' });
  else {
    remedies.push({
      action: 'copy-command',
      label: 'Or take over at once, if you know that the other panel is gone',
      command: `docker volume rm ${claim.volume}`,
    });
  }
  const since = claim.since === '' ? '' : ` since ${claim.since}`;
  return new ProblemError(
    problem(
      'stack-busy',
      `Another panel is changing ${claim.project}`,
      `“${claim.title}” runs${since} (${who(claim)}${here ? ', this machine' : ''}). Two changes of one stack at once would undo each other.`,
      { evidence: [`lease: volume ${claim.volume}`], remedies },
    ),
  );
}

function takenOver(claim: Claim): ProblemError {
  return new ProblemError(
    problem(
      'stack-taken-over',
      `Another panel took ${claim.project} over`,
      `This panel gave no sign of life for a while, and “${claim.title}” began meanwhile (${who(claim)}). What was done until then stays.`,
      { remedies: [{ action: 'retry', label: 'Go on once it is done there' }] },
    ),
  );
}
