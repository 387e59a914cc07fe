import { capabilityNamed, listCapabilities, setCapability } from '../../config/capabilities.ts';
import { type Command, usageError } from '../command.ts';
import { exit } from '../exit-code.ts';
import { table } from '../format.ts';

export const capability: Command = {
  name: 'capability',
  usage: '[list | enable NAME.. | disable NAME..]',
  summary: 'optional parts of the stack: see them, switch them on or off',
  help: [
    'Remembered for the environment; the next "up" applies it, and "up --dry-run" says what that will do. The services of',
    'one that is switched off are removed by that up, their data is kept. With --json: { capabilities }.',
    '',
    'Example: quayside capability enable gateway && quayside up',
  ],
  options: {},
  positionals: { min: 0, max: 10 },
  async run({ core, terminal, positionals }) {
    const [verb = 'list', ...given] = positionals;
    if (!['list', 'enable', 'disable'].includes(verb)) {
      throw usageError(`capability takes list, enable or disable, not "${verb}".`, 'capability');
    }
    if ((verb === 'list') !== (given.length === 0)) {
      throw usageError(verb === 'list' ? 'list takes no name.' : `${verb} takes a name.`, 'capability');
    }
    // All names are known before the first is switched.
    const chosen = given.map(capabilityNamed);
    let changed = false;
    for (const name of chosen) {
      if (await setCapability(core.environment, name, verb === 'enable')) changed = true;
    }
    const list = await listCapabilities(core.environment);
    if (terminal.json) {
      await terminal.document({ capabilities: list });
      return exit.done;
    }
    await terminal.print(
      table([
        ['CAPABILITY', 'STATE', 'FOR'],
        ...list.map(({ name, on, summary }) => [name, on ? 'on' : 'off', summary]),
      ]),
    );
    if (changed) terminal.note('The next "quayside up" applies it.');
    return exit.done;
  },
};
