/** One document to text and blocks, by its kind. Runs in the child process only; it trusts nothing of the bytes. */
import { BackendProblem } from '../http/problem.ts';
import type { Extracted } from './extracted.ts';
import { formatOf } from './formats.ts';

/** @throws {BackendProblem} with a code of the document: `no-text`, `pdf-corrupt`, … */
export async function extract(mime: string, bytes: Uint8Array, name: string): Promise<Extracted> {
  const base = name.split('/').at(-1) ?? name;
  const fallbackTitle = base.replace(/\.[A-Za-z0-9]{1,8}$/, '') || base;
  const format = formatOf(mime);
  if (format === undefined) throw new BackendProblem('unsupported-type', `Nothing here reads ${mime}.`);
  const extracted = await format.read(bytes, fallbackTitle);
  if (extracted.blocks.length === 0)
    throw new BackendProblem('no-text', 'The document holds no text that could be searched.');
  return extracted;
}
