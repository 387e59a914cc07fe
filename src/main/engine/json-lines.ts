/** Newline-delimited JSON as the engine streams it (events, stats, pull and build progress). */
import { StringDecoder } from 'node:string_decoder';
import type { JsonObject } from './engine-client.ts';

/** A longer line than this is not an engine's: it is dropped whole and reported as garbage. */
const maxLineChars = 4 * 1024 * 1024;

export interface JsonLines {
  push(chunk: Buffer): void;
  /** Hands on a last line that had no newline. */
  end(): void;
}

/** Calls `onObject` for each line that is a JSON object, `onGarbage` (with the line's beginning) for each that is not. */
export function createJsonLines(
  onObject: (value: JsonObject) => void,
  onGarbage: (line: string) => void = () => undefined,
): JsonLines {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let skipping = false;

  function line(text: string): void {
    const trimmed = text.trim();
    if (trimmed === '') return;
    let value: unknown;
    try {
      value = JSON.parse(trimmed);
    } catch {
      onGarbage(trimmed.slice(0, 200));
      return;
    }
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) onObject(value as JsonObject);
    else onGarbage(trimmed.slice(0, 200));
  }

  function feed(text: string): void {
    let from = 0;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', from)) {
      if (!skipping) line(rest + text.slice(from, at));
      rest = '';
      skipping = false;
      from = at + 1;
    }
    if (skipping) return;
    rest += text.slice(from);
    if (rest.length > maxLineChars) {
      onGarbage(rest.slice(0, 200));
      rest = '';
      skipping = true;
    }
  }

  return {
    push: (chunk) => feed(decoder.write(chunk)),
    end() {
      feed(decoder.end());
      if (!skipping) line(rest);
      rest = '';
    },
  };
}
