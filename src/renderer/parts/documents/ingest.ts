/** Ways to bring documents in: dropped, picked, or the bundled samples. All end in one ingest operation. */
import type { OfferedFile } from '../../../shared/contract/contract.ts';
import type { Answer } from '../../../shared/contract/define.ts';
import { perform, refuse } from '../../app/actions.ts';
import { offerFiles } from '../../app/bridge.ts';

/** What one ingest takes at most, as the contract says. */
const maxFiles = 1000;

/** `kb`: the knowledge base they go to; left out, the default one. */
async function ingest(answer: Answer<{ files: OfferedFile[] }>, kb: string | undefined): Promise<void> {
  if (!answer.ok || answer.value.files.length === 0) return;
  const tokens = answer.value.files.slice(0, maxFiles).map((file) => file.token);
  await perform('documents', 'documents.ingest', kb === undefined ? { tokens } : { tokens, kb });
}

export async function addPicked(kb?: string): Promise<void> {
  await ingest(await perform('documents', 'documents.pick', {}), kb);
}

export async function addSamples(kb?: string): Promise<void> {
  await ingest(await perform('documents', 'documents.samples', {}), kb);
}

export async function addDropped(files: readonly File[], kb?: string): Promise<void> {
  if (files.length === 0) return;
  const answer = await offerFiles(files.slice(0, maxFiles));
  if (!answer.ok) refuse('documents', answer.problem, () => void addDropped(files, kb));
  await ingest(answer, kb);
}
