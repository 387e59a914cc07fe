/** What fits into the window of a model: the room for the answer first, then the passages best first, then the newest turns. Pure. */
import type { Passage } from '../retrieval/search.ts';
import type { Turn } from './port.ts';

/**
 * Tokens of a text, rather too many than too few: about 3.5 letters of Latin each, one per letter of other scripts.
 * Tokenizers differ; what a provider counted afterwards is compared with it.
 */
export function estimateTokens(text: string): number {
  const ascii = text.replace(/[^\p{ASCII}]/gu, '').length;
  return Math.ceil(ascii / 3.5 + (text.length - ascii));
}

export interface Budget {
  readonly passages: readonly Passage[];
  readonly turns: readonly Turn[];
  /** The longest answer that there is room for. */
  readonly maxTokens: number;
  /** Something that was found or said did not get in. */
  readonly truncated: boolean;
  readonly passageTokens: number;
}

/** Marks around a passage and a turn. */
const perPassage = 24;
const perTurn = 8;
/** Rules and templates of chat. */
const overhead = 220;
/** Of what is left beside the question, at most this share goes to earlier turns. */
const historyShare = 0.25;
const leastAnswer = 64;

const sizeOf = (passage: Passage): number =>
  Math.max(passage.tokens, estimateTokens(passage.text)) +
  estimateTokens([passage.title, ...passage.headingPath].join(' > ')) +
  perPassage;

function cut(passage: Passage, tokens: number): Passage {
  const share = Math.max(0, tokens) / sizeOf(passage);
  const text = passage.text.slice(0, Math.floor(passage.text.length * share * 0.9)).toWellFormed();
  return { ...passage, text };
}

export interface Room {
  readonly windowTokens: number;
  readonly maxOutputTokens: number;
  readonly maxContextTokens: number;
}

/** @param turns oldest first @param passages best first */
export function budgetFor(question: string, turns: readonly Turn[], passages: readonly Passage[], room: Room): Budget {
  const maxTokens = Math.max(leastAnswer, Math.min(room.maxOutputTokens, Math.floor(room.windowTokens / 2)));
  const fixed = overhead + estimateTokens(question);
  const free = Math.max(0, room.windowTokens - maxTokens - fixed);

  const kept: Passage[] = [];
  let forPassages = Math.min(room.maxContextTokens, free);
  let used = 0;
  for (const passage of passages) {
    const size = sizeOf(passage);
    if (size > forPassages) {
      // The best one is cut rather than left out.
      if (kept.length === 0) {
        kept.push(cut(passage, forPassages));
        used += forPassages;
      }
      break;
    }
    kept.push(passage);
    forPassages -= size;
    used += size;
  }

  const said: Turn[] = [];
  let forTurns = Math.min(free - used, Math.floor(free * historyShare));
  for (const turn of turns.toReversed()) {
    const size = estimateTokens(turn.text) + perTurn;
    if (size > forTurns) break;
    said.unshift(turn);
    forTurns -= size;
  }
  return {
    passages: kept,
    turns: said,
    maxTokens,
    truncated: kept.length < passages.length || said.length < turns.length || kept[0]?.text !== passages[0]?.text,
    passageTokens: used,
  };
}
