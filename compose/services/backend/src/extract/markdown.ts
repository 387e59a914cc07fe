/** Markdown to blocks. Marks are dropped, words are kept as written; front matter is not text. */
import type { Nodes, RootContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { toString as textOf } from 'mdast-util-to-string';
import { gfm } from 'micromark-extension-gfm';
import { createTextBuilder, type Extracted } from './extracted.ts';

const frontMatter = /^\uFEFF?---\r?\n([\s\S]{0,20000}?)\r?\n---\r?\n/;

export function extractMarkdown(source: string, fallbackTitle: string): Extracted {
  const matter = frontMatter.exec(source);
  const title = /^title:\s*["']?(.+?)["']?\s*$/m.exec(matter?.[1] ?? '')?.[1] ?? null;
  const tree = fromMarkdown(matter === null ? source : source.slice(matter[0].length), {
    extensions: [gfm()],
    mdastExtensions: [gfmFromMarkdown()],
  });
  const builder = createTextBuilder();
  const walk = (node: RootContent): void => {
    switch (node.type) {
      case 'heading':
        builder.heading(node.depth, textOf(node));
        return;
      case 'code':
        builder.block('code', node.value);
        return;
      case 'list':
        for (const item of node.children) {
          const [first, ...rest] = item.children;
          if (first !== undefined && first.type === 'paragraph') builder.block('item', textOf(first));
          else if (first !== undefined) walk(first);
          for (const child of rest) walk(child);
        }
        return;
      case 'table':
        for (const row of node.children)
          builder.block('row', row.children.map((cell: Nodes) => textOf(cell)).join(' | '));
        return;
      case 'blockquote':
      case 'footnoteDefinition':
        for (const child of node.children) walk(child);
        return;
      case 'html':
      case 'definition':
      case 'thematicBreak':
        return;
      default:
        builder.block('paragraph', textOf(node));
    }
  };
  for (const node of tree.children) walk(node);
  return builder.build(fallbackTitle, title, null);
}
