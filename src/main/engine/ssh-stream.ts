/**
 * A connection to an engine through the person's own ssh, as docker's CLI makes it: `ssh host docker system dial-stdio`
 * carries one connection's bytes over its standard input and output. Host keys, keys, agents, jump hosts and
 * multiplexing stay what the person's ssh configuration says; it is never asked to prompt.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { Duplex, type Readable, type Writable } from 'node:stream';
import { ProblemError } from '../../shared/model/problem.ts';
import type { SshAddress } from './ssh-address.ts';
import { sshMissing, sshProblem } from './ssh-problems.ts';

/** sshd drops connections at random once ten are not signed in yet (MaxStartups 10:30:100). */
const handshakesAtOnce = 4;
/** A way that multiplexes says nothing when it is up. */
const handshakeMs = 3000;
const keptStderrBytes = 16 * 1024;

/** The words after `ssh`. Host and user were checked by `parseSshAddress`; `--` holds even if they had not been. */
export function sshArguments({ user, host, port, path }: SshAddress): string[] {
  return [
    '-T',
    '-o',
    'BatchMode=yes',
    '-o',
    'ConnectTimeout=10',
    // A link that died would hold its streams open in silence.
    '-o',
    'ServerAliveInterval=10',
    // Tells when the handshake is over, and gives reasons also where the configuration says QUIET.
    '-o',
    'LogLevel=VERBOSE',
    // What a person set for sessions in a terminal would be repeated by every connection, or stand in the command's way.
    '-o',
    'ClearAllForwardings=yes',
    '-o',
    'RemoteCommand=none',
    ...(user === null ? [] : ['-l', user]),
    ...(port === null ? [] : ['-p', String(port)]),
    '--',
    host,
    'docker',
    ...(path === null ? [] : ['--host', `unix://${path}`]),
    'system',
    'dial-stdio',
  ];
}

/** Hands out turns, so that not too many handshakes are under way. */
export interface Turns {
  /** Resolves with the function that gives the turn back; calling it twice is harmless. */
  take(): Promise<() => void>;
}

export function createTurns(atOnce = handshakesAtOnce): Turns {
  let free = atOnce;
  const waiting: (() => void)[] = [];
  return {
    async take() {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      let given = false;
      return () => {
        if (given) return;
        given = true;
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      };
    },
  };
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Opens at once, dials when its turn comes. Fails with a ProblemError that says why when ssh or the far side gives up
 * before a first byte came, and as a cut connection (ECONNRESET) later.
 */
export function openSshStream(address: SshAddress, turns: Turns): Duplex {
  let child: Child | null = null;
  let giveBack: () => void = () => undefined;
  let heard = false;
  let said = '';
  let held = true;

  function dial(): void {
    const started = spawn('ssh', sshArguments(address), { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
    child = started;
    const timer = setTimeout(giveBack, handshakeMs);
    timer.unref();
    started.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      giveBack();
      stream.destroy(error.code === 'ENOENT' ? new ProblemError(sshMissing(), { cause: error }) : error);
    });
    started.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-keptStderrBytes);
      if (said.includes('Authenticated to ')) giveBack();
    });
    started.stdout.on('data', (chunk: Buffer) => {
      if (!heard) giveBack();
      heard = true;
      if (!stream.push(chunk)) started.stdout.pause();
    });
    started.stdout.once('end', () => {
      // Before a first byte the exit code and the reason on stderr are what counts, and come a moment later.
      if (heard) stream.push(null);
    });
    started.stdin.on('error', () => undefined);
    started.once('exit', (code) => {
      clearTimeout(timer);
      giveBack();
      // Not 'close': a multiplexing master that lives on may hold stderr open.
      const settle = setTimeout(() => finish(code), 200);
      started.stderr.once('end', () => {
        clearTimeout(settle);
        finish(code);
      });
      if (started.stderr.readableEnded) finish(code);
    });
    if (!held) unref(started);
  }

  function finish(code: number | null): void {
    if (stream.destroyed) return;
    if (!heard) stream.destroy(new ProblemError(sshProblem(address, said, code)));
    else if (!stream.readableEnded) {
      // What had arrived is read first; a clean end is the far side hanging up.
      if (code === 0) stream.push(null);
      else
        stream.destroy(Object.assign(new Error(`the ssh connection ended: ${lastLine(said)}`), { code: 'ECONNRESET' }));
    }
  }

  const stream = new Duplex({
    construct(ready) {
      turns.take().then((back) => {
        giveBack = back;
        // Given up while it waited for its turn.
        if (stream.destroyed) back();
        else dial();
        ready();
      }, ready);
    },
    read: () => void child?.stdout.resume(),
    write(chunk, encoding, done) {
      if (child === null || child.stdin.destroyed)
        done(Object.assign(new Error('the ssh connection is gone'), { code: 'EPIPE' }));
      else child.stdin.write(chunk, encoding, () => done());
    },
    final(done) {
      if (child === null || child.stdin.destroyed) done();
      else child.stdin.end(() => done());
    },
    destroy(error, done) {
      giveBack();
      child?.stdin.destroy();
      child?.stdout.destroy();
      child?.kill();
      done(error);
    },
    autoDestroy: true,
  });
  // What Node's HTTP client asks of a socket. An idle connection must not hold the process.
  Object.assign(stream, {
    setKeepAlive: () => stream,
    setNoDelay: () => stream,
    setTimeout: () => stream,
    ref() {
      held = true;
      if (child) ref(child);
      return stream;
    },
    unref() {
      held = false;
      if (child) unref(child);
      return stream;
    },
  });
  return stream;
}

/** The pipes of a child are sockets underneath, which its types do not say. */
function pipes({ stdin, stdout, stderr }: Child): Socket[] {
  return [stdin, stdout, stderr] as unknown as Socket[];
}
function ref(child: Child): void {
  child.ref();
  for (const pipe of pipes(child)) pipe.ref();
}
function unref(child: Child): void {
  child.unref();
  for (const pipe of pipes(child)) pipe.unref();
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
