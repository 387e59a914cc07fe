import { type Command, readyStack, usageError } from '../command.ts';
import { exit } from '../exit-code.ts';
import { table } from '../format.ts';
import { printable } from '../printable.ts';
import { chooseVerb, textOption } from '../verbs.ts';

const verbs = { list: [0, 0], export: [1, 1] } as const;

export const conversation: Command = {
  name: 'conversation',
  usage: 'list | export ID [--format markdown|json]',
  summary: 'conversations: see them, write one out',
  help: [
    'list        every conversation, the last used first',
    'export ID   to standard output, as Markdown unless told, with the sources of each answer',
    '',
    'With --json: { conversations }; an export is then the JSON document itself.',
    '',
    'Example: quayside conversation export 0198… > notice.md',
  ],
  options: { format: { type: 'string' } },
  positionals: { min: 0, max: 2 },
  async run(context) {
    const { core, terminal, options } = context;
    const { verb, given } = chooseVerb('conversation', context.positionals, verbs, 'list');
    const format = textOption(options.format) ?? (terminal.json ? 'json' : 'markdown');
    if (format !== 'markdown' && format !== 'json')
      throw usageError(`--format takes markdown or json, not "${format}".`, 'conversation');
    await readyStack(context);
    if (verb === 'export') {
      const text = await core.chat.exported(given[0] ?? '', terminal.json ? 'json' : format);
      if (terminal.json) await terminal.document(JSON.parse(text));
      else terminal.raw(printable(text.endsWith('\n') ? text : `${text}\n`, false));
      return exit.done;
    }
    const conversations = await core.chat.conversations();
    if (terminal.json) await terminal.document({ conversations });
    else if (conversations.length === 0) await terminal.print('There is no conversation yet');
    else
      await terminal.print(
        printable(
          table([
            ['LAST USED', 'TITLE', 'ID'],
            ...conversations.map(({ updatedAtMs, title, id }) => [
              new Date(updatedAtMs).toISOString().slice(0, 16).replace('T', ' '),
              title,
              id,
            ]),
          ]),
          false,
        ),
      );
    return exit.done;
  },
};
