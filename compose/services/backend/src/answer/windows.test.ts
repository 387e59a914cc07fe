import { describe, expect, it } from 'vitest';
import { BackendProblem } from '../http/problem.ts';
import { mayFallBack } from './fallback.ts';
import type { ModelService } from './port.ts';
import type { RemoteProviderName } from './provider-names.ts';
import { createPulls } from './pulls.ts';
import { createWindows } from './windows.ts';

const { signal } = new AbortController();
function service(name: RemoteProviderName, told: () => number | null): ModelService & { asked: number } {
  return {
    name,
    model: 'tiny',
    asked: 0,
    async *stream() {},
    models: async () => [],
    async contextTokens() {
      this.asked += 1;
      return told();
    },
  };
}

describe('the window of a model', () => {
  it.each([
    ['openai-compatible', 4096, null, 4096],
    ['openai-compatible', 4096, 1024, 1024],
    ['openai-compatible', null, null, 8192],
    ['anthropic', 200_000, null, 200_000],
    // What it could take is not what there is memory for.
    ['ollama', 131_072, null, 8192],
    ['ollama', 131_072, 32_768, 32_768],
    ['ollama', 2048, 32_768, 2048],
  ] as const)('%s that tells %s with %s by the owner: %i', async (name, told, own, expected) => {
    const at = { baseUrl: 'http://a', own, usual: 8192 };
    expect(
      await createWindows().of(
        service(name, () => told),
        at,
        signal,
      ),
    ).toBe(expected);
  });

  it('is asked once in a while, not for every question, also when the service does not answer', async () => {
    let clock = 0;
    const windows = createWindows(() => clock);
    const at = { baseUrl: 'http://a', own: null, usual: 8192 };
    const good = service('openai-compatible', () => 4096);
    await windows.of(good, at, signal);
    await windows.of(good, at, signal);
    expect(good.asked).toBe(1);
    const away = service('anthropic', () => {
      throw new BackendProblem('provider-unreachable', 'away');
    });
    expect(await windows.of(away, at, signal)).toBe(8192);
    await windows.of(away, at, signal);
    expect(away.asked).toBe(1);
    clock = 3_600_000;
    await windows.of(good, at, signal);
    expect(good.asked).toBe(2);
    windows.learn(good, 'http://a', [{ id: 'tiny', contextTokens: 512, bytes: null }]);
    expect(await windows.of(good, at, signal)).toBe(512);
  });

  it('does not keep a stopped question waiting', async () => {
    const stopped = AbortSignal.abort(new DOMException('stopped', 'AbortError'));
    const away = service('openai-compatible', () => {
      throw new Error('aborted');
    });
    const at = { baseUrl: 'http://b', own: null, usual: 8192 };
    await expect(createWindows().of(away, at, stopped)).rejects.toMatchObject({ name: 'AbortError' });
  });
});

it('a fallback goes further away only when the owner allows it', () => {
  expect([true, false].map((near) => [false, true].map((allowed) => mayFallBack({ near }, allowed)))).toEqual([
    [true, true],
    [false, true],
  ]);
});

describe('a model on its way', () => {
  const memory = () => {
    const held = new Map<string, Buffer>();
    return {
      getMany: async (keys: readonly string[]) => ({
        values: keys.map((key) => held.get(key) ?? null),
        reachable: true,
      }),
      setMany: async (entries: readonly { key: string; value: Buffer }[]) => {
        for (const { key, value } of entries) held.set(key, value);
      },
    };
  };
  it('can be followed at every replica, is not fetched twice at once, and says why it failed', async () => {
    let go: () => void = () => undefined;
    const gate = new Promise<void>((open) => {
      go = open;
    });
    let begun = 0;
    const ollama = async () => ({
      ...service('ollama', () => null),
      async *pull() {
        begun += 1;
        yield { status: 'pulling', completedBytes: 4, totalBytes: 10 };
        await gate;
        throw new BackendProblem('provider-error', 'no room');
      },
    });
    const cache = memory();
    const [here, there] = [createPulls(cache, { ollama }), createPulls(cache, { ollama })];
    await expect(here.get('gemma')).rejects.toMatchObject({ code: 'not-found' });
    expect(await here.start('gemma')).toMatchObject({ state: 'running' });
    await expect.poll(() => there.get('gemma')).toMatchObject({ state: 'running', completedBytes: 4, totalBytes: 10 });
    expect(await there.start('gemma')).toMatchObject({ state: 'running' });
    expect(begun).toBe(1);
    go();
    await expect
      .poll(() => there.get('gemma'))
      .toMatchObject({ state: 'failed', problem: { code: 'provider-error', detail: 'no room' } });
  });
});
