import { describe, expect, it } from 'vitest';
import type { JsonObject } from './engine-client.ts';
import { createJsonLines } from './json-lines.ts';

function parse(chunks: readonly Buffer[]) {
  const objects: JsonObject[] = [];
  const garbage: string[] = [];
  const lines = createJsonLines(
    (value) => objects.push(value),
    (line) => garbage.push(line),
  );
  for (const chunk of chunks) lines.push(chunk);
  lines.end();
  return { objects, garbage };
}

describe('JSON lines', () => {
  it('reads lines whatever the cut, even inside a letter', () => {
    const bytes = Buffer.from('{"a":"é"}\r\n\n{"b":2}');
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(parse([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual({
        objects: [{ a: 'é' }, { b: 2 }],
        garbage: [],
      });
    }
  });

  it('reports garbage and goes on with the next line', () => {
    const got = parse([Buffer.from('<html>\n[1]\n{"ok":true}\n')]);
    expect(got).toEqual({ objects: [{ ok: true }], garbage: ['<html>', '[1]'] });
  });

  it('bounds a line without an end', () => {
    const got = parse([Buffer.alloc(5 * 1024 * 1024, 'x'), Buffer.from('x\n{"ok":1}\n')]);
    expect(got.objects).toEqual([{ ok: 1 }]);
    expect(got.garbage[0]).toHaveLength(200);
  });
});
