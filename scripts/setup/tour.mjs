/** The whole journey on a terminal: start, read in the samples, ask, and hold the answer against the documents. */
import { spawn, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { root } from './places.mjs';

const samples = join(root, 'resources', 'samples');
const defaultQuestion = 'How often should I verify a backup?';

/** Letters and digits only: markup, line breaks and quotes differ between a document and what is cited of it. */
const plain = (text) =>
  text
    .replace(/<[^>]*>/g, ' ')
    .replace(/&[a-z]+;|&#\d+;/gi, ' ')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/** Runs the command line with its own output on the terminal; answers the exit code. */
function show(cli, args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [cli, ...args], { stdio: 'inherit' });
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => child.kill(signal));
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** Whether the words of a cited passage stand in the sample it names. PDF bytes are not looked through: null. */
async function holds(source) {
  if (!/\.(md|txt|html)$/.test(source.sourceName)) return null;
  const text = await readFile(join(samples, basename(source.sourceName)), 'utf8').catch(() => '');
  return plain(text).includes(plain(source.snippet).slice(0, 80));
}

/** @returns {Promise<number>} the exit code */
export async function tour({ cli, common, question = defaultQuestion }) {
  console.log('\nThere is no display, so this runs on the terminal.\n\nStarting the stack');
  for (const args of [
    ['up', ...common],
    ['ingest', samples, ...common],
  ]) {
    const code = await show(cli, args);
    if (code !== 0) return code;
  }
  console.log(`\nAsking: ${question}\n`);
  const asked = spawnSync(process.execPath, [cli, 'ask', question, '--json', ...common], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (asked.status !== 0) return asked.status ?? 1;
  const { answer, sources } = JSON.parse(asked.stdout);
  console.log(`${answer.trim()}\n\nSources`);
  let wrong = 0;
  for (const source of sources) {
    const held = await holds(source);
    if (held === false) wrong += 1;
    const mark =
      held === null ? '' : held ? '  ✔ the document holds these words' : '  ✖ the document does not hold these words';
    const place = [source.title, ...source.headingPath, source.page === null ? '' : `page ${source.page}`]
      .filter(Boolean)
      .join(' › ');
    console.log(`  [${source.n}] ${place} (${source.sourceName})${mark}`);
  }
  if (sources.length === 0 || wrong > 0) {
    console.error(sources.length === 0 ? '\nThe answer cites nothing.' : '\nA cited passage is not in its document.');
    return 1;
  }
  console.log(`
The stack is running. Next:
  bin/quayside ask "…"        ask something else
  bin/quayside ingest FILE    add your own documents
  bin/quayside down           stop it; your data stays
  npm start                   on a machine with a display opens the window`);
  return 0;
}
