import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsedJson, placeOfFault } from './json-body.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');

describe('JSON of a body', () => {
  it('is what JSON.parse makes of it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parsedJson(bytes(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ['{"a":', 6],
    ['', 1],
    ['{"a": nope}', 8],
    ['{"a":1,}', 8],
    ["{'a':1}", 2],
    ['tru', 4],
    ['trve', 3],
    ['[1 2]', 4],
    ['"a', 3],
    ['{"a":1}}', 8],
    ['-x', 2],
    ['1.', 3],
  ])('%s goes wrong at its character %i', (text, place) => {
    expect(placeOfFault(text)).toBe(place);
    expect(() => parsedJson(bytes(text))).toThrow(expect.objectContaining({ code: 'malformed-json' }));
  });

  it('cut off anywhere, lacks what comes after its end', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), fc.nat(), (value, at) => {
        const text = JSON.stringify(value);
        const cut = text.slice(0, at % text.length);
        // Half an escape cannot be told from a bad one.
        fc.pre(!/\\(u[0-9a-f]{0,3})?$/.test(cut));
        expect(placeOfFault(cut)).toBe(cut.length + 1);
      }),
    );
  });

  it('in anything but UTF-8 is none', () => {
    expect(() => parsedJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow(
      expect.objectContaining({ code: 'malformed-json', message: 'The body is not UTF-8.' }),
    );
  });
});
