/**
 * Everything that the document of the API lists is asked for what fits its schemas and for what does not, thousands of
 * times, the same each run: no answer is a failure of ours, and every answer is what the document says.
 */
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../src/main/engine/engine-client.ts';
import { caBundle } from '../../src/main/stack/ca-bundle.ts';
import { contextHash, packContext, readContext } from '../../src/main/stack/image-context.ts';
import { type RagStack, startRagStack } from './rag-stack.ts';

let stack: RagStack;
let image: string;
const made: string[] = [];

beforeAll(async () => {
  stack = await startRagStack();
  const engine = stack.core.monitor.client();
  const files = await readContext(resolve('tests/engine/rag-fuzz'));
  const buildArgs = { NLP_IMAGE: await stack.image('nlp') };
  image = `quayside-test/rag-fuzz:${contextHash(files, buildArgs).slice(0, 12)}`;
  if ((await engine.inspectImage(image)) === null)
    await engine.buildImage(packContext(files, await caBundle()), { tag: image, buildArgs }, () => undefined);
}, 900_000);
afterAll(async () => {
  if (stack === undefined) return;
  const owner = { project: stack.core.environment.project };
  for (const id of made)
    await stack.core.monitor
      .client()
      .removeContainer(id, owner, { force: true })
      .catch(() => undefined);
  await stack.close();
});

/** Things of each kind, by the names that the settings of the tool know them under. */
async function things(): Promise<Record<string, string>> {
  const post = async (path: string, body: unknown) => (await stack.call('POST', path, { body })).json;
  const document = await stack.added('Ropes', 'The mooring rope of the Halcyon is forty metres long.');
  const chunks = (await stack.call('GET', `/v1/documents/${document}/chunks`)).json;
  const { conversation, runId } = await stack.asked('How long is the mooring rope of the Halcyon?');
  const messages = (await stack.call('GET', `/v1/conversations/${conversation}/messages`)).json;
  const source = await post('/v1/sources', { kind: 'url', url: 'https://rope.example/', everySeconds: null });
  const user = await post('/v1/users', { email: 'fuzz@example.org', password: 'a good long one' });
  const item = { question: 'How long?', expected: [{ source: 'Ropes.md' }], answerable: true };
  const set = await post('/v1/eval/sets', { name: 'Fuzz', items: [item] });
  return {
    API_TOKEN: await stack.core.access.token(),
    DOCUMENT_ID: document,
    CHUNK_ID: chunks.items[0].id,
    CONVERSATION_ID: conversation,
    MESSAGE_ID: messages.items[0].id,
    RUN_ID: runId,
    JOB_ID: source.job.id,
    KB_ID: (await post('/v1/knowledge-bases', { name: 'Fuzz' })).id,
    USER_ID: user.id,
    SOURCE_ID: source.source.id,
    EVAL_SET_ID: set.id,
  };
}

async function run(
  environment: Record<string, string>,
  words: readonly string[],
): Promise<{ code: number; output: string }> {
  const engine = stack.core.monitor.client();
  const owner = { project: stack.core.environment.project };
  const { id } = await engine.createContainer(`${owner.project}-fuzz-${made.length}`, {
    Image: image,
    Cmd: ['run', 'http://localhost:3000/openapi.json', '--no-color', ...words],
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    Labels: { 'com.docker.compose.project': owner.project },
    // Beside the backend, under the name of its own machine: other names are not taken.
    HostConfig: { NetworkMode: `container:${stack.container('backend')}`, CapDrop: ['ALL'] },
  } as JsonObject);
  made.push(id);
  await engine.startContainer(id, owner);
  const lines: string[] = [];
  await engine.logs(
    id,
    { follow: true, tail: 5000 },
    ({ data }) => void lines.push(data.toString('utf8')),
    AbortSignal.timeout(300_000),
  );
  const state = (await engine.inspectContainer(id))?.State as { ExitCode?: number };
  return { code: state.ExitCode ?? -1, output: lines.join('').replace(/^\S+Z /gm, '') };
}

/** How many operations the document lists, how many of them were to be tried, and were. */
function reached(output: string): { all: number; selected: number; tested: number } {
  const [, selected, all, tested] = /Selected: (\d+)\/(\d+)\s+Tested: (\d+)/.exec(output) ?? [];
  return { all: Number(all), selected: Number(selected), tested: Number(tested) };
}

/** What changes the stack itself: tried last, or the rest would meet limits and providers that nobody meant. */
const settings = '^/v1/(config|providers|embedding|reindex|auth|me$|workflows)';

it('no operation answers with a failure of ours, and each as the document says', { timeout: 600_000 }, async () => {
  const environment = await things();
  const main = await run(environment, ['--exclude-path-regex', settings, '--max-examples', '4']);
  expect(main.code, main.output).toBe(0);
  const rest = await run(environment, ['--include-path-regex', settings, '--max-examples', '4']);
  expect(rest.code, rest.output).toBe(0);
  for (const { output } of [main, rest])
    console.log(/Test cases:[\s\S]*?(?=\n\n)/.exec(output)?.[0] ?? output.slice(-600));
  // Every operation was reached: a tool that skips some silently proves little.
  const [first, second] = [reached(main.output), reached(rest.output)];
  expect([first.tested, second.tested]).toEqual([first.selected, second.selected]);
  expect(first.selected + second.selected).toBe(first.all);
  await stack.healthy();
});
