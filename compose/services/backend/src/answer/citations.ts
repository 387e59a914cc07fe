/** Watches an answer go by and takes out citations of sources that do not exist. */
import { citations } from '../observability/metrics.ts';

/** Text in pieces to text in pieces: `[n]` stays only for 1 <= n <= count. Holds back at most an unfinished mark. */
export function createCitationFilter(count: number): {
  push(text: string): string;
  flush(): string;
  used: Set<number>;
} {
  let held = '';
  const used = new Set<number>();
  const clean = (text: string): string =>
    text.replace(/\s?\[(\d{1,4}(?:\s*,\s*\d{1,4})*)\]/g, (whole: string, list: string) => {
      const numbers = list.split(',').map((part) => Number(part.trim()));
      const valid = numbers.filter((n) => n >= 1 && n <= count);
      for (const n of valid) used.add(n);
      if (valid.length < numbers.length) citations.inc({ strength: 'invalid' }, numbers.length - valid.length);
      if (valid.length === 0) return '';
      return (/^\s/.test(whole) ? whole.charAt(0) : '') + valid.map((n) => `[${n}]`).join('');
    });
  return {
    used,
    push(text) {
      const all = held + text;
      // A mark may be cut by the border of two pieces, together with the space before it.
      const open = /\s?(?:\[[\d,\s]{0,24})?$/.exec(all);
      const keep = open === null ? all.length : open.index;
      held = all.slice(keep);
      return clean(all.slice(0, keep));
    },
    flush() {
      const rest = clean(held);
      held = '';
      return rest;
    },
  };
}
