import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { htmlSections, podSections } from '../../bench/rag/manual-text.ts';
import { manuals } from '../../bench/rag/manuals.ts';
import { bootstrap, ndcg, quantile, recall } from '../../bench/rag/measures.ts';
import { abstentionRows, sectionRank } from '../../bench/rag/quality.ts';
import { type BenchQuestion, type QuestionSets, readQuestionSet } from '../../bench/rag/question-set.ts';

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
  it('tells what asks from contents that link to it', () => {
    const html =
      '<dl><dt>Q: <a class="x" href="#a">Why is it so?</a></dt><dt>Is it <a href="#b">so</a>?</dt><dd>Yes.</dd></dl>';
    expect(htmlSections(html, false)).toEqual([
      { level: 0, heading: '', blocks: ['Q: Why is it so?'] },
      { level: 6, heading: 'Is it so?', blocks: ['Yes.'] },
    ]);
    expect(htmlSections(html).map(({ heading }) => heading)).toEqual(['', 'Q: Why is it so?', 'Is it so?']);
  });
  it('reads the rows of a table that DocBook makes of questions and answers', () => {
    const html = `<table><tr class="question"><td><a name="a"></a><p><b>Q:</b></p></td><td><p> Why is <b>it</b> so?</p>
      <p>And how?</p></td></tr><tr class="answer"><td><p>Because.</p></td></tr><tr><td>More</td></tr></table>`;
    expect(htmlSections(html).slice(1)).toEqual([
      { level: 6, heading: 'Why is it so? And how?', blocks: ['Because.', 'More'] },
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

describe('the question set', () => {
  const said = (of: string): string => `<p>${`What there is to say about ${of}. `.repeat(6)}</p>`;
  let folder = '';
  let sets: QuestionSets;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quayside-questions-'));
    const put = async (name: string, page: string, html: string): Promise<void> => {
      const manual = manuals.find((one) => one.name === name);
      await writeFile(join(folder, manual?.package ?? '', manual?.folder ?? '', page), `<body>${html}</body>`);
    };
    for (const manual of manuals) await mkdir(join(folder, manual.package, manual.folder), { recursive: true });
    await put('zsh', 'FAQ01.html', `<h1>Shell</h1><h2>1.1: What is a shell for?</h2>${said('shells')}`);
    await put('r', 'R-FAQ.html', `<h1>R</h1><h2>1.1 What is R used for?</h2>${said('R')}`);
    const asksAgain = `<h2>Again: a shell</h2><h3>What is a shell for?</h3>${said('shells once more')}`;
    const asks = `<h2>(FAQ 1a) How do I open a port?</h2>${said('ports')}`;
    await put('shorewall', 'FAQ.htm', `<h1>Wall</h1>${asks}${asksAgain}`);
    const contents = '<dl><dt><a href="#a">3. What is a UPS good for?</a></dt></dl>';
    await put('nut', 'FAQ.html', `<h1>Power</h1>${contents}<h2>3. What is a UPS good for?</h2>${said('power')}`);
    const left = `<h2>[A.1] How do I play chess?</h2>${said('chess')}<h2>[A.2] How do I open a port?</h2>${said('it')}`;
    await put('xboard', 'FAQ.html', `<h1>Chess</h1>${left}`);
    sets = await readQuestionSet(folder);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('keeps the manuals that nothing was tuned with apart from the others', () => {
    expect(sets.documents.map(({ source }) => source)).toEqual(['zsh/FAQ01.md']);
    expect(sets.questions.map(({ question, answerable }) => [question, answerable])).toEqual([
      ['What is a shell for?', true],
      ['What is R used for?', false],
    ]);
    expect(sets.questions.some(({ part }) => part === 'confirming')).toBe(false);
    expect(sets.confirming.documents.map(({ source }) => source)).toEqual(['shorewall/FAQ.md', 'nut/FAQ.md']);
    expect(new Set(sets.confirming.questions.map(({ part }) => part))).toEqual(new Set(['confirming']));
  });
  it('asks each question once, without its number, and of a manual that is left out only what no other answers', () => {
    expect(sets.confirming.questions.map(({ question, source, heading }) => [question, source, heading])).toEqual([
      ['How do I open a port?', 'shorewall/FAQ.md', 'Question 1'],
      ['What is a UPS good for?', 'nut/FAQ.md', 'Question 1'],
      ['How do I play chess?', '', ''],
    ]);
  });
  it('takes the wording of every question out of the pages, contents included', () => {
    for (const { text } of [...sets.documents, ...sets.confirming.documents])
      expect(text).not.toMatch(/good for\?|open a port\?|shell for\?/);
    expect(sets.confirming.documents[1]?.text).toContain('## Question 1\n\nWhat there is to say about power.');
  });
  it('says whose questions a share is of', () => {
    const asked = sets.confirming.questions.map((question) => ({ question, abstained: !question.answerable }));
    expect(abstentionRows(asked, 'theirs: ').map((row) => row.slice(0, 2))).toEqual([
      ['theirs: abstained, manuals that answer left out', '1'],
      ['theirs: abstained, answer is there', '2'],
    ]);
  });
});

describe('manuals to be read in and left out', () => {
  it('are of different packages, and each has a name of its own', () => {
    expect(new Set(manuals.map(({ name }) => name)).size).toBe(manuals.length);
    expect(new Set(manuals.map((manual) => manual.package)).size).toBe(manuals.length);
  });
});
