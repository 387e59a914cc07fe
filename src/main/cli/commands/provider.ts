import {
  type Provider,
  type ProviderChange,
  type ProviderName,
  type Providers,
  providerNames,
} from '../../../shared/model/providers.ts';
import { type Command, type Context, readyStack, usageError } from '../command.ts';
import { type ExitCode, exit } from '../exit-code.ts';
import { duration, table } from '../format.ts';
import { readSecretFrom } from '../read-secret.ts';
import { chooseVerb, textOption, wholeNumber } from '../verbs.ts';

const verbs = { list: [0, 0], use: [1, 1], test: [1, 1], set: [1, 1] } as const;

export const provider: Command = {
  name: 'provider',
  usage: 'list | use NAME | test NAME | set NAME [--url URL] [--model M] [--key-file FILE|-]',
  summary: 'who writes answers: see, choose, try out, set up',
  help: [
    'list        every provider, which one writes answers, and whether it answers',
    'use NAME    it writes answers from the next question on',
    'test NAME   reach it, sign in, find the model, get a few words: exit code 1 and the step that failed otherwise',
    'set NAME    change what is given, leave the rest',
    '  --url URL            where it answers, as its own documentation gives it',
    '  --model MODEL        the model that is asked',
    '  --key-file FILE      a file with the key on one line, or - for standard input; a key is never an argument',
    '  --no-key             forget the key',
    '  --context-tokens N   the most it reads and writes at once, where it does not tell',
    '',
    `NAME is one of: ${providerNames.join(', ')}. "embedded" quotes your documents and needs nothing; "local" is the model`,
    'that the stack runs itself (capability llm). Keys are never shown. With --json: { providers }, { test }.',
    '',
    'Example: quayside provider set openai-compatible --url http://localhost:8080/v1 --model llama3 --key-file key.txt',
  ],
  options: {
    url: { type: 'string' },
    model: { type: 'string' },
    'key-file': { type: 'string' },
    'no-key': { type: 'boolean' },
    'context-tokens': { type: 'string' },
  },
  positionals: { min: 0, max: 2 },
  async run(context) {
    const { verb, given } = chooseVerb('provider', context.positionals, verbs, 'list');
    const { providers } = context.core.knowledge;
    if (verb === 'list') {
      await readyStack(context);
      return show(context, await providers.get());
    }
    const name = nameOf(given[0] ?? '');
    const change = verb === 'set' ? await changeOf(context, name) : { name };
    await readyStack(context);
    if (verb === 'use') return show(context, await providers.use(name));
    return verb === 'set' ? show(context, await providers.configure(change)) : test(context, name);
  },
};

function nameOf(given: string): ProviderName {
  const name = providerNames.find((one) => one === given);
  if (name === undefined)
    throw usageError(`There is no provider "${given}". There are: ${providerNames.join(', ')}.`, 'provider');
  return name;
}

async function changeOf({ options }: Context, name: ProviderName): Promise<ProviderChange> {
  const [baseUrl, model, keyFile] = [options.url, options.model, options['key-file']].map(textOption);
  const contextTokens = wholeNumber('provider', 'context-tokens', options['context-tokens'], 512, 10_000_000);
  const forget = options['no-key'] === true;
  if (forget && keyFile !== undefined) throw usageError('--key-file and --no-key exclude each other.', 'provider');
  const change: ProviderChange = {
    name,
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(model === undefined ? {} : { model }),
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(forget ? { key: null } : {}),
  };
  if (keyFile !== undefined) change.key = await readSecretFrom(keyFile);
  if (Object.keys(change).length === 1)
    throw usageError('Say what to change: --url, --model, --key-file, --no-key or --context-tokens.', 'provider');
  return change;
}

async function show({ terminal }: Context, providers: Providers): Promise<ExitCode> {
  if (terminal.json) {
    await terminal.document({ providers });
    return exit.done;
  }
  await terminal.print(
    table([
      ['', 'PROVIDER', 'MODEL', 'ADDRESS', 'KEY', 'STATE'],
      ...providers.items.map((one) => [
        one.name === providers.active ? '*' : '',
        one.name,
        one.model === '' ? '-' : one.model,
        one.baseUrl === null || one.baseUrl === '' ? '-' : one.baseUrl,
        one.hasKey ? `ends in ${one.keyLast4 ?? '?'}` : '-',
        stateOf(one),
      ]),
    ]),
  );
  terminal.note(
    `* writes answers. When it cannot be asked: ${providers.fallback === 'off' ? 'nobody' : providers.fallback}.`,
  );
  return exit.done;
}

function stateOf({ configured, availability }: Provider): string {
  if (!configured) return 'not set up';
  if (availability.status === 'unavailable') return `away (${availability.code ?? 'no answer'})`;
  return availability.status === 'available' ? 'answers' : 'not asked yet';
}

async function test({ core, terminal }: Context, name: ProviderName): Promise<ExitCode> {
  const result = await core.knowledge.providers.test({ name });
  if (terminal.json) await terminal.document({ test: { name, ...result } });
  else if (result.ok)
    await terminal.print(
      `✔ ${name} answers${result.model === '' ? '' : ` with ${result.model}`}, the first word after ${duration(result.ttftMs ?? result.latencyMs)}`,
    );
  else {
    const steps = {
      connect: 'reaching it',
      key: 'being let in',
      model: 'finding the model',
      answer: 'getting an answer',
    };
    const at = result.failedAt === null ? '' : ` at ${steps[result.failedAt]}`;
    await terminal.print(`✖ ${name} failed${at}: ${result.problem?.title ?? 'no reason was given'}`);
    if (result.problem !== null) await terminal.print(`  ${result.problem.detail}`);
  }
  return result.ok ? exit.done : exit.failed;
}
