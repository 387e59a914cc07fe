/** Why a service did not come up, as a Problem: the probe's own output, the exit code in words, the last log lines. */
import { ProblemError, problem, type Remedy, toProblem } from '../../shared/model/problem.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import { type ContainerFacts, readFacts } from './container-facts.ts';
import type { Verdict } from './health-gate.ts';

const logLines = 20;
const maxLogBytes = 64 * 1024;

/** What an exit code means to a person. Codes above 128 are 128 + signal (POSIX shells, the engine). */
export function exitInWords(facts: Pick<ContainerFacts, 'exitCode' | 'oomKilled' | 'memLimitBytes'>): string {
  if (facts.oomKilled) {
    const limit = facts.memLimitBytes > 0 ? ` of ${Math.round(facts.memLimitBytes / 1024 ** 2)} MB` : '';
    return `It used more memory than its limit${limit} allows and was killed (exit code ${facts.exitCode}).`;
  }
  const known: Readonly<Record<number, string>> = {
    0: 'It ended by itself without an error (exit code 0).',
    125: 'The engine could not run it (exit code 125).',
    126: 'Its command cannot be executed (exit code 126).',
    127: 'Its command was not found in the image (exit code 127).',
    134: 'It aborted itself (exit code 134).',
    137: 'It was killed (exit code 137), by someone or because memory ran out.',
    139: 'It crashed with an invalid memory access (exit code 139).',
    143: 'It was told to stop (exit code 143).',
  };
  return known[facts.exitCode] ?? `It ended with an error (exit code ${facts.exitCode}).`;
}

/** Starts only this service, what it needs, and what waits for it: see `PlanOptions.resumeWaiting`. */
function retryOf(service: string): Remedy {
  return { action: 'retry', label: `Start ${service} again`, service };
}

/** A failure as that of a service: whose it is, and how to try that part again. A Problem that names one stays. */
export function asFailureOf(service: string, error: unknown): ProblemError {
  const known = toProblem(error);
  if (known.service !== undefined && error instanceof ProblemError) return error;
  const others = known.remedies.filter(({ action }) => action !== 'retry');
  return new ProblemError({ ...known, service, remedies: [...others, retryOf(service)].slice(-8) }, { cause: error });
}

/** The Problem for a verdict that is not `ready`. Asks the engine for the log; a failing log is left out. */
export async function failureOf(
  engine: EngineClient,
  service: string,
  containerId: string,
  verdict: Exclude<Verdict, { kind: 'ready' }>,
): Promise<ProblemError> {
  const again = retryOf(service);
  if (verdict.kind === 'gone') {
    return new ProblemError(
      problem('container-gone', `${service} disappeared`, 'Someone removed its container while it was starting.', {
        remedies: [again],
        service,
      }),
    );
  }
  if (verdict.kind === 'paused') {
    return new ProblemError(
      problem(
        'service-paused',
        `${service} is paused`,
        'Someone paused its container while it was starting. It keeps what it has in memory, and does nothing.',
        { remedies: [{ action: 'retry', label: `Let ${service} run on` }], service },
      ),
    );
  }
  const { facts } = verdict;
  const log = (await lastLines(engine, containerId)).map((line) => `log: ${line}`);
  const logs: Remedy = { action: 'open-page', label: 'Read its log', page: 'logs' };
  if (verdict.kind === 'unhealthy') {
    const outputs = facts.probes.map(({ exitCode, output }) => `health check (exit ${exitCode}): ${tidy(output)}`);
    const last = tidy(facts.probes.at(-1)?.output ?? '');
    const said = last === '' ? 'It said nothing.' : `It said: ${last.slice(0, 500)}`;
    return new ProblemError(
      problem(
        'service-unhealthy',
        `${service} runs but is not healthy`,
        `Its health check failed ${facts.probes.length} times in a row. ${said}`,
        { evidence: [...outputs.slice(-5), ...log], remedies: [again, logs], service },
      ),
    );
  }
  const words = exitInWords(facts);
  const error = facts.error === '' ? [] : [`engine: ${facts.error}`];
  const evidence = [`exit code ${facts.exitCode}${facts.oomKilled ? ', out of memory' : ''}`, ...error, ...log];
  const [code, title, cause] =
    verdict.kind === 'crashing'
      ? ['service-crashing', `${service} keeps stopping`, `It was restarted ${facts.restartCount} times. ${words}`]
      : ['service-exited', `${service} stopped while it was starting`, words];
  return new ProblemError(problem(code, title, cause, { evidence, remedies: [again, logs], service }));
}

