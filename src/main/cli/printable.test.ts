import { describe, expect, it } from 'vitest';
import { printable } from './printable.ts';

describe('printable', () => {
  it.each([
    ['plain', 'plain'],
    ['\u001b[31mred\u001b[0m', '\u001b[31mred\u001b[0m'],
    ['a\u001b[2Jb\u001b[10;10Hc', 'abc'],
    ['x\u001b]52;c;ZXZpbA==\u0007y', 'xy'],
    ['x\u001b]0;title', 'x'],
    ['x\u001b]8;;https://evil\u001b\\link\u001b]8;;\u001b\\', 'xlink'],
    ['safe\rEVIL\b', 'safeEVIL'],
    ['a\u009b2Jb', 'ab'],
    ['\u001bPq\u001b\\z', 'z'],
    ['\u001bcz', 'z'],
    ['a\u202eb', 'a\ufffdb'],
    ['tab\tnew\nline', 'tab\tnew\nline'],
  ])('%j', (text, expected) => expect(printable(text, true)).toBe(expected));

  it('takes colours out where they are not wanted', () => {
    expect(printable('\u001b[1;31mred\u001b[0m', false)).toBe('red');
  });
});
