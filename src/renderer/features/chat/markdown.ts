/**
 * Answers of language models as Markdown, read into a tree. Raw HTML stays text, and addresses are only judged here:
 * nothing in an answer is ever loaded.
 */
import MarkdownIt, { type Token } from 'markdown-it';

export interface MarkdownNode {
  readonly token: Token;
  readonly children: readonly MarkdownNode[];
}

// Whoever draws a link judges its address; what is written is kept, so that marks in it can be turned back.
const reader = new MarkdownIt({ html: false, linkify: false, typographer: false });
reader.validateLink = () => true;
reader.normalizeLink = (url) => url;
reader.normalizeLinkText = (text) => text;

/** Opening and closing tokens as one node with what lies between. */
function treeOf(tokens: readonly Token[]): MarkdownNode[] {
  const root: MarkdownNode[] = [];
  const open: MarkdownNode[][] = [root];
  for (const token of tokens) {
    if (token.nesting < 0) {
      if (open.length > 1) open.pop();
      continue;
    }
    const children: MarkdownNode[] = token.children == null ? [] : treeOf(token.children);
    open.at(-1)?.push({ token, children });
    if (token.nesting > 0) open.push(children);
  }
  return root;
}

export function parseMarkdown(text: string): MarkdownNode[] {
  return treeOf(reader.parse(text, {}));
}

const maxAddressChars = 2000;

/** Where a link leads, when a browser may open it: the whole address and its host. null for any other kind of address. */
export function webAddress(href: string): { readonly url: string; readonly host: string } | null {
  const trimmed = href.trim();
  if (!/^https?:\/\//i.test(trimmed) || trimmed.length > maxAddressChars) return null;
  try {
    const { href: url, host } = new URL(trimmed);
    return host === '' || url.length > maxAddressChars ? null : { url, host };
  } catch {
    return null;
  }
}
