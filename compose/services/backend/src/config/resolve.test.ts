import { describe, expect, it } from 'vitest';
import { configNames, envNameOf } from './keys.ts';
import { commandLineLayer, resolve } from './resolve.ts';

const nothing = { commandLine: {}, environment: {}, envFile: {}, database: {} };
const name = 'retrieval.topK';
const env = 'RAG_RETRIEVAL_TOP_K';

describe('where a setting comes from', () => {
  it.each([
    ['default', {}, 8],
    ['database', { database: { [name]: 9 } }, 9],
    ['env-file', { database: { [name]: 9 }, envFile: { [env]: '10' } }, 10],
    ['environment', { database: { [name]: 9 }, envFile: { [env]: '10' }, environment: { [env]: '11' } }, 11],
    ['command-line', { environment: { [env]: '11' }, commandLine: { [name]: '12' } }, 12],
    // Compose hands an unset variable on as an empty one.
    ['database', { database: { [name]: 9 }, environment: { [env]: '' } }, 9],
  ] as const)('%s', (source, layers, value) => {
    const resolved = resolve({ ...nothing, ...layers });
    expect([resolved.sources[name], resolved.values[name]]).toEqual([source, value]);
    expect(resolved.bad).toEqual([]);
  });

  it.each([
    ['a word', { environment: { [env]: 'many' } }],
    ['too much', { database: { [name]: 5000 } }],
    ['a list', { environment: { [env]: '[8]' } }],
    ['null', { database: { [name]: null } }],
  ])('passes over what does not fit and says so: %s', (_what, layers) => {
    const resolved = resolve({ ...nothing, ...layers });
    expect([resolved.sources[name], resolved.values[name]]).toEqual(['default', 8]);
    expect(resolved.bad).toMatchObject([{ key: name }]);
  });

  it('is frozen', () => {
    const { values } = resolve(nothing);
    expect(Object.isFrozen(values)).toBe(true);
  });

  it('names every key once in the environment', () => {
    expect(new Set(configNames.map(envNameOf)).size).toBe(configNames.length);
    expect(envNameOf('ingest.maxFileMb')).toBe('RAG_INGEST_MAX_FILE_MB');
  });
});

describe('the command line', () => {
  it('takes keys in both spellings, the last one counts', () => {
    expect(
      commandLineLayer(['--set', 'retrieval.topK=3', '--set=log.level=debug', '--set', 'retrieval.topK=4']),
    ).toEqual({
      'retrieval.topK': '4',
      'log.level': 'debug',
    });
  });
  it.each([[['--set']], [['--set', 'nope=1']], [['--set', 'retrieval.topK']], [['--loud']]])('refuses %j', (argv) => {
    expect(() => commandLineLayer(argv)).toThrow(/command line/);
  });
});
