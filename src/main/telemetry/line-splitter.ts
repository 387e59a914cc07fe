/** Bytes of one log stream to lines with the engine's time stamp: any cut, any bytes, bounded memory. */
import { StringDecoder } from 'node:string_decoder';

export interface StampedLine {
  /** As the engine wrote it: fixed width, so that strings compare like times. Empty when the line carried none. */
  readonly stamp: string;
  readonly atMs: number;
  readonly text: string;
}

/** Characters kept of one line. */
export const maxLineLength = 16_384;
const cutMark = ' … (line cut)';
const stampPattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ?/;

export interface LineSplitter {
  push(data: Buffer): void;
  /** Gives out what is left without a newline. */
  end(): void;
}

/** @param onLine called once per line, without its line end. A line over 16,384 characters is cut and says so. */
export function createLineSplitter(onLine: (line: StampedLine) => void): LineSplitter {
  const decoder = new StringDecoder('utf8');
  let carry = '';
  let skipping = false;

  function emit(raw: string): void {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    const match = stampPattern.exec(line);
    const stamp = match?.[1] ?? '';
    const text = match ? line.slice(match[0].length) : line;
    const atMs = stamp === '' ? Date.now() : Date.parse(stamp);
    onLine({ stamp, atMs, text: text.length > maxLineLength ? text.slice(0, maxLineLength) + cutMark : text });
  }

  function take(text: string): void {
    let from = 0;
    for (let newline = text.indexOf('\n'); newline >= 0; newline = text.indexOf('\n', from)) {
      if (!skipping) emit(carry + text.slice(from, newline));
      carry = '';
      skipping = false;
      from = newline + 1;
    }
    if (skipping) return;
    carry += text.slice(from);
    // Room for the stamp: the limit is on the text.
    if (carry.length > maxLineLength + 64) {
      emit(carry);
      carry = '';
      skipping = true;
    }
  }

  return {
    push: (data) => take(decoder.write(data)),
    end() {
      take(decoder.end());
      if (carry !== '' && !skipping) emit(carry);
      carry = '';
    },
  };
}
