/** The whole journey on a terminal: start, read in the samples, ask, and hold the answer against the documents. */
import { spawn, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
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

/** The words of the sample that a source names, or null where they cannot be read as text (a PDF). */
async function wordsOf(source) {
  if (!/\.(md|txt|html)$/.test(source.sourceName)) return null;
  // The name begins with the folder that was read in.
  const name = source.sourceName.split('/').at(-1);
  return plain(await readFile(join(samples, name), 'utf8').catch(() => ''));
}

/** Each sentence of the answer that carries the citation `[n]`, as the embedded answerer quotes it. */
export function quotesOf(answer, n) {
  return answer
    .split(/\n\s*\n/)
    .filter((paragraph) => paragraph.includes(`[${n}]`))
    .flatMap((paragraph) => paragraph.replace(/\[\d+\]/g, ' ').split(/(?<=[.!?])\s+/))
    .map(plain)
    .filter((sentence) => sentence.length > 0);
}

/**
 * Holds one source against the document it names: its passage must stand there, and, where the answerer quotes word
 * for word, every sentence of the answer that cites it too. Null: the document cannot be looked through here.
 */
export function holds(words, source, answer, wordForWord) {
  if (words === null) return null;
  const passage = words.includes(plain(source.snippet).slice(0, 80));
  return passage && (!wordForWord || quotesOf(answer, source.n).every((sentence) => words.includes(sentence)));
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
  const { answer, sources, provider } = JSON.parse(asked.stdout);
  console.log(`${answer.trim()}\n\nSources`);
  let wrong = 0;
  for (const source of sources) {
    const held = holds(await wordsOf(source), source, answer, provider === 'embedded');
    if (held === false) wrong += 1;
    const mark =
      held === null ? '' : held ? '  ✔ the document holds these words' : '  ✖ the document does not hold these words';
    const place = [source.title, ...source.headingPath, source.page === null ? '' : `page ${source.page}`]
      .filter(Boolean)
      .join(' › ');
    console.log(`  [${source.n}] ${place} (${source.sourceName})${mark}`);
  }
  // A question of one's own may well be one that the samples do not answer.
  if (sources.length === 0 && question === defaultQuestion) {
    console.error('\nThe answer cites nothing, though the samples answer this question.');
    return 1;
  }
  if (wrong > 0) {
    console.error('\nThe answer cites words that its document does not hold.');
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
