/** Commands inside a container: short ones whose output is collected, long ones whose output is a byte stream. */
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { asNumber, asObject, asText } from '../../shared/model/json.ts';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import { containerPath, ownContainer } from './containers.ts';
import type { EngineClient, ExecSpec, ExecStream } from './engine-client.ts';
import { aborted, connectionProblem, engineError, messageProblem } from './engine-errors.ts';
import { createDemultiplexer } from './multiplex.ts';
import type { Requester } from './request.ts';

type Execs = Pick<EngineClient, 'exec' | 'execStream'>;

const defaultMaxBytes = 1024 * 1024;
const keptStderrBytes = 64 * 1024;

/**
 * Ends the command when its standard input closes, which the engine does as soon as our side of the connection is gone,
 * even after `kill -9`. With setsid (util-linux, busybox) the command leads a process group, so that its children end
 * too. The watcher's own output goes nowhere, or the stream would stay open for it.
 */
const deadMan = [
  'exec 3<&0',
  'g=; if command -v setsid >/dev/null 2>&1; then set -- setsid "$@"; g=-; fi',
  '"$@" </dev/null 3<&- & p=$!',
  '(cat <&3; kill -s TERM -- "$g$p") >/dev/null 2>&1 & w=$!',
  'wait "$p"; s=$?',
  'kill "$w" 2>/dev/null',
  'exit "$s"',
].join('\n');

export function createExecs(requester: Requester): Execs {
  const { json, doing } = requester;

  async function begin(
    id: string,
    spec: ExecSpec,
    stdin: boolean,
    signal?: AbortSignal,
  ): Promise<{ execId: string; socket: Socket }> {
    const what = `run ${spec.cmd[0] ?? 'a command'} in the container`;
    const cmd = stdin ? ['sh', '-c', deadMan, 'sh', ...spec.cmd] : [...spec.cmd];
    const { json: created } = await json({
      method: 'POST',
      path: `${containerPath(id)}/exec`,
      body: {
        AttachStdin: stdin,
        AttachStdout: true,
        AttachStderr: true,
        Tty: false,
        Cmd: cmd,
        ...(spec.env ? { Env: [...spec.env] } : {}),
        ...(spec.user ? { User: spec.user } : {}),
        ...(spec.workingDir ? { WorkingDir: spec.workingDir } : {}),
      },
      what,
      signal,
    });
    const execId = asText(asObject(created).Id);
    const path = `/exec/${encodeURIComponent(execId)}/start`;
    const socket = await requester.upgrade({ method: 'POST', path, body: { Detach: false, Tty: false }, what, signal });
    return { execId, socket };
  }

  /** The stream ends a moment before the engine knows the exit code. */
  async function exitCode(execId: string, what: string): Promise<number> {
    for (let wait = 5; ; wait = Math.min(wait * 2, 250)) {
      const { json: raw } = await json({ method: 'GET', path: `/exec/${encodeURIComponent(execId)}/json`, what });
      const exec = asObject(raw);
      if (exec.Running !== true && typeof exec.ExitCode === 'number') return asNumber(exec.ExitCode);
      await delay(wait);
    }
  }

  return {
    async exec(id, owner, spec, { maxBytes = defaultMaxBytes, signal } = {}) {
      await ownContainer(requester, id, owner, signal);
      const what = `run ${spec.cmd[0] ?? 'a command'} in the container`;
      const { execId, socket } = await begin(id, spec, false, signal);
      const out = { stdout: collector(maxBytes), stderr: collector(maxBytes) };
      await readSocket(socket, (source, data) => out[source].add(data), what, signal);
      const code = await exitCode(execId, what);
      return { exitCode: code, stdout: out.stdout.text(), stderr: out.stderr.text() };
    },

    async execStream(id, owner, spec, signal): Promise<ExecStream> {
      await ownContainer(requester, id, owner, signal);
      const what = `run ${spec.cmd[0] ?? 'a command'} in the container`;
      const { execId, socket } = await begin(id, spec, true, signal);
      const stdout = new Readable({
        highWaterMark: 1024 * 1024,
        read: () => socket.resume(),
        destroy: (error, done) => {
          socket.destroy();
          done(error);
        },
      });
      let stderr = Buffer.alloc(0);
      const ended = readSocket(
        socket,
        (source, data) => {
          if (source === 'stderr') stderr = Buffer.concat([stderr, data]).subarray(-keptStderrBytes);
          else if (!stdout.push(Buffer.from(data))) socket.pause();
        },
        what,
        signal,
      );
      const done = ended.then(
        async () => {
          stdout.push(null);
          return { exitCode: await exitCode(execId, what), stderr: stderr.toString('utf8') };
        },
        (error: unknown) => {
          stdout.destroy(error instanceof Error ? error : new Error('aborted'));
          throw error;
        },
      );
      // Whoever reads only the stream learns of the failure there.
      done.catch(() => undefined);
      return { stdout, done, kill: () => socket.destroy() };
    },
  };

  function readSocket(
    socket: Socket,
    onPayload: (source: 'stdout' | 'stderr', data: Buffer) => void,
    what: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const demultiplexer = createDemultiplexer(onPayload);
      let settled = false;
      const settle = (act: () => void) => {
        if (settled) return;
        settled = true;
        signal?.removeEventListener('abort', onAbort);
        act();
        socket.destroy();
      };
      const onAbort = () => settle(() => reject(aborted(signal)));
      const fail = (error: unknown) => settle(() => reject(engineError(connectionProblem(error, doing(what)), error)));
      if (signal?.aborted) {
        onAbort();
        return;
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      socket.on('data', (chunk: Buffer) => {
        try {
          demultiplexer.push(chunk);
        } catch (error) {
          // An engine that cannot start the command says so in plain text on the upgraded connection.
          const said = chunk.toString('utf8').slice(0, 2000);
          settle(() => reject(/exec|runc|oci/i.test(said) ? engineError(messageProblem(said, doing(what))) : error));
        }
      });
      socket.once('end', () =>
        settle(() => {
          if (demultiplexer.whole) resolve();
          else reject(cut(what));
        }),
      );
      socket.once('error', fail);
      socket.once('close', () => settle(() => reject(cut(what))));
    });
  }
}

function cut(what: string): ProblemError {
  return new ProblemError(
    problem(
      'exec-cut',
      'A command in a container was cut off',
      `The connection ended before the engine was able to ${what} to its end.`,
      {
        remedies: [{ action: 'retry', label: 'Try again' }],
      },
    ),
  );
}

function collector(maxBytes: number) {
  const chunks: Buffer[] = [];
  let room = maxBytes;
  return {
    add(data: Buffer) {
      if (room <= 0) return;
      const kept = Buffer.from(data.subarray(0, room));
      room -= kept.length;
      chunks.push(kept);
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}
