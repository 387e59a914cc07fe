/** Puts a support mark on every citation of a finished answer. */
import { embedCached } from '../retrieval/query-embedding.ts';
import type { Passage, SearchParts } from '../retrieval/search.ts';
import { citedSentences } from './citations.ts';
import { dot } from './extractive.ts';
import type { CitationJson } from './provider.ts';
import { isVerbatim, numbersHeld, shareHeld, supportOf } from './support.ts';
import { lexemesOf } from './terms.ts';

/** What an answer may cost at its end; a longer one is judged by its beginning, the rest by words alone. */
const maxEmbedded = 40;
const embedMs = 2500;

/** Long passages say several things: their vector is near to none of them. */
function partsOf(text: string): string[] {
  const paragraphs = text.split(/\n\s*\n/).filter((part) => part.trim().length > 40);
  return paragraphs.length > 1 ? [text, ...paragraphs.slice(0, 4)] : [text];
}

/** Vectors by text; an empty map when the embedding service is away or slow. */
async function vectorsOf(
  parts: SearchParts,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, Float32Array>> {
  const distinct = [...new Set(texts)].slice(0, maxEmbedded);
  try {
    const made = await embedCached(
      parts,
      parts.profiles.active(),
      distinct,
      AbortSignal.any([signal, AbortSignal.timeout(embedMs)]),
    );
    return new Map(distinct.map((text, at) => [text, made[at] ?? new Float32Array()]));
  } catch {
    signal.throwIfAborted();
    return new Map();
  }
}

/** @param passages as the model got them, `[1]` first @throws the signal's reason */
export async function verify(
  parts: SearchParts,
  text: string,
  passages: readonly Passage[],
  signal: AbortSignal,
): Promise<CitationJson[]> {
  const cited = citedSentences(text, passages.length);
  if (cited.length === 0) return [];
  const passageOf = (n: number): string => passages[n - 1]?.text ?? '';
  const open = cited.filter(({ n, sentence }) => !isVerbatim(sentence, passageOf(n)));
  const sentences = [...new Set(open.map((entry) => entry.sentence))];
  const ns = [...new Set(open.map((entry) => entry.n))];
  const [lexemes, vectors] =
    open.length === 0
      ? [[], new Map<string, Float32Array>()]
      : await Promise.all([
          lexemesOf(parts.database, [
            ...sentences,
            ...ns.map((n) =>
              [passages[n - 1]?.title ?? '', ...(passages[n - 1]?.headingPath ?? []), passageOf(n)].join('\n'),
            ),
          ]),
          vectorsOf(parts, [...sentences, ...ns.flatMap((n) => partsOf(passageOf(n)))], signal),
        ]);
  const nothing = new Set<string>();
  return cited.map(({ sentence, n, ...place }) => {
    const passage = passageOf(n);
    const own = vectors.get(sentence);
    const cosines = partsOf(passage).flatMap((part) => {
      const vector = vectors.get(part);
      return own === undefined || vector === undefined ? [] : [dot(own, vector)];
    });
    return {
      n,
      ...place,
      support: supportOf({
        verbatim: isVerbatim(sentence, passage),
        lexical: shareHeld(
          lexemes[sentences.indexOf(sentence)] ?? nothing,
          lexemes[sentences.length + ns.indexOf(n)] ?? nothing,
        ),
        cosine: cosines.length === 0 ? null : Math.max(...cosines),
        numbersHeld: numbersHeld(sentence, passage),
      }),
    };
  });
}
