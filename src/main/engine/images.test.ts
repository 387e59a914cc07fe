import { describe, expect, it } from 'vitest';
import { compareApi, negotiate } from './docker-engine.ts';
import { newestApi } from './engine-problems.ts';
import { pullQuery } from './images.ts';
import { createPullProgress } from './pull-progress.ts';
import { asEvent } from './streams.ts';

describe('names of images', () => {
  it.each([
    ['postgres:17', 'postgres', '17'],
    ['postgres', 'postgres', 'latest'],
    ['qdrant/qdrant:v1.16.3', 'qdrant/qdrant', 'v1.16.3'],
    ['localhost:5000/a/b', 'localhost:5000/a/b', 'latest'],
    ['localhost:5000/a/b:2', 'localhost:5000/a/b', '2'],
    ['redis@sha256:ab', 'redis', 'sha256:ab'],
  ])('%s', (ref, fromImage, tag) => {
    expect(pullQuery(ref)).toEqual({ fromImage, tag });
  });
});

describe('progress of a pull', () => {
  it('adds the layers up, first downloading, then extracting', () => {
    const progress = createPullProgress();
    const say = (id: string, status: string, current?: number, total?: number) =>
      progress({ id, status, progressDetail: current === undefined ? {} : { current, total: total ?? 0 } });
    expect(say('', 'Pulling from library/x')).toEqual({
      status: 'Pulling from library/x',
      doneBytes: 0,
      totalBytes: null,
    });
    expect(say('a', 'Downloading', 10, 100)).toEqual({ status: 'Downloading', doneBytes: 10, totalBytes: 100 });
    expect(say('b', 'Downloading', 50, 300)).toEqual({ status: 'Downloading', doneBytes: 60, totalBytes: 400 });
    expect(say('a', 'Download complete')).toMatchObject({ doneBytes: 150 });
    expect(say('a', 'Extracting', 5, 100)).toMatchObject({ status: 'Downloading', doneBytes: 150 });
    expect(say('b', 'Download complete')).toEqual({ status: 'Extracting', doneBytes: 5, totalBytes: 100 });
    expect(say('a', 'Pull complete')).toEqual({ status: 'Extracting', doneBytes: 100, totalBytes: 100 });
  });
});

describe('what the engine says of itself', () => {
  it.each([
    ['1.40', '1.12', { api: '1.40' }],
    ['1.41', '1.12', { api: '1.41' }],
    [newestApi, '1.12', { api: newestApi }],
    ['1.99', '1.44', { api: newestApi }],
    ['1.99', newestApi, { api: newestApi }],
    ['1.99', '1.90', 'too-new'],
    ['1.39', '1.12', 'too-old'],
    ['1.9', '1.1', 'too-old'],
    ['', '', 'too-old'],
  ])('an engine of API %s (from %s) is spoken to in %s', (max, min, agreed) => {
    expect(negotiate(max, min)).toEqual(agreed);
  });

  it('compares parts as numbers', () => {
    expect(compareApi('1.9', '1.41')).toBeLessThan(0);
    expect(compareApi('1.41', '1.41')).toBe(0);
  });

  it('reads an event, and survives one of another shape', () => {
    const raw = {
      Type: 'container',
      Action: 'health_status: unhealthy',
      Actor: { ID: 'abc', Attributes: { name: 'web' } },
      timeNano: 1_700_000_000_500_000_000,
    };
    expect(asEvent(raw)).toEqual({
      type: 'container',
      action: 'health_status',
      id: 'abc',
      attributes: { name: 'web', health: 'unhealthy' },
      atMs: 1_700_000_000_500,
    });
    expect(asEvent({ Actor: 7, time: 'x' })).toEqual({ type: '', action: '', id: '', attributes: {}, atMs: 0 });
  });
});
