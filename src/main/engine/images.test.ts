import fc from 'fast-check';
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
  function pull() {
    const progress = createPullProgress();
    const say = (id: string, status: string, current?: number, total?: number) =>
      progress({ id, status, progressDetail: current === undefined ? {} : { current, total: total ?? 0 } });
    return say;
  }

  it('adds the layers up, and has a length once every size is known', () => {
    const say = pull();
    expect(say('17', 'Pulling from library/x')).toMatchObject({ doneBytes: 0, totalBytes: null });
    say('a', 'Pulling fs layer');
    say('b', 'Pulling fs layer');
    expect(say('c', 'Already exists')).toMatchObject({ status: 'Downloading, 1 of 3 layers', totalBytes: null });
    expect(say('a', 'Downloading', 10, 100)).toMatchObject({ doneBytes: 10, totalBytes: null });
    expect(say('b', 'Downloading', 50, 300)).toMatchObject({ doneBytes: 60, totalBytes: 400 });
    expect(say('a', 'Download complete')).toMatchObject({ status: 'Downloading, 2 of 3 layers', doneBytes: 150 });
    expect(say('a', 'Extracting', 5, 100)).toMatchObject({ status: 'Downloading, 2 of 3 layers', doneBytes: 150 });
    const unpacking = { status: 'Unpacking, 1 of 3 layers', doneBytes: 400, totalBytes: 400 };
    expect(say('b', 'Verifying Checksum')).toEqual(unpacking);
    expect(say('a', 'Pull complete')).toEqual({ ...unpacking, status: 'Unpacking, 2 of 3 layers' });
    expect(say('b', 'Pull complete')).toEqual({ ...unpacking, status: 'Unpacked' });
    expect(say('', 'Status: Downloaded newer image for x')).toEqual({ ...unpacking, status: 'Unpacked' });
  });

  it('never goes back: a layer that starts over, a layer that turns up late', () => {
    const say = pull();
    say('a', 'Downloading', 90, 100);
    expect(say('a', 'Retrying in 5 seconds')).toMatchObject({ status: 'The registry broke off; trying again' });
    expect(say('a', 'Downloading', 10, 100)).toMatchObject({ doneBytes: 90, totalBytes: 100 });
    expect(say('b', 'Pulling fs layer')).toMatchObject({ doneBytes: 90, totalBytes: 100 });
  });

  it('takes an image that is here already as done, without bytes', () => {
    const say = pull();
    expect(say('a', 'Already exists')).toEqual({ status: 'Unpacked', doneBytes: 0, totalBytes: null });
  });

  it('only grows, whatever order an engine tells its layers in', () => {
    const statuses = ['Pulling fs layer', 'Waiting', 'Downloading', 'Verifying Checksum', 'Download complete'];
    const more = ['Extracting', 'Pull complete', 'Already exists', 'Retrying in 3 seconds'];
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            id: fc.constantFrom('a', 'b', 'c'),
            status: fc.constantFrom(...statuses, ...more),
            current: fc.nat(200),
            total: fc.constantFrom(0, 100),
          }),
          { maxLength: 60 },
        ),
        (messages) => {
          const say = pull();
          // An engine announces its layers first.
          for (const id of ['a', 'b', 'c']) say(id, 'Pulling fs layer');
          let fraction = 0;
          for (const { id, status, current, total } of messages) {
            const { doneBytes, totalBytes } = say(id, status, current, total);
            if (totalBytes === null) continue;
            expect(doneBytes).toBeLessThanOrEqual(totalBytes);
            expect(doneBytes / totalBytes).toBeGreaterThanOrEqual(fraction);
            fraction = doneBytes / totalBytes;
          }
        },
      ),
      { numRuns: 500 },
    );
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
