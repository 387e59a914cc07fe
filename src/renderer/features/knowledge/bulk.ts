/** One call for each of many documents: a few at a time, until one is refused. */
import { create } from 'zustand';
import type { Problem } from '../../../shared/model/problem.ts';
import { dismissRefusal, refuse } from '../../app/actions.ts';
import { call } from '../../app/bridge.ts';
import { announce } from '../../ui/announce.ts';
import { count } from '../../ui/format.ts';

type BulkName = 'documents.delete' | 'documents.retry' | 'documents.cancel';
const atOnce = 4;

/** The one under way; null between them. */
export const useBulk = create<{ readonly running: { name: BulkName; done: number; total: number } | null }>(() => ({
  running: null,
}));

const doneWords: Readonly<Record<BulkName, string>> = {
  'documents.delete': 'deleted',
  'documents.retry': 'queued again',
  'documents.cancel': 'cancelled',
};

/** Does nothing while another one runs. The first refusal ends it, and is kept with a way to go on with the rest. */
export async function forEach(name: BulkName, ids: readonly string[]): Promise<void> {
  if (useBulk.getState().running !== null || ids.length === 0) return;
  const left = [...ids];
  const refused: { problem: Problem | null } = { problem: null };
  let done = 0;
  useBulk.setState({ running: { name, done, total: ids.length } });
  const work = async (): Promise<void> => {
    while (refused.problem === null) {
      const id = left.shift();
      if (id === undefined) return;
      const answer = await call(name, { id });
      if (answer.ok) {
        done += 1;
        useBulk.setState({ running: { name, done, total: ids.length } });
      } else {
        left.unshift(id);
        refused.problem ??= answer.problem;
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  useBulk.setState({ running: null });
  announce(`${count(done, 'document')} ${doneWords[name]}`);
  const { problem } = refused;
  if (problem === null) dismissRefusal('documents');
  else refuse('documents', problem, () => void forEach(name, left));
}
