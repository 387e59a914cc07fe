/** Plain text to blocks: an empty line ends a paragraph; nothing else is guessed. */
import { cleanText, createTextBuilder, type Extracted } from './extracted.ts';

export function extractPlainText(source: string, fallbackTitle: string): Extracted {
  const builder = createTextBuilder();
  for (const paragraph of cleanText(source).split(/\n[ \t]*\n+/)) builder.block('paragraph', paragraph);
  return builder.build(fallbackTitle, fallbackTitle, null);
}
