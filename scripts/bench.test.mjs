import { describe, expect, it } from 'vitest';
import { merged, tablesIn, toMarkdown, withResults } from './bench.mjs';

describe('the results of a benchmark', () => {
  const table = toMarkdown({ title: 'T', columns: ['', 'ours'], rows: [['start', '5 ms']], note: 'N.' });

  it('are a table', () => expect(table).toBe('### T\n\n|  | ours |\n| --- | --- |\n| start | 5 ms |\n\nN.\n'));

  it('replace the last ones and leave the rest alone', () => {
    const once = withResults('# Benchmarks\n\nWords.\n', 'first');
    expect(once).toContain('Words.\n\n<!-- results');
    const twice = withResults(`${once}\nAfter.\n`, 'second');
    expect(twice).toContain('second');
    expect(twice).not.toContain('first');
    expect(twice).toContain('\nAfter.\n');
    expect(withResults(twice, 'second')).toBe(twice);
  });

  it('keep the tables that were not measured again, in their places', () => {
    const one = { title: 'One', markdown: '### One\n\nold\n' };
    const two = { title: 'Two', markdown: '### Two\n\nold\n' };
    const text = withResults('Words.\n', `## Last results\n\n${one.markdown}\n${two.markdown}`);
    expect(tablesIn(text)).toEqual([one, two]);
    expect(tablesIn('Words.\n')).toEqual([]);
    const three = { title: 'Three', markdown: '### Three\n\nnew\n' };
    const newOne = { title: 'One', markdown: '### One\n\nnew\n' };
    expect(merged([one, two], [three, newOne])).toEqual([newOne, two, three]);
  });
});
