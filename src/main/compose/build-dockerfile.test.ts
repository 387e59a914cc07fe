import { describe, expect, it } from 'vitest';
import { baseImagesOf, buildKitUseIn } from './build-dockerfile.ts';

describe('the images a Dockerfile names', () => {
  it.each<[string, string, Record<string, string>, string[]]>([
    ['one', 'FROM a:1\nRUN x', {}, ['a:1']],
    ['stages', 'FROM a AS One\nFROM --platform=linux/amd64 b as two\nFROM one\nCOPY --from=two /x /y', {}, ['a', 'b']],
    ['copied from', 'FROM scratch\nCOPY --from=c:2 /x /\nCOPY --chown=1 --from=0 a b', {}, ['c:2']],
    [
      'variables',
      'ARG V=1\nARG R\nFROM ${R}/a:$V\nFROM b:${W:-3}\nFROM ${X}',
      { R: 'r.example' },
      ['r.example/a:1', 'b:3'],
    ],
    ['an argument over a default', 'ARG B="x:1"\nFROM $B', { B: 'y:2' }, ['y:2']],
    ['comments and continued lines', '# FROM no\nFROM \\\n# within\n  a:1', {}, ['a:1']],
    ['another escape', '# escape=`\nFROM `\n a:1', {}, ['a:1']],
    ['nothing', '', {}, []],
  ])('%s', (_name, text, args, images) => {
    expect(baseImagesOf(text, args)).toEqual(images);
  });
});

describe('what only BuildKit understands', () => {
  it.each([
    ['FROM a\nRUN --mount=type=cache,target=/x \\\n make', 2, 'RUN --mount'],
    ['FROM a\nRUN --network=none --mount=type=secret,id=x y', 2, 'RUN --network'],
    ['FROM a\nCOPY --chown=1 --chmod=755 a b', 2, 'COPY --chmod'],
    ['FROM a\n\n# x\nADD --checksum=sha256:0 http://x /', 4, 'ADD --checksum'],
    ['FROM a\nRUN <<EOF\nls\nEOF', 2, 'RUN with a heredoc'],
    ['FROM a\nCOPY <<-"END" /x\ny\nEND', 2, 'COPY with a heredoc'],
  ])('%j', (text, line, what) => {
    expect(buildKitUseIn(text)).toMatchObject({ line, what });
  });

  it.each(['FROM a\nRUN ls --mount', 'FROM --platform=$BUILDPLATFORM a', 'FROM a\nRUN echo $((1<<2)) && cat <x', ''])(
    'not in %j',
    (text) => {
      expect(buildKitUseIn(text)).toBeUndefined();
    },
  );
});
