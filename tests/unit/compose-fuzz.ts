/** Starts the fuzz test's child and watches over it: what it cannot report itself (a hang, a full heap) is found here. */
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundleTypescript } from '../../bench/import-typescript.mjs';
import type { FuzzReport, FuzzWork } from './compose-fuzz-child.ts';

/** The whole heap of the process; what an input may add is less by what was there before. */
const mostHeapMiB = 256;
/** Without a word for so long it hangs, however busy the machine is. */
const silenceMs = 120_000;

/** @param folder scratch @returns the path of the child's bundle */
export function buildFuzzChild(root: string): Promise<string> {
  return bundleTypescript(join(root, 'tests', 'unit', 'compose-fuzz-child.ts'), root);
}

/** @throws Error that names the input which the child did not survive or did not come back from */
export async function runFuzzChild(bundle: string, work: FuzzWork): Promise<FuzzReport> {
  await mkdir(work.folder, { recursive: true });
  const file = join(work.folder, 'work.json');
  await writeFile(file, JSON.stringify(work));
  const child = spawn(process.execPath, [`--max-old-space-size=${mostHeapMiB}`, bundle, file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let report: FuzzReport | undefined;
  let hung = false;
  let said = '';
  const watchdog = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, silenceMs);
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    watchdog.refresh();
    const told = JSON.parse(line) as { report?: FuzzReport };
    report = told.report ?? report;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(watchdog);
  if (report !== undefined && code === 0) return report;
  const run = await readFile(join(work.folder, 'run'), 'utf8').catch(() => 'none');
  const text = await readFile(join(work.folder, 'project', 'compose.yaml'), 'utf8').catch(() => '');
  const end = hung
    ? `said nothing for ${silenceMs / 1000} s`
    : /heap out of memory|heap limit/i.test(said)
      ? `needed more than ${mostHeapMiB} MiB of heap`
      : `ended with code ${code}`;
  await rm(work.folder, { recursive: true, force: true });
  throw new Error(`seed ${work.seed}, run ${run} ${end}\n${text.slice(0, 2000)}\n${said}`);
}
