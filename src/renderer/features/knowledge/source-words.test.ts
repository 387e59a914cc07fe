import { describe, expect, it } from 'vitest';
import type { Source } from '../../../shared/model/knowledge.ts';
import { everyChoices, everyWords, reasonWords, sourceSaid, timesWords } from './source-words.ts';

const source = (more: Partial<Source> = {}): Source => ({
  id: 's1',
  kbId: 'k1',
  kind: 'folder',
  uri: '/harbour',
  name: 'harbour',
  everySeconds: 900,
  state: 'idle',
  error: null,
  items: 3,
  failedItems: 0,
  lastSyncAtMs: 0,
  nextSyncAtMs: 900_000,
  ...more,
});

it.each([
  [null, 'only when asked to'],
  [60, 'every minute'],
  [900, 'every 15 minutes'],
  [86_400, 'every day'],
  [1_209_600, 'every 2 weeks'],
  [61, 'every 61 seconds'],
])('%s seconds is %s', (seconds, words) => expect(everyWords(seconds)).toBe(words));

it('keeps an interval that is not among the usual ones', () => {
  expect(everyChoices(7200).map(({ label }) => label)).toContain('Every 2 hours');
  expect(everyChoices(900)).toHaveLength(6);
});

describe('what a source says', () => {
  it.each([
    [source({ lastSyncAtMs: null }), 'Not looked at yet'],
    [source(), 'Up to date'],
    [source({ state: 'paused' }), 'Paused'],
    [source({ state: 'paused', error: { code: 'too-many-changes', message: '' } }), 'Waits for your word'],
    [source({ state: 'failed', error: { code: 'source-unavailable', message: '' } }), 'Could not be read'],
  ])('%#', (one, word) => expect(sourceSaid(one).word).toBe(word));
  it('tells when it looks', () => {
    expect(timesWords(source(), 300_000)).toBe('Looked at 5 min ago, again in 10 min');
    expect(timesWords(source({ everySeconds: null, nextSyncAtMs: null, lastSyncAtMs: null }), 0)).toBe(
      'Again when you ask for it',
    );
    expect(timesWords(source({ state: 'paused' }), 300_000)).toBe('Looked at 5 min ago');
  });
});

it('leaves out what only programs can do', () => {
  expect(reasonWords('The folder is empty. Is it mounted? Synchronise with allowLarge to take it as it is.')).toBe(
    'The folder is empty. Is it mounted?',
  );
  expect(reasonWords('The folder is not there.')).toBe('The folder is not there.');
});
