/** Draws a language model's Markdown: no raw HTML, no images, links that only ask. Loaded with the first such answer. */
import { type ComponentProps, Fragment, memo, type ReactNode, useMemo, useRef } from 'react';
import { CodeBlock } from '../../ui/code-block.tsx';
import { cx } from '../../ui/cx.ts';
import { markHidden } from '../../ui/plain-text.ts';
import { type Mark, type MarkedText, markExactly, markLikely, restoreMarks } from './answer-marks.ts';
import { Cited } from './citation.tsx';
import { type MarkdownNode, parseMarkdown, webAddress } from './markdown.ts';
import css from './markdown-view.module.css';
import { cutSegments, noSegments, segmentsOf } from './segments.ts';

type CiteProps = Pick<ComponentProps<typeof Cited>, 'sources' | 'onOpen'>;
interface Context extends CiteProps {
  readonly marks: readonly Mark[];
  /** Asks whether to open it. */
  readonly onLink: (url: string) => void;
}
type Draw = (node: MarkdownNode, context: Context) => ReactNode;

const inside: Draw = ({ children }, context) => drawAll(children, context);
const plain = (node: MarkdownNode): string =>
  node.children.length === 0 ? node.token.content : node.children.map(plain).join('');

const heading: Draw = (node, context) => {
  // The answer stands below the page's own headings.
  const Tag = node.token.tag === 'h1' || node.token.tag === 'h2' ? 'h3' : 'h4';
  return <Tag>{inside(node, context)}</Tag>;
};

const code: Draw = ({ token }, { marks }) => {
  const text = markHidden(restoreMarks(token.content, marks).replace(/\n$/, ''));
  const language = markHidden(restoreMarks(token.info, marks)).trim().split(/\s+/)[0]?.slice(0, 30) ?? '';
  return <CodeBlock title={language === '' ? 'Code' : language} text={text} />;
};

const link: Draw = (node, context) => {
  const href = restoreMarks(String(node.token.attrGet('href') ?? ''), context.marks);
  const address = webAddress(href);
  if (address === null) {
    return (
      <>
        {inside(node, context)} <span className={css.host}>({markHidden(href.slice(0, 80))}, not a web address)</span>
      </>
    );
  }
  // A citation within a link would be a button within a button.
  const words = markHidden(restoreMarks(plain(node), context.marks)).trim();
  return (
    <button
      type="button"
      className={css.link}
      aria-haspopup="dialog"
      title={address.url}
      onClick={() => context.onLink(address.url)}
    >
      <span className={css.linkWords}>{words === '' ? address.host : words}</span>
      <span className={css.host}>({address.host})</span>
    </button>
  );
};

const image: Draw = (node, { marks }) => {
  const address = webAddress(restoreMarks(String(node.token.attrGet('src') ?? ''), marks));
  const words = markHidden(restoreMarks(plain(node), marks)).trim();
  return (
    <span className={css.image}>
      {`Image not loaded${words === '' ? '' : `: ${words}`}${address === null ? '' : ` (${address.host})`}`}
    </span>
  );
};

const cell =
  (Tag: 'th' | 'td'): Draw =>
  (node, context) => {
    const align = /text-align:(left|center|right)/.exec(String(node.token.attrGet('style') ?? ''))?.[1] as
      | 'left'
      | 'center'
      | 'right'
      | undefined;
    return <Tag className={align === undefined ? undefined : css[align]}>{inside(node, context)}</Tag>;
  };

/** Everything that is drawn; a kind that is not here shows what it holds. */
const kinds: Readonly<Record<string, Draw>> = {
  paragraph_open: (node, context) => (node.token.hidden ? inside(node, context) : <p>{inside(node, context)}</p>),
  heading_open: heading,
  blockquote_open: (node, context) => <blockquote>{inside(node, context)}</blockquote>,
  bullet_list_open: (node, context) => <ul>{inside(node, context)}</ul>,
  ordered_list_open: (node, context) => (
    <ol start={Number(node.token.attrGet('start') ?? 1)}>{inside(node, context)}</ol>
  ),
  list_item_open: (node, context) => <li>{inside(node, context)}</li>,
  hr: () => <hr />,
  fence: code,
  code_block: code,
  table_open: (node, context) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table is scrolled by keyboard too
    <section className={css.table} aria-label="Table" tabIndex={0}>
      <table>{inside(node, context)}</table>
    </section>
  ),
  thead_open: (node, context) => <thead>{inside(node, context)}</thead>,
  tbody_open: (node, context) => <tbody>{inside(node, context)}</tbody>,
  tr_open: (node, context) => <tr>{inside(node, context)}</tr>,
  th_open: cell('th'),
  td_open: cell('td'),
  strong_open: (node, context) => <strong>{inside(node, context)}</strong>,
  em_open: (node, context) => <em>{inside(node, context)}</em>,
  s_open: (node, context) => <s>{inside(node, context)}</s>,
  link_open: link,
  image,
  code_inline: ({ token }, { marks }) => <code>{markHidden(restoreMarks(token.content, marks))}</code>,
  softbreak: () => '\n',
  hardbreak: () => <br />,
  inline: inside,
  text: ({ token }, { marks, sources, onOpen }) => (
    <Cited text={token.content} marks={marks} sources={sources} onOpen={onOpen} />
  ),
};

function drawAll(nodes: readonly MarkdownNode[], context: Context): ReactNode {
  return nodes.map((node, index) => {
    const draw = kinds[node.token.type];
    // biome-ignore lint/suspicious/noArrayIndexKey: blocks only grow at the end
    return <Fragment key={index}>{draw === undefined ? restOf(node, context) : draw(node, context)}</Fragment>;
  });
}

function restOf(node: MarkdownNode, context: Context): ReactNode {
  return node.children.length > 0
    ? drawAll(node.children, context)
    : markHidden(restoreMarks(node.token.content, context.marks));
}

function Parsed({ marked, ...context }: { readonly marked: MarkedText } & Omit<Context, 'marks'>): ReactNode {
  const tree = useMemo(() => parseMarkdown(marked.text), [marked.text]);
  return drawAll(tree, { ...context, marks: marked.marks });
}

/** A part that will not change any more is neither read nor drawn again. */
const Segment = memo(function Segment({
  text,
  known,
  ...context
}: { readonly text: string; readonly known: ReadonlySet<number> } & Omit<Context, 'marks'>): ReactNode {
  return <Parsed marked={useMemo(() => markLikely(text, known), [text, known])} {...context} />;
});

export interface MarkdownViewProps extends CiteProps {
  readonly text: string;
  /** null while the answer is written, or when it broke off: its marks are found by the numbers of its sources. */
  readonly citations: Parameters<typeof markExactly>[1] | null;
  readonly streaming: boolean;
  readonly onLink: (url: string) => void;
}

export function MarkdownView({ text, citations, streaming, ...context }: MarkdownViewProps): ReactNode {
  const known = useMemo(() => new Set(context.sources.keys()), [context.sources]);
  const cut = useRef(noSegments);
  const whole = useMemo(() => (citations === null ? null : markExactly(text, citations)), [text, citations]);
  if (whole !== null) {
    return (
      <div className={css.markdown}>
        <Parsed marked={whole} {...context} />
      </div>
    );
  }
  cut.current = cutSegments(cut.current, text);
  return (
    <div className={cx(css.markdown, streaming && css.streaming)}>
      {segmentsOf(cut.current).map((segment, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts only grow at the end
        <Segment key={index} text={segment} known={known} {...context} />
      ))}
    </div>
  );
}
