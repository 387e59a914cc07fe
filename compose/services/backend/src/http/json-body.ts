/** JSON out of the bytes of a body: UTF-8 and nothing else, and where it is none the place is named. */
import type { NextFunction, Request, Response } from 'express';
import { BackendProblem } from './problem.ts';
import { sendProblem } from './problem-filter.ts';

/** Looking for the place reads a text some twenty times; a longer one is refused without. */
const maxSearched = 64 * 1024;

/** Whether a text may be the beginning of JSON: it is, or what is wrong with it is its end. */
function begins(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    return /end of JSON input/.test(message) || Number(/at position (\d+)/.exec(message)?.[1] ?? -1) >= text.length;
  }
}

/** The first character after which no JSON can come any more, from 1; one past the end for what only ends too early. */
export function placeOfFault(text: string): number {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (begins(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return bad;
}

/** @throws {BackendProblem} `malformed-json` */
export function parsedJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new BackendProblem('malformed-json', 'The body is not UTF-8.');
  }
  try {
    return JSON.parse(text);
  } catch {
    const place = text.length > maxSearched ? '' : ` from character ${placeOfFault(text)} on`;
    throw new BackendProblem('malformed-json', `The body is not valid JSON${place}.`);
  }
}

/** After the parser that reads bytes. A body that is empty counts as none. */
export function readJson(request: Request, response: Response, next: NextFunction): void {
  const bytes: unknown = request.body;
  if (!Buffer.isBuffer(bytes)) {
    next();
    return;
  }
  try {
    const charset = /charset\s*=\s*"?([^";\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
    if (charset !== undefined && !/^utf-?8$/i.test(charset))
      throw new BackendProblem('unsupported-media-type', 'Send JSON in UTF-8.');
    request.body = bytes.length === 0 ? undefined : parsedJson(bytes);
  } catch (error) {
    sendProblem(request, response, error);
    return;
  }
  next();
}
