import { statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { formatBytes } from '../../../shared/model/bytes.ts';
import type { Problem, Remedy } from '../../../shared/model/problem.ts';
import { toProblem } from '../../../shared/model/problem.ts';
import { composeFilesOf } from '../../config/capabilities.ts';
import { bundledLeastMemoryBytes } from '../../stack/bundled-definition.ts';
import { portTaken, takenPorts } from '../../stack/ports.ts';
import { assertMemory, assertRoom } from '../../stack/preflight.ts';
import type { Command, Context } from '../command.ts';
import { type ExitCode, exit } from '../exit-code.ts';
import { printable } from '../printable.ts';

/** `note`: works without it, but a person should know. */
interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'note' | 'failed';
  readonly detail: string;
  readonly remedies: readonly Remedy[];
}

export const doctor: Command = {
  name: 'doctor',
  usage: '',
  summary: 'what is missing on this machine, and what to do',
  help: [
    'Looks at the engine, disk, memory, compose file, ports, images and display; changes nothing.',
    'Exit code 3 when there is no usable engine, 1 when something else stands in the way of a start.',
    'With --json: { findings: [{ check, state, detail, remedies }] }.',
  ],
  options: {},
  positionals: { min: 0, max: 0 },
  async run(context) {
    const { terminal } = context;
    // Those that need the engine run only once it answered: otherwise one cause would be told five times.
    const engine = await finding('engine', () => engineDetail(context));
    const others = await Promise.all([
      finding('disk', () => diskDetail(context)),
      finding('memory', () => memoryDetail(context, engine.state === 'ok')),
      finding('compose file', () => composeDetail(context)),
      ...(engine.state === 'ok'
        ? [finding('ports', () => portsDetail(context)), finding('images', () => imagesDetail(context))]
        : []),
    ]);
    const findings = [engine, ...others, display()];
    if (terminal.json) await terminal.document({ findings });
    else await terminal.print(printable(findings.map(findingText).join('\n'), false));
    return codeOf(engine, findings);
  },
};

function codeOf(engine: Finding, findings: readonly Finding[]): ExitCode {
  if (engine.state === 'failed') return exit.noEngine;
  return findings.some(({ state }) => state === 'failed') ? exit.failed : exit.done;
}

async function finding(check: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { check, state: 'ok', detail: await look(), remedies: [] };
  } catch (error) {
    const found: Problem = toProblem(error);
    return { check, state: 'failed', detail: `${found.title}. ${found.cause}`, remedies: found.remedies };
  }
}

async function engineDetail({ core }: Context): Promise<string> {
  const version = await (await core.monitor.ready()).version();
  const { endpoint, foundBy } = core.monitor.state;
  return `${version.serverVersion} (API ${version.apiVersion}, ${version.os}/${version.arch}) at ${endpoint}, found by ${foundBy}`;
}

async function diskDetail({ core }: Context): Promise<string> {
  const { root } = core.environment;
  await assertRoom(root, true);
  const room = await statfs(root);
  return `${formatBytes(room.bavail * room.bsize)} free for ${root}`;
}

async function memoryDetail({ core }: Context, engine: boolean): Promise<string> {
  const machine = `${formatBytes(freemem())} of ${formatBytes(totalmem())} free on this machine`;
  if (!engine) return machine;
  const version = await core.monitor.client().version();
  assertMemory(version, bundledLeastMemoryBytes);
  return `${machine}; the engine has ${formatBytes(version.memBytes)} and ${version.cpus} processors`;
}

async function composeDetail({ core }: Context): Promise<string> {
  const project = await core.lifecycle.project();
  return `${Object.keys(project.services).length} services in ${(await composeFilesOf(core.environment)).join(', ')}`;
}

async function portsDetail({ core }: Context): Promise<string> {
  const wanted = await core.lifecycle.ports();
  const [taken] = await takenPorts(core.monitor.client(), core.environment.project, wanted);
  if (taken !== undefined) throw await portTaken(taken.wanted, taken.holder);
  return `${wanted.map(({ service, port }) => `${service} ${port}`).join(', ')}: free or ours`;
}

async function imagesDetail({ core }: Context): Promise<string> {
  const project = await core.lifecycle.project();
  const needs = await core.images.needed(project, new Set(Object.keys(project.services)));
  const missing = needs.filter(({ action }) => action !== 'none');
  if (missing.length === 0) return `all ${needs.length} are here`;
  const names = missing.map(({ service, action }) => `${service} (${action})`);
  return `${needs.length - missing.length} of ${needs.length} are here; "up" gets ${names.join(', ')}`;
}

function display(): Finding {
  const there = process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
  return {
    check: 'display',
    state: there ? 'ok' : 'note',
    detail: there
      ? 'the window can open'
      : 'none: the window cannot open here; everything else works from this command',
    remedies: [],
  };
}

const words = { ok: '✔ ok    ', note: '- note  ', failed: '✖ failed' } as const;

function findingText({ check, state, detail, remedies }: Finding): string {
  const todo = remedies.map(({ label, command }) => `\n      - ${label}${command === undefined ? '' : `: ${command}`}`);
  return `${words[state]}  ${check.padEnd(12)}  ${detail}${todo.join('')}`;
}
