import { describe, expect, it } from 'vitest';
import { toMarkdown, withResults } from './bench.mjs';

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
});
