/** HTML to blocks. Scripts never run; what a reader would not see (hidden, navigation) is not text. */
import { parseHTML } from 'linkedom';
import { createTextBuilder, type Extracted } from './extracted.ts';

const skipped = new Set(
  'SCRIPT STYLE NOSCRIPT TEMPLATE NAV HEADER FOOTER ASIDE FORM BUTTON SELECT SVG CANVAS IFRAME OBJECT VIDEO AUDIO HEAD'.split(
    ' ',
  ),
);
const blocks = new Set(
  'P DIV SECTION ARTICLE MAIN BODY UL OL LI DL DT DD TABLE THEAD TBODY TFOOT TR TD TH PRE BLOCKQUOTE FIGURE FIGCAPTION H1 H2 H3 H4 H5 H6 HR DETAILS SUMMARY ADDRESS'.split(
    ' ',
  ),
);
/** Deeper nesting than any page a person writes; guards the stack. */
const maxDepth = 200;

function hidden(element: Element): boolean {
  if (element.hasAttribute('hidden') || element.getAttribute('aria-hidden') === 'true') return true;
  const style = element.getAttribute('style') ?? '';
  return /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])/i.test(style);
}

export function extractHtml(source: string, fallbackTitle: string): Extracted {
  const { document } = parseHTML(/<html[\s>]/i.test(source) ? source : `<html><body>${source}</body></html>`);
  const builder = createTextBuilder();
  let inline = '';
  const flush = (kind: 'paragraph' | 'item' = 'paragraph'): void => {
    if (inline.trim() !== '') builder.block(kind, inline);
    inline = '';
  };
  const visibleText = (element: Element, depth = 0): string => {
    let text = '';
    for (const node of Array.from(element.childNodes)) {
      if (node.nodeType === 3) text += node.textContent ?? '';
      if (node.nodeType !== 1 || depth > maxDepth) continue;
      const child = node as Element;
      const tag = child.tagName.toUpperCase();
      if (skipped.has(tag) || hidden(child)) continue;
      text +=
        tag === 'BR' ? ' ' : blocks.has(tag) ? ` ${visibleText(child, depth + 1)} ` : visibleText(child, depth + 1);
    }
    return text;
  };
  const walk = (element: Element, kind: 'paragraph' | 'item', depth: number): void => {
    for (const node of Array.from(element.childNodes)) {
      if (node.nodeType === 3) {
        inline += node.textContent ?? '';
        continue;
      }
      if (node.nodeType !== 1 || depth > maxDepth) continue;
      const child = node as Element;
      const tag = child.tagName.toUpperCase();
      if (skipped.has(tag) || hidden(child)) continue;
      const level = /^H([1-6])$/.exec(tag)?.[1];
      if (level !== undefined) {
        flush(kind);
        builder.heading(Number(level), visibleText(child));
      } else if (tag === 'PRE') {
        flush(kind);
        builder.block('code', child.textContent ?? '');
      } else if (tag === 'TR') {
        flush(kind);
        const cells = Array.from(child.children).map((cell) => visibleText(cell).replace(/\s+/g, ' ').trim());
        builder.block('row', cells.join(' | '));
      } else if (blocks.has(tag)) {
        flush(kind);
        const inner = tag === 'LI' || tag === 'DD' || tag === 'DT' ? 'item' : kind;
        walk(child, inner, depth + 1);
        flush(inner);
      } else if (tag === 'BR') {
        inline += ' ';
      } else if (child.querySelector('p,div,ul,ol,table,h1,h2,h3,pre') !== null) {
        walk(child, kind, depth + 1);
      } else {
        inline += visibleText(child);
      }
    }
  };
  const root = document.querySelector('main') ?? document.querySelector('article') ?? document.body;
  if (root !== null) walk(root as unknown as Element, 'paragraph', 0);
  flush();
  return builder.build(fallbackTitle, document.querySelector('title')?.textContent ?? null, null);
}
