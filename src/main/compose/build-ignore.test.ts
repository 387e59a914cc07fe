import { describe, expect, it } from 'vitest';
import { IgnoreSyntaxError, parseIgnore } from './build-ignore.ts';

describe('a .dockerignore', () => {
  it.each<[string, string[], string[]]>([
    ['node_modules', ['node_modules', 'node_modules/a/b'], ['a/node_modules', 'node_modules2']],
    ['/dist/', ['dist', 'dist/x'], ['a/dist']],
    ['./a/../b', ['b', 'b/c'], ['a']],
    ['*.log', ['x.log', 'x.log/inside'], ['a/x.log', 'x.logs']],
    ['**/*.log', ['x.log', 'a/x.log', 'a/b/x.log'], ['x.lo']],
    ['**/node_modules/**', ['node_modules/x', 'a/b/node_modules/x/y'], ['node_modules']],
    ['**/test/?.txt', ['test/a.txt', 'x/test/b.txt'], ['test/ab.txt', 'test/a/c.txt']],
    ['a/*/c', ['a/b/c', 'a/b/c/d'], ['a/c', 'a/b/b/c']],
    ['a/**/c', ['a/c', 'a/b/c', 'a/b/b/c'], ['a/b', 'b/c']],
    ['[a-c]x', ['ax', 'cx'], ['dx', 'x']],
    ['[^a-c]x', ['dx'], ['ax', '/x']],
    ['[]a]x', [']x', 'ax'], ['bx']],
    ['\\*x', ['*x'], ['ax']],
    ['a.b+(c)', ['a.b+(c)'], ['aXb+(c)', 'a.bb(c)']],
    ['**', ['a', 'a/b'], []],
    ['*', ['a', 'a/b'], []],
    ['*\n!keep', ['a', 'keeper'], ['keep', 'keep/x']],
    ['*\n!src/**/*.ts', ['src', 'src/a.js', 'b.ts'], ['src/a.ts', 'src/b/c.ts']],
    ['!a\na', ['a'], []],
    ['a\n!a/b\na/b/c', ['a/x', 'a/b/c'], ['a/b', 'a/b/d']],
    ['# comment\n\n  spaced  \r\n', ['spaced'], ['# comment', '']],
    ['\uFEFFfirst', ['first'], []],
    ['.', [], ['a']],
  ])('%j', (text, ignored, kept) => {
    const ignore = parseIgnore(text);
    for (const path of ignored) expect(ignore.ignores(path), path).toBe(true);
    for (const path of kept) expect(ignore.ignores(path), path).toBe(false);
  });

  it('knows into which folder it must still look', () => {
    const ignore = parseIgnore('*\n!src/app/**\n!**/keep.txt');
    expect(['src', 'src/app', 'other'].map((folder) => ignore.mayHoldWanted(folder))).toEqual([true, true, true]);
    const plain = parseIgnore('node_modules\n!src/app');
    expect(['src', 'node_modules', 'srcs'].map((folder) => plain.mayHoldWanted(folder))).toEqual([true, false, false]);
  });

  it('takes time that grows with the path over a pattern made to hang', () => {
    const ignore = parseIgnore(`${'*a'.repeat(200)}b\n${'**/a*'.repeat(100)}b`);
    const time = (length: number): number => {
      const times = Array.from({ length: 5 }, () => {
        const from = performance.now();
        expect(ignore.ignores('a'.repeat(length))).toBe(false);
        expect(ignore.ignores('a/'.repeat(length / 2))).toBe(false);
        return performance.now() - from;
      });
      return Math.min(...times);
    };
    time(4000);
    // Sixteen times as long; what tries every way to split the path between the stars would never come back.
    expect(time(64_000) / time(4000)).toBeLessThan(128);
  });

  it.each(['ok\n[a', 'ok\na\\'])('says which line is none: %j', (text) => {
    expect(() => parseIgnore(text)).toThrow(IgnoreSyntaxError);
    try {
      parseIgnore(text);
    } catch (error) {
      expect(error).toMatchObject({ line: 2 });
    }
  });
});
