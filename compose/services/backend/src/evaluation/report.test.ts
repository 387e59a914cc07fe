import { describe, expect, it } from 'vitest';
import { findPlaces } from './relevance.ts';
import { type EvalResult, reportOf } from './report.ts';
import { evalItem } from './schemas.ts';

const passage = (sourceName: string, headingPath: string[], text: string) => ({ sourceName, headingPath, text });

describe('what a question expects', () => {
  const passages = [
    passage('manuals/handbook.md', ['Handbook', 'Secrets'], 'Each one holds\n  32 random bytes.'),
    passage('manuals/handbook.md', ['Handbook', 'Limits'], 'Up to 50 MB.'),
    passage('other/handbook.md', ['Limits'], 'Up to 70 MB.'),
  ];
  it.each([
    [{ source: 'manuals/handbook.md' }, 1],
    [{ source: 'handbook.md', heading: 'Limits' }, 2],
    [{ source: 'other/handbook.md', heading: 'Limits' }, 3],
    [{ source: 'handbook.md', text: 'holds 32 random   bytes' }, 1],
    [{ source: 'handbook.md', heading: 'Limits', text: '70 MB' }, 3],
    [{ source: 'Handbook.md' }, null],
    [{ source: 'book.md' }, null],
    [{ source: 'handbook.md', heading: 'limits' }, null],
    [{ source: 'handbook.md', text: '33 random' }, null],
  ])('%j is found at %j', (expected, rank) => {
    expect(findPlaces(passages, [expected])).toEqual([rank]);
  });
  it('has places when it can be answered, and none when it cannot', () => {
    const question = 'Why?';
    expect(evalItem.safeParse({ question, answerable: true, expected: [] }).success).toBe(false);
    expect(evalItem.safeParse({ question, answerable: false, expected: [{ source: 'a' }] }).success).toBe(false);
    expect(evalItem.safeParse({ question, answerable: false }).success).toBe(true);
    expect(evalItem.safeParse({ question: ' ', answerable: false }).success).toBe(false);
  });
});

describe('the report of a run', () => {
  const result = (answerable: boolean, abstained: boolean, hybrid: number | null, ms: number): EvalResult => ({
    question: 'q',
    answerable,
    abstained,
    ranks: { hybrid },
    top: [],
    modes: [{ mode: 'hybrid', foundAt: answerable ? [hybrid] : [], ms }],
  });
  const report = reportOf(
    [
      result(true, false, 1, 4),
      result(true, false, 6, 2),
      result(true, true, null, 3),
      result(true, false, 2, 1),
      result(false, true, null, 10),
      result(false, false, null, 20),
    ],
    ['hybrid'],
  );
  it('averages over the answerable questions only', () => {
    const values = Object.fromEntries((report.modes[0]?.metrics ?? []).map(({ name, value }) => [name, value]));
    expect(values['recall@1']).toBe(0.25);
    expect(values['recall@5']).toBe(0.5);
    expect(values['recall@10']).toBe(0.75);
    // (1 + 1/log2(7) + 0 + 1/log2(3)) / 4 and (1 + 1/6 + 0 + 1/2) / 4
    expect(values['ndcg@10']).toBeCloseTo(0.496784, 5);
    expect(values['mrr@10']).toBeCloseTo(0.416667, 5);
    for (const { value, low, high } of report.modes[0]?.metrics ?? []) {
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
    }
  });
  it('times all searches, and counts abstentions by what would have been right', () => {
    expect(report.modes[0]).toMatchObject({ p50Ms: 3, p95Ms: 20 });
    expect(report.abstention).toEqual({ unanswerable: 2, abstained: 1, answerable: 4, wronglyAbstained: 1 });
  });
});