/** The Problem for a service that was not ready in the time it was given: what its containers last said. They run on. */
export async function lateFailure(
  engine: EngineClient,
  service: string,
  ids: readonly string[],
  afterMs: number,
): Promise<ProblemError> {
  const facts = (await Promise.all(ids.map(async (id) => engine.inspectContainer(id).catch(() => null)))).flatMap(
    (raw) => (raw === null ? [] : [readFacts(raw)]),
  );
  // The one that is not ready, where there are several.
  const late = facts.find(({ health, state }) => state !== 'running' || health !== 'healthy') ?? facts[0];
  const probes = (late?.probes ?? []).map(({ exitCode, output }) => `health check (exit ${exitCode}): ${tidy(output)}`);
  const log = late === undefined ? [] : (await lastLines(engine, late.id)).map((line) => `log: ${line}`);
  const seconds = Math.round(afterMs / 100) / 10;
  const cause = `It was given ${seconds} s. It runs on, and may yet get there.`;
  return new ProblemError(
    problem('service-late', `${service} is not ready after ${seconds} s`, cause, {
      evidence: [...probes.slice(-5), ...log],
      remedies: [
        { ...retryOf(service), label: `Wait for ${service} again` },
        { action: 'open-page', label: 'Read its log', page: 'logs' },
      ],
      service,
    }),
  );
}

/** The Problem for a job that did not end well. */
export async function jobFailure(
  engine: EngineClient,
  service: string,
  containerId: string,
  facts: ContainerFacts,
): Promise<ProblemError> {
  const log = (await lastLines(engine, containerId)).map((line) => `log: ${line}`);
  return new ProblemError(
    problem('job-failed', `${service} did not complete`, exitInWords(facts), {
      evidence: [`service "${service}" didn't complete successfully: exit ${facts.exitCode}`, ...log],
      remedies: [{ ...retryOf(service), label: `Run ${service} again` }],
      service,
    }),
  );
}

/** One Problem for several: the first's, with the others' titles as evidence and their services to be tried again too. */
export function joinFailures(failures: readonly unknown[]): ProblemError {
  const [first, ...rest] = failures.map(toProblem);
  if (first === undefined) return new ProblemError(toProblem(new Error('It failed without a reason.')));
  const others = rest.map(({ title, cause }) => `also: ${title}. ${cause}`);
  const services = new Set([first.service]);
  const retries = rest.flatMap(({ service, remedies }) => {
    if (service === undefined || services.has(service)) return [];
    services.add(service);
    return remedies.filter((remedy) => remedy.action === 'retry' && remedy.service === service).slice(0, 1);
  });
  return new ProblemError({
    ...first,
    evidence: [...others.slice(0, 5), ...first.evidence].slice(0, 40),
    remedies: [...first.remedies, ...retries].slice(0, 8),
  });
}

/** The container's last lines, without the engine's time stamps and colours. Never rejects. */
export async function lastLines(engine: EngineClient, containerId: string): Promise<string[]> {
  const parts: Buffer[] = [];
  let bytes = 0;
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), 3000);
  await engine
    .logs(
      containerId,
      { follow: false, tail: logLines },
      ({ data }) => {
        if (bytes < maxLogBytes) parts.push(data);
        bytes += data.length;
      },
      limit.signal,
    )
    .catch(() => undefined);
  clearTimeout(timer);
  return Buffer.concat(parts)
    .toString('utf8')
    .split('\n')
    .map((line) => tidy(line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) ?/, '')))
    .filter((line) => line !== '')
    .slice(-logLines);
}

/** Without control characters and colours. */
function tidy(output: string): string {
  const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, 'g');
  return output
    .replace(escapes, '')
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
}
