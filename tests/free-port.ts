import { nextFreePort } from '../src/main/stack/ports.ts';

/**
 * The first of `count` ports in a row that were free a moment ago and are likely to stay it: below the ports that Linux
 * gives to whoever connects (32768 on), one of which may be taken between asking for it and a container's start.
 */
export async function freePort(count = 1): Promise<number> {
  for (;;) {
    const first = await nextFreePort('127.0.0.1', 20_000 + Math.floor(Math.random() * 12_000));
    let last = first;
    while (last < first + count - 1 && (await nextFreePort('127.0.0.1', last)) === last + 1) last += 1;
    if (last === first + count - 1) return first;
  }
}
