/** One id per request, taken from the caller when it is well formed, echoed, and put into every log line. */
import { randomUUID } from 'node:crypto';
import type { Request } from 'express';

const ids = new WeakMap<object, string>();
const wellFormed = /^[A-Za-z0-9_-]{8,64}$/;

export function requestIdOf(request: Request): string {
  const known = ids.get(request);
  if (known !== undefined) return known;
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && wellFormed.test(given) ? given : randomUUID();
  ids.set(request, id);
  return id;
}
