import { describe, expect, it } from 'vitest';
import { toProblem } from '../../shared/model/problem.ts';
import { assertNoCycle, reverse, runInOrder, withDependencies } from './graph.ts';

const graph = new Map([
  ['web', ['api']],
  ['api', ['db', 'cache']],
  ['db', []],
  ['cache', []],
]);

describe('the order among services', () => {
  it('names the whole cycle', () => {
    const cycle = new Map([
      ['x', ['a']],
      ['a', ['b']],
      ['b', ['a']],
    ]);
    try {
      assertNoCycle(cycle);
      expect.unreachable();
    } catch (error) {
      expect(toProblem(error).cause).toContain('a -> b -> a');
    }
  });

  it('knows what is before and behind', () => {
    expect([...withDependencies(graph, ['api'])].sort()).toEqual(['api', 'cache', 'db']);
    expect(reverse(graph).get('db')).toEqual(['api']);
  });

  it('runs what it can in parallel and waits for the rest', async () => {
    const log: string[] = [];
    await runInOrder(graph, async (name) => {
      log.push(`${name} begins`);
      await Promise.resolve();
      log.push(`${name} ends`);
    });
    expect(log.indexOf('cache begins')).toBeLessThan(log.indexOf('db ends'));
    expect(log.indexOf('api begins')).toBeGreaterThan(Math.max(log.indexOf('db ends'), log.indexOf('cache ends')));
    expect(log.at(-1)).toBe('web ends');
  });

  it('goes on after a failure and tells the first', async () => {
    const ran: string[] = [];
    const all = runInOrder(graph, async (name) => {
      ran.push(name);
      if (name === 'db') throw new Error('no db');
    });
    await expect(all).rejects.toThrow('no db');
    expect(ran.sort()).toEqual(['api', 'cache', 'db', 'web']);
  });
});
