/** Ways to bring a project in: picked in the system's dialog, or dropped. Both end on its page. */
import type { OfferedFile } from '../../../shared/contract/contract.ts';
import type { Answer } from '../../../shared/contract/define.ts';
import { perform, refuse } from '../../app/actions.ts';
import { offerFiles, open as openStream } from '../../app/bridge.ts';
import { useLive } from '../../app/live-store.ts';
import { goStack } from '../../app/navigation.ts';

/** What one project may be made of at most, as the contract says. */
const maxFiles = 20;

async function openOffered(answer: Answer<{ files: OfferedFile[] }>): Promise<void> {
  if (!answer.ok || answer.value.files.length === 0) return;
  const tokens = answer.value.files.slice(0, maxFiles).map((file) => file.token);
  const opened = await perform('stacks', 'stacks.open', { tokens });
  if (opened.ok) goStack(opened.value.id);
}

export async function openPicked(): Promise<void> {
  await openOffered(await perform('stacks', 'stacks.pick', {}));
}

/** Compose files, or the one folder that holds them. */
export async function openDropped(files: readonly File[]): Promise<void> {
  if (files.length === 0) return;
  const answer = await offerFiles(files.slice(0, maxFiles));
  if (!answer.ok) refuse('stacks', answer.problem, () => void openDropped(files));
  await openOffered(answer);
}

/** Reads the list anew: files on disk are not watched, so a file put right in an editor is seen by looking again. */
export function lookAgain(): () => void {
  const close = openStream(
    'stacks.watch',
    {},
    ({ stacks }) => {
      useLive.setState({ stacks });
      close();
    },
    () => undefined,
  );
  return close;
}
