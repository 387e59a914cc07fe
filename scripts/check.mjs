/** `npm run check`: format and lint, types, dependency rules, unused code, lock files. Each check proves that it read something. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup/places.mjs';

const bin = (name) => join(root, 'node_modules', '.bin', name);
/** Not ours: made by tools, or git's own. */
const made = new Set(['.git', 'node_modules', 'out', 'dist', 'artifacts', 'coverage', 'test-results', '__pycache__']);

/** The files that are tracked; on a machine without git (the sources may come as an archive) those that lie there. */
function sources() {
  const { status, stdout } = spawnSync('git', ['ls-files'], { cwd: root, encoding: 'utf8', maxBuffer: 16 << 20 });
  if (status === 0) return stdout.split('\n').filter(Boolean);
  const below = (folder) =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      if (made.has(entry.name)) return [];
      const path = join(folder, entry.name);
      return entry.isDirectory() ? below(path) : [path];
    });
  return below('.');
}

/** Runs a program; answers its output, and null as `problem` when it exits with 0. */
function program(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  });
  const output = `${stdout ?? ''}${stderr ?? ''}`;
  if (error) return { output, problem: error.message };
  return { output, problem: status === 0 ? null : output.split('\n').slice(-60).join('\n') || `exit code ${status}` };
}

/** A check that read nothing has not passed. */
function withCount(result, pattern, what) {
  const count = Number(pattern.exec(result.output)?.[1] ?? 0);
  if (result.problem === null && !(count > 0))
    return { ...result, problem: `It read no ${what}:\n${result.output.slice(-2000)}` };
  return { ...result, note: `${count} ${what}` };
}

const checks = {
  'format and lint': () => withCount(program(bin('biome'), ['ci', '.']), /Checked (\d+) files/, 'files'),
};

/** tsc says nothing when all is well, so the files it read are counted apart. */
function types(project) {
  const listed = program(bin('tsc'), ['-p', project, '--listFilesOnly'])
    .output.split('\n')
    .filter((line) => /[\\/]src[\\/]/.test(line) && !line.includes('node_modules'));
  const result = program(bin('tsc'), ['-p', project, '--noEmit']);
  if (result.problem === null && listed.length === 0) return { ...result, problem: `${project} covers no file` };
  return { ...result, note: `${listed.length} files` };
}
checks['types of main, shared and tests'] = () => types('tsconfig.node.json');
checks['types of the window'] = () => types('tsconfig.web.json');
checks['types of the window tests'] = () => types('tsconfig.e2e.json');
checks['dependency rules'] = () =>
  withCount(program(bin('depcruise'), ['--config', '.dependency-cruiser.cjs', 'src']), /(\d+) modules/, 'modules');
checks['unused files, exports and packages'] = () => program(bin('knip'), ['--no-progress']);
checks['lock files hold no download addresses'] = () => {
  const locks = sources().filter((file) => file.endsWith('package-lock.json'));
  const bad = locks.filter((file) => readFileSync(join(root, file), 'utf8').includes('"resolved"'));
  if (locks.length === 0) return { problem: 'There is no lock file' };
  return { problem: bad.length > 0 ? `These do: ${bad.join(', ')}` : null, note: `${locks.length} lock files` };
};
checks['no large files'] = () => {
  const files = sources();
  const large = files.filter((file) => {
    try {
      return readFileSync(join(root, file)).length > 1 << 20;
    } catch {
      return false;
    }
  });
  return { problem: large.length > 0 ? `Over 1 MiB: ${large.join(', ')}` : null, note: `${files.length} files` };
};

/** @returns {{passed: number, failed: number}} */
export function check() {
  let failed = 0;
  for (const [name, run] of Object.entries(checks)) {
    const startedMs = Date.now();
    const { problem, note } = run();
    const seconds = `${((Date.now() - startedMs) / 1000).toFixed(1)} s`;
    console.log(`  ${problem === null ? '✔' : '✖'} ${name} (${[note, seconds].filter(Boolean).join(', ')})`);
    if (problem === null) continue;
    failed += 1;
    console.log(problem.replace(/^/gm, '    '));
  }
  return { passed: Object.keys(checks).length - failed, failed };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { passed, failed } = check();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
