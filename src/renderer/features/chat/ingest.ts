/** Ways to bring documents in: dropped, picked, or the bundled samples. All end in one ingest operation. */
import type { OfferedFile } from '../../../shared/contract/contract.ts';
import type { Answer } from '../../../shared/contract/define.ts';
import { perform, refuse } from '../../app/actions.ts';
import { offerFiles } from '../../app/bridge.ts';

/** What one ingest takes at most, as the contract says. */
export const maxFiles = 1000;

async function ingest(answer: Answer<{ files: OfferedFile[] }>): Promise<void> {
  if (!answer.ok || answer.value.files.length === 0) return;
  const tokens = answer.value.files.slice(0, maxFiles).map((file) => file.token);
  await perform('documents', 'documents.ingest', { tokens });
}

export async function addPicked(): Promise<void> {
  await ingest(await perform('documents', 'documents.pick', {}));
}

export async function addSamples(): Promise<void> {
  await ingest(await perform('documents', 'documents.samples', {}));
}

export async function addDropped(files: readonly File[]): Promise<void> {
  if (files.length === 0) return;
  const answer = await offerFiles(files.slice(0, maxFiles));
  if (!answer.ok) refuse('documents', answer.problem, () => void addDropped(files));
  await ingest(answer);
}
