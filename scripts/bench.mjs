/** `npm run bench`: runs the benchmarks and writes their tables, with the date and the machine, into bench/README.md. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBaseImage } from './setup/base-image.mjs';
import { ensureBuilt } from './setup/build.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { hasDisplay, startVirtualDisplay } from './setup/display.mjs';
import { ensureElectron } from './setup/electron.mjs';
import { engineCall, ensureEngine } from './setup/engine.mjs';
import { ensureManuals } from './setup/manuals.mjs';
import { root } from './setup/places.mjs';
import { elapsed, printProblem, step } from './setup/words.mjs';

const help = `npm run bench: measures ratios against a bare Electron window, Docker Compose and the floor,
and writes the tables into bench/README.md. Tables that were not measured stay as they are there.

  npm run bench -- [options] [a b]

  a b, --only a,b only these: launch, stack, loader, rag
  --rounds N      interleaved rounds of each (default: 9 launches, 5 starts, fewer where many services start)
  --no-write      print the tables, leave bench/README.md alone
  --help          this text`;

const marks = { begin: '<!-- results: written by npm run bench -->', end: '<!-- end of results -->' };

/** A Markdown table under its title. */
export function toMarkdown({ title, columns, rows, note }) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [`### ${title}`, '', line(columns), line(columns.map(() => '---')), ...rows.map(line), '', note, ''].join(
    '\n',
  );
}

/** Puts `results` between the marks of `text`, or at its end where it has none. */
export function withResults(text, results) {
  const block = `${marks.begin}\n\n${results}\n${marks.end}\n`;
  const from = text.indexOf(marks.begin);
  const to = text.indexOf(marks.end);
  if (from < 0 || to < from) return `${text.trimEnd()}\n\n${block}`;
  return `${text.slice(0, from)}${block}${text.slice(to + marks.end.length).replace(/^\n/, '')}`;
}

/** The tables that `text` holds between its marks, in order. */
export function tablesIn(text) {
  const block = text.split(marks.begin)[1]?.split(marks.end)[0] ?? '';
  return block
    .split(/^(?=### )/m)
    .slice(1)
    .map((table) => ({ title: table.slice(4, table.indexOf('\n')), markdown: `${table.trimEnd()}\n` }));
}

/** The old tables with those of `fresh` in their places, new ones after them: what was not measured stays as it was. */
export function merged(old, fresh) {
  const now = new Map(fresh.map((table) => [table.title, table]));
  const kept = old.map((table) => now.get(table.title) ?? table);
  return [...kept, ...fresh.filter((table) => !old.some(({ title }) => title === table.title))];
}

async function machine(electron) {
  const { json } = await engineCall('GET', '/version').catch(() => ({ json: null }));
  const cores = cpus();
  return [
    `${cores.length} × ${cores[0]?.model.trim() ?? 'unknown processor'}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `${process.platform} ${release()}`,
    `Node ${process.versions.node}`,
    electron ? `Electron ${electron.version}` : null,
    json?.Version ? `engine ${json.Version}` : null,
  ]
    .filter(Boolean)
    .join(', ');
}

async function launchTable(electron, rounds) {
  // Playwright looks the runtime up in this very process.
  Object.assign(process.env, electron.env);
  const { launchBench } = await import('../bench/launch.mjs');
  const display = hasDisplay() ? null : await startVirtualDisplay();
  if (display) process.env.DISPLAY = display.display;
  try {
    return await measured('Launch of the window', (say) => launchBench({ root, say, ...rounds }));
  } finally {
    display?.stop();
  }
}

async function stackTable(rounds) {
  const { ensureComposePeer } = await import('./setup/compose-peer.mjs');
  const { importTypescript } = await import('../bench/import-typescript.mjs');
  const composePath = await ensureComposePeer();
  const { stackStartBench } = await importTypescript(join(root, 'bench', 'stack-start.ts'), root);
  return measured('Start and stop of the stack', (say) => stackStartBench({ composePath, root, say, ...rounds }));
}

async function loaderTable() {
  const { importTypescript } = await import('../bench/import-typescript.mjs');
  const { loaderBench } = await importTypescript(join(root, 'bench', 'loader.ts'), root);
  return measured('Loading and planning', () => loaderBench());
}

async function ragTables() {
  const { importTypescript } = await import('../bench/import-typescript.mjs');
  const { packagesNeeded, ragBench } = await importTypescript(join(root, 'bench', 'rag.ts'), root);
  const manuals = await ensureManuals(packagesNeeded);
  await ensureDependencies(join(root, 'compose', 'services', 'backend'), 'Installing npm packages of the backend');
  return measured('Reading in, searching, answering', (say) => ragBench({ root, manuals, say }));
}

/** A step whose outcome is a table instead of words. */
async function measured(label, work) {
  let table;
  await step(label, async (say) => {
    table = await work(say);
  });
  return table;
}

async function main(options) {
  const startedMs = Date.now();
  const wanted = options.only?.split(',') ?? ['launch', 'loader', 'stack', 'rag'];
  const rounds = options.rounds === undefined ? {} : { rounds: Number(options.rounds) };
  console.log('Quayside benchmarks: setting up what is missing');
  await ensureDependencies(root, 'Installing npm packages');
  const electron = wanted.includes('launch') ? await ensureElectron() : null;
  await ensureEngine();
  await ensureBaseImage({ ifNeeded: true });
  await ensureBuilt();
  const tables = [];
  if (electron) tables.push(await launchTable(electron, rounds));
  if (wanted.includes('loader')) tables.push(await loaderTable());
  if (wanted.includes('stack')) tables.push(await stackTable(rounds));
  if (wanted.includes('rag')) tables.push(...(await ragTables()));
  const measuredOn = `Measured ${new Date().toISOString().slice(0, 10)} on ${await machine(electron)}.`;
  const fresh = tables.map((table) => ({ title: table.title, markdown: `${toMarkdown(table)}\n${measuredOn}\n` }));
  console.log(`\n${fresh.map(({ markdown }) => markdown).join('\n')}`);
  if (!options['no-write']) {
    const file = join(root, 'bench', 'README.md');
    const text = await readFile(file, 'utf8');
    const all = merged(tablesIn(text), fresh).map(({ markdown }) => markdown);
    await writeFile(`${file}.tmp`, withResults(text, `## Last results\n\n${all.join('\n')}`));
    await rename(`${file}.tmp`, file);
    console.log('Written into bench/README.md');
  }
  console.log(`The whole took ${elapsed(startedMs)}.`);
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        only: { type: 'string' },
        rounds: { type: 'string' },
        'no-write': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) console.log(help);
    else await main({ ...values, only: values.only ?? (positionals.length > 0 ? positionals.join(',') : undefined) });
  } catch (error) {
    printProblem(error);
    process.exitCode = 1;
  }
}
