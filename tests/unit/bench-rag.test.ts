import { describe, expect, it } from 'vitest';
import { htmlSections, podSections } from '../../bench/rag/manual-text.ts';
import { bootstrap, ndcg, quantile, recall } from '../../bench/rag/measures.ts';
import { sectionRank } from '../../bench/rag/quality.ts';
import type { BenchQuestion } from '../../bench/rag/question-set.ts';

/** nDCG by its definition, over graded gains (Järvelin and Kekäläinen), to hold the shortcut for one right answer to. */
function ndcgByDefinition(gains: readonly number[], ideal: readonly number[], cut: number): number {
  const dcg = (list: readonly number[]): number =>
    list.slice(0, cut).reduce((sum, gain, at) => sum + (2 ** gain - 1) / Math.log2(at + 2), 0);
  return dcg(gains) / dcg([...ideal].sort((a, b) => b - a));
}

describe('measures', () => {
  it('agrees with the definition at every rank', () => {
    for (let rank = 1; rank <= 15; rank += 1) {
      const gains = Array.from({ length: 20 }, (_, at) => (at === rank - 1 ? 1 : 0));
      expect(ndcg(rank, 10)).toBeCloseTo(ndcgByDefinition(gains, gains, 10), 12);
      expect(recall(rank, 10)).toBe(rank <= 10 ? 1 : 0);
    }
    expect([ndcg(null, 10), recall(null, 10)]).toEqual([0, 0]);
  });
  it('takes the nearest rank as a quantile', () => {
    const values = [5, 1, 4, 2, 3];
    expect([quantile(values, 0.5), quantile(values, 0.95), quantile(values, 0)]).toEqual([3, 5, 1]);
    expect(quantile([], 0.5)).toBeNaN();
  });
  it('gives the same interval every time, around the mean', () => {
    const values = Array.from({ length: 200 }, (_, at) => at % 2);
    const interval = bootstrap(values);
    expect(interval.mean).toBe(0.5);
    // The normal approximation says 0.5 ± 0.069.
    expect(interval.low).toBeCloseTo(0.431, 1);
    expect(interval.high).toBeCloseTo(0.569, 1);
    expect(bootstrap(values)).toEqual(interval);
  });
});

describe('sectionRank', () => {
  const question = { source: 'a.md', heading: 'Question 3' } as BenchQuestion;
  const hit = (sourceName: string, ...headingPath: string[]) => ({ sourceName, headingPath });
  it('counts sections, not passages', () => {
    const hits = [hit('a.md', 'Question 1'), hit('a.md', 'Question 1'), hit('b.md'), hit('a.md', 'Part', 'Question 3')];
    expect(sectionRank(hits, question)).toBe(3);
    expect(sectionRank(hits.slice(0, 3), question)).toBeNull();
  });
});

describe('manuals', () => {
  it('reads HTML by sections, questions in terms of lists among them', () => {
    const html = `<html><head><title>x</title></head><body><h1>FAQ <a>¶</a></h1><p>One &amp; two<br>three</p>
      <pre>a &lt; b\n  c</pre><ul><li><p>first</p></li><li>second</li></ul>
      <dl><dt>Why is it <code>so</code>?</dt><dd><p>Because.</p></dd></dl><script>no</script></body></html>`;
    expect(htmlSections(html)).toEqual([
      { level: 0, heading: '', blocks: [] },
      { level: 1, heading: 'FAQ', blocks: ['One & two three', '~~~~\na < b\n  c\n~~~~', '- first', '- second'] },
      { level: 6, heading: 'Why is it so?', blocks: ['Because.'] },
    ]);
  });
  it('reads POD by sections', () => {
    const pod =
      '=head1 NAME\n\nperlx - about C<< x->y >> and E<lt>z>\n\n=head2 How do I B<this>?\nX<index>\n\nWith L<that|http://x.y>.\n\n    my $code;\n\n=over 4\n\n=item * one\n\n=back\n\n=cut\n';
    expect(podSections(pod).slice(1)).toEqual([
      { level: 1, heading: 'NAME', blocks: ['perlx - about x->y and <z>'] },
      { level: 2, heading: 'How do I this?', blocks: ['With that.', '~~~~\n    my $code;\n~~~~', '- * one'] },
    ]);
  });
});
