import { nextFreePort } from '../src/main/stack/ports.ts';

/**
 * Free a moment ago, and likely to stay it: below the ports that Linux gives to whoever connects (32768 on), one of
 * which may be taken between asking for it and a container's start.
 */
export function freePort(): Promise<number> {
  return nextFreePort('127.0.0.1', 20_000 + Math.floor(Math.random() * 12_000));
}
