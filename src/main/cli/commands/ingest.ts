import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { ProblemError, problem } from '../../../shared/model/problem.ts';
import { type Command, readyStack } from '../command.ts';
import { followOperation } from '../follow-operation.ts';
import { textOption } from '../verbs.ts';

export const ingest: Command = {
  name: 'ingest',
  usage: 'PATH.. [--kb NAME]',
  summary: 'read in documents (PDF, Word, Markdown, HTML, CSV, text) or whole folders',
  help: [
    '--kb NAME   the knowledge base that they go into, by name or id (the default one unless told)',
    '',
    'With --json: { operation } once it has ended, with a step for each file.',
    '',
    'Example: quayside ingest ~/papers',
  ],
  options: { kb: { type: 'string' } },
  positionals: { min: 1, max: 1000 },
  async run(context) {
    const { core, terminal, options } = context;
    const kb = textOption(options.kb);
    const files = await Promise.all(context.positionals.map(existing));
    await readyStack(context);
    // Said before the first file is sent.
    if (kb !== undefined) await core.knowledge.bases.get(kb);
    const { operation, code } = await followOperation(context, await core.chat.ingest(files, kb));
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
