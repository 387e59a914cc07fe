/** Manuals as their packages hold them (HTML, POD) to Markdown, section by section. Enough for manuals; no browser. */

export interface Section {
  /** 1 to 6; 0 for what stands before the first heading. */
  readonly level: number;
  readonly heading: string;
  /** Markdown blocks. */
  readonly blocks: readonly string[];
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  mdash: '—',
  ndash: '–',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  hellip: '…',
};
const decoded = (text: string): string =>
  text.replace(/&(?:#(\d{1,6})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return entities[String(name).toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code < 0x110000 ? String.fromCodePoint(code) : ' ';
  });

const folded = (text: string): string =>
  decoded(text)
    .replace(/[¶]|&para;/g, '')
    .replace(/\s+/g, ' ')
    .trim();

/** Where the text of a page begins and ends, by what the manuals' makers write around it; the first that is there. */
const frames: readonly (readonly [string, string])[] = [
  ['<div class="body" role="main">', '<div class="clearer">'],
  ['<div id="page-content">', '<div class="bottomlang">'],
  ['<body', '</body>'],
];

function framed(html: string): string {
  for (const [opens, closes] of frames) {
    const from = html.indexOf(opens);
    if (from < 0) continue;
    const to = html.indexOf(closes, from);
    return html.slice(from, to < 0 ? undefined : to);
  }
  return html;
}

/** What is being read: a heading by its level. */
type Kind = 'p' | 'li' | 'pre' | 'dt' | number;

const unseen = /<(script|style|nav|head|noscript|select|form|svg)\b[\s\S]*?<\/\1>|<!--[\s\S]*?-->/gi;
const breaks = new Set('p div section ul ol dl dd dt li table tr blockquote hr h1 h2 h3 h4 h5 h6 pre body'.split(' '));

/**
 * Sections of an HTML page in order. Terms of definition lists that ask something (`<dt>…?</dt>`) count as headings,
 * and so do rows that DocBook marks as questions (`<tr class="question">`).
 * @param linkedTermsAsk whether such a term counts that is nothing but a link, as contents are made of
 */
export function htmlSections(source: string, linkedTermsAsk = true): Section[] {
  const sections: { level: number; heading: string; blocks: string[] }[] = [{ level: 0, heading: '', blocks: [] }];
  let text = '';
  /** What of `text` is in no link. */
  let unlinked = '';
  let linked = false;
  /** A question of which not all is read; null outside of one. */
  let asking: string | null = null;
  let block: Kind = 'p';
  const flush = (): void => {
    const raw = text;
    const asks = linkedTermsAsk || /\p{L}{2}/u.test(unlinked);
    text = '';
    unlinked = '';
    const said = block;
    block = 'p';
    if (folded(raw) === '') return;
    const words = folded(raw);
    if (asking !== null) asking += words === 'Q:' ? '' : ` ${words}`;
    else if (typeof said === 'number' || (said === 'dt' && words.endsWith('?') && asks))
      sections.push({ level: typeof said === 'number' ? said : 6, heading: words, blocks: [] });
    else if (said === 'pre')
      sections.at(-1)?.blocks.push(
        `~~~~\n${decoded(raw)
          .replaceAll('~~~~', '')
          .replace(/^\n+|\s+$/g, '')}\n~~~~`,
      );
    else
      sections.at(-1)?.blocks.push(said === 'li' ? `- ${words}` : words.replace(/^(#{1,6} |[-+*>] |\d+\. )/, '\\$1'));
  };
  for (const [token, closing, tag] of framed(source.replace(unseen, ' ')).matchAll(
    /<(\/?)([a-z][a-z0-9]*)\b[^>]*>|[^<]+|</gi,
  )) {
    if (tag === undefined) {
      text += token;
      if (!linked) unlinked += token;
      continue;
    }
    const name = tag.toLowerCase();
    if (name === 'a') linked = closing !== '/' && /\shref\s*=/i.test(token);
    if (name === 'br') text += block === 'pre' ? '\n' : ' ';
    if (!breaks.has(name) || (block === 'pre' && name !== 'pre')) continue;
    const was: Kind = block;
    flush();
    if (name === 'tr') {
      if (asking !== null) sections.push({ level: 6, heading: asking.trim(), blocks: [] });
      asking = closing !== '/' && /\sclass="question"/.test(token) ? '' : null;
    }
    const heading = /^h([1-6])$/.exec(name)?.[1];
    if (closing === '/') continue;
    if (heading !== undefined) block = Number(heading);
    else if (name === 'pre') block = 'pre';
    else if (name === 'li') block = 'li';
    else if (name === 'dt') block = 'dt';
    // A paragraph just inside of a list item or a heading is that item, that heading.
    else if (name === 'p' && (was === 'li' || typeof was === 'number') && text === '') block = was;
  }
  flush();
  return sections;
}

/** Perl's own format (perlpod). */
export function podSections(source: string): Section[] {
  const sections: { level: number; heading: string; blocks: string[] }[] = [{ level: 0, heading: '', blocks: [] }];
  const plain = (text: string): string => {
    let out = text.replace(/X<[^<>]*>/g, '');
    for (let round = 0; round < 4; round += 1)
      out = out
        .replace(
          /E<(lt|gt|sol|verbar)>/g,
          (_, name) => ({ lt: '&lt;', gt: '&gt;', sol: '/', verbar: '|' })[String(name)] ?? '',
        )
        .replace(/L<([^<>|]*)\|[^<>]*>/g, '$1')
        .replace(/[A-Z]<<+ ([\s\S]*?) >>+/g, '$1')
        .replace(/[A-Z]<([^<>]*)>/g, '$1');
    return folded(out);
  };
  for (const paragraph of source.split(/\n[ \t]*\n/)) {
    const heading = /^=head([1-6])\s+([\s\S]*)/.exec(paragraph.trimStart());
    if (heading !== null)
      sections.push({ level: Number(heading[1]), heading: plain(heading[2]?.split(/\nX</)[0] ?? ''), blocks: [] });
    else if (/^\s*=(item)\b/.test(paragraph))
      sections.at(-1)?.blocks.push(`- ${plain(paragraph.replace(/^\s*=item/, ''))}`);
    else if (/^\s*=/.test(paragraph) || paragraph.trim() === '') continue;
    else if (/^[ \t]/.test(paragraph)) sections.at(-1)?.blocks.push(`~~~~\n${paragraph.replaceAll('~~~~', '')}\n~~~~`);
    else sections.at(-1)?.blocks.push(plain(paragraph));
  }
  return sections;
}
