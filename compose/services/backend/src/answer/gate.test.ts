import { describe, expect, it } from 'vitest';
import { promising } from './gate.ts';

const sentence = (passage: number, coverage: number, length: number) => ({
  candidate: { passage, start: 0, end: length },
  coverage,
  text: 'x'.repeat(length),
});

describe('the sentences that are embedded for an answer', () => {
  it('are those that hold more of the question’s words, of passages found first', () => {
    const all = [sentence(7, 0.1, 50), sentence(0, 0.1, 50), sentence(3, 0.9, 50)];
    expect(promising(all, 8)).toEqual([all[2], all[1], all[0]]);
  });
  it('are bounded in number', () => {
    const all = Array.from({ length: 100 }, (_, at) => sentence(at % 8, 0.5, 20));
    expect(promising(all, 8).length).toBeLessThanOrEqual(20);
  });
  it('are bounded in length together, so that long ones do not hold up the first word', () => {
    const all = Array.from({ length: 20 }, (_, at) => sentence(at % 8, 0.5, 700));
    const chosen = promising(all, 8);
    expect(chosen.length).toBeGreaterThan(0);
    expect(chosen.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(1500);
  });
  it('make way for shorter ones where the room is short, but the best is always one of them', () => {
    const best = sentence(0, 1, 1400);
    const long = sentence(1, 0.9, 600);
    const short = sentence(2, 0.8, 60);
    expect(promising([long, short, best], 8)).toEqual([best, short]);
    expect(promising([sentence(0, 1, 9000)], 8)).toHaveLength(1);
  });
});
