import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestColour, parseAnsi, visibleText } from './ansi.ts';

const esc = '\u001b';

describe('parseAnsi', () => {
  it.each([
    ['plain', 'ready', [{ text: 'ready' }]],
    ['colour and reset', `${esc}[32mok${esc}[0m done`, [{ text: 'ok', fg: 2 }, { text: ' done' }]],
    ['bright is the same palette', `${esc}[91mbad`, [{ text: 'bad', fg: 1 }]],
    [
      'weight, then normal',
      `${esc}[1;33mw${esc}[22mx`,
      [
        { text: 'w', bold: true, fg: 3 },
        { text: 'x', fg: 3 },
      ],
    ],
    ['background', `${esc}[41mx${esc}[49my`, [{ text: 'x', bg: 1 }, { text: 'y' }]],
    ['256 colours, named part', `${esc}[38;5;12mx`, [{ text: 'x', fg: 4 }]],
    ['256 colours, cube', `${esc}[38;5;196mx`, [{ text: 'x', fg: 1 }]],
    ['true colour', `${esc}[38;2;10;190;120mx`, [{ text: 'x', fg: 2 }]],
    ['numbers after a long colour still count', `${esc}[38;5;196;1mx`, [{ text: 'x', fg: 1, bold: true }]],
    ['empty body is reset', `${esc}[31ma${esc}[mb`, [{ text: 'a', fg: 1 }, { text: 'b' }]],
    ['cursor movement is dropped', `a${esc}[2Kb${esc}[10;20Hc`, [{ text: 'a' }, { text: 'b' }, { text: 'c' }]],
    ['window title is dropped', `${esc}]0;evil\u0007ok`, [{ text: 'ok' }]],
    ['hyperlink is dropped, its text stays', `${esc}]8;;http://x${esc}\\link${esc}]8;;${esc}\\`, [{ text: 'link' }]],
    ['an unfinished string sequence swallows the rest', `a${esc}]52;c;aGk=`, [{ text: 'a' }]],
    ['8-bit CSI', '\u009b31mred', [{ text: 'red', fg: 1 }]],
    ['carriage return at the end', 'line\r', [{ text: 'line' }]],
    ['control characters become marks', 'a\u0008b\u0000', [{ text: 'a\u2408b\u2400' }]],
    ['bidi override becomes a mark', 'a\u202eb', [{ text: 'a‹U+202E›b' }]],
    ['zero width becomes a mark', 'a\u200bb', [{ text: 'a‹U+200B›b' }]],
    ['markup is text', '<img src=x onerror=alert(1)>', [{ text: '<img src=x onerror=alert(1)>' }]],
    ['empty', '', []],
  ])('%s', (_name, input, spans) => {
    expect(parseAnsi(input)).toEqual(spans);
  });

  it('never lets an escape or control character through, and agrees with visibleText', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom(`${esc}[31m`, `${esc}[`, `${esc}]0;t\u0007`, `${esc}P`, '\u009b1m', '\r', `${esc}(B`, '\u202e'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const joined = parseAnsi(pieces.join(''))
          .map((span) => span.text)
          .join('');
        expect(joined).toBe(visibleText(pieces.join('')));
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are the subject here
        expect(joined).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });

  it('reads a hostile line in time that grows with its length', () => {
    const time = (length: number): number => {
      const times = Array.from({ length: 5 }, () => {
        const from = performance.now();
        parseAnsi(`${esc}[${'1;'.repeat(length)}`);
        parseAnsi(`${esc}]`.repeat(length));
        return performance.now() - from;
      });
      return Math.min(...times);
    };
    time(9000);
    // Sixteen times as long takes sixteen times as long; what looks from each place to the end would take 256 times.
    expect(time(36_000) / time(2250)).toBeLessThan(128);
  });
});

describe('nearestColour', () => {
  it.each([
    [[255, 0, 0], 1],
    [[0, 0, 0], 0],
    [[255, 255, 255], 7],
  ] as const)('%s', ([r, g, b], palette) => {
    expect(nearestColour(r, g, b)).toBe(palette);
  });
});
