import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configKeys } from '../config/keys.ts';
import { extractMarkdown } from '../extract/markdown.ts';
import { extractPlainText } from '../extract/plain-text.ts';
import { chunkDocument, embedTextOf } from './chunker.ts';
import { chunkLimitsOf } from './pipeline.ts';

const chunkLimits = chunkLimitsOf({
  'chunk.targetTokens': configKeys['chunk.targetTokens'].default,
  'chunk.overlapPct': configKeys['chunk.overlapPct'].default,
});

/** One word-piece per word and per mark, four letters a piece: additive at white space, like the real one. */
const countText = (text: string): number =>
  (text.match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? []).reduce((sum, word) => sum + Math.ceil(word.length / 4), 0);
const count = async (texts: readonly string[]): Promise<number[]> => texts.map(countText);

describe('chunkDocument', () => {
  it('cuts at headings and keeps their path', async () => {
    const document = extractMarkdown(
      '# Guide\n\nIntro text.\n\n## Ports\n\nThe port is 7420.\n\n### More\n\nDeep.\n',
      'x',
    );
    const chunks = await chunkDocument(document, count, chunkLimits);
    expect(chunks.map((chunk) => [chunk.headingPath.join(' > '), chunk.text])).toEqual([
      ['Guide', 'Intro text.'],
      ['Guide > Ports', 'The port is 7420.'],
      ['Guide > Ports > More', 'Deep.'],
    ]);
    expect(embedTextOf(chunks[1] ?? { context: '', text: '' })).toBe('Guide > Ports\nThe port is 7420.');
  });

  it('overlaps passages of one section by whole sentences', async () => {
    const sentences = Array.from({ length: 60 }, (_, at) => `Sentence number ${at} says one small thing.`);
    const chunks = await chunkDocument(extractPlainText(sentences.join(' '), 'x'), count, chunkLimits);
    expect(chunks.length).toBeGreaterThan(2);
    for (const [at, chunk] of chunks.slice(1).entries()) {
      const before = chunks[at];
      expect(chunk.start).toBeLessThan(before?.end ?? 0);
      expect(chunk.text.startsWith('Sentence')).toBe(true);
    }
  });

  it('searches a document of headings only by its headings', async () => {
    const chunks = await chunkDocument(extractMarkdown('# One\n\n## Two\n', 'x'), count, chunkLimits);
    expect(chunks.map((chunk) => chunk.text)).toEqual(['One\n\nTwo']);
  });

  it('holds every word, within the limits, verbatim (property)', async () => {
    const word = fc.stringMatching(/^[a-zA-Z0-9äöü]{1,30}[.!?,]?$/);
    const paragraph = fc.array(word, { minLength: 1, maxLength: 400 }).map((words) => words.join(' '));
    await fc.assert(
      fc.asyncProperty(fc.array(paragraph, { minLength: 1, maxLength: 6 }), async (paragraphs) => {
        const document = extractPlainText(paragraphs.join('\n\n'), 'Title');
        const chunks = await chunkDocument(document, count, chunkLimits);
        let covered = 0;
        for (const chunk of chunks) {
          expect(chunk.text).toBe(document.text.slice(chunk.start, chunk.end));
          expect(countText(chunk.text)).toBeLessThanOrEqual(chunkLimits.max);
          expect(countText(embedTextOf(chunk))).toBeLessThanOrEqual(254);
          expect(document.text.slice(covered, Math.max(covered, chunk.start)).trim()).toBe('');
          covered = Math.max(covered, chunk.end);
        }
        expect(document.text.slice(covered).trim()).toBe('');
      }),
      { numRuns: 60 },
    );
  });

  it('cuts one endless word without white space', async () => {
    const chunks = await chunkDocument(extractPlainText('x'.repeat(5000), 'x'), count, chunkLimits);
    expect(chunks.map((chunk) => chunk.text).join('')).toContain('xxxx');
    expect(Math.max(...chunks.map((chunk) => countText(chunk.text)))).toBeLessThanOrEqual(chunkLimits.max);
  });
});
