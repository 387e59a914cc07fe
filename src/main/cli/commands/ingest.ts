import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { ProblemError, problem } from '../../../shared/model/problem.ts';
import { type Command, readyStack } from '../command.ts';
import { followOperation } from '../follow-operation.ts';

export const ingest: Command = {
  name: 'ingest',
  usage: 'PATH..',
  summary: 'read in documents (Markdown, text, HTML, PDF) or whole folders',
  help: [
    'With --json: { operation } once it has ended, with a step for each file.',
    '',
    'Example: quayside ingest ~/papers',
  ],
  options: {},
  positionals: { min: 1, max: 1000 },
  async run(context) {
    const { core, terminal } = context;
    const files = await Promise.all(context.positionals.map(existing));
    await readyStack(context);
    const { operation, code } = await followOperation(context, await core.chat.ingest(files));
    if (terminal.json) await terminal.document({ operation });
    return code;
  },
};

async function existing(given: string): Promise<{ path: string; name: string }> {
  const path = resolve(given);
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (!(found instanceof Error)) return { path, name: basename(path) };
  const why = found.code === 'ENOENT' ? 'There is no such file or folder.' : found.message;
  throw new ProblemError(
    problem('file-missing', `${given} cannot be read`, why, {
      remedies: [{ action: 'advice', label: 'Give the path of a file or folder that you can read' }],
    }),
  );
}
