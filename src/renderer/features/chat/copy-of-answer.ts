/** An answer as text to paste elsewhere, with what it stands on. */
import type { Message } from '../../../shared/model/chat.ts';

/** The text as it was written, then the sources that it cites (all, when nothing is known of its citations). */
export function copyOfAnswer({ text, sources, citations }: Pick<Message, 'text' | 'sources' | 'citations'>): string {
  const cited = new Set(citations.map(({ n }) => n));
  const lines = sources
    .filter(({ n }) => cited.size === 0 || cited.has(n))
    .map(({ n, title, sourceName, page, headingPath }) =>
      [
        `[${n}] ${title}`,
        sourceName === title ? null : sourceName,
        page === null ? null : `page ${page}`,
        headingPath.at(-1) ?? null,
      ]
        .filter((part) => part !== null)
        .join(', '),
    );
  return lines.length === 0 ? text : `${text.trimEnd()}\n\nSources:\n${lines.join('\n')}\n`;
}
