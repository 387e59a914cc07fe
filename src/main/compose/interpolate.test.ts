import { describe, expect, it } from 'vitest';
import { interpolate, TemplateError } from './interpolate.ts';

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: these are templates of Compose.
/** Recorded from Docker Compose 2.26 with A=va, B=vb and an empty E. */
const substituted: readonly (readonly [string, string])[] = [
  ['$', '$'],
  ['a$', 'a$'],
  ['$1', '$1'],
  ['$-', '$-'],
  ['$A', 'va'],
  ['${A}', 'va'],
  ['${A:-x}', 'va'],
  ['${A-x}', 'va'],
  ['${E:-x}', 'x'],
  ['${E-x}', ''],
  ['${U:-x}', 'x'],
  ['${U-x}', 'x'],
  ['${U}', ''],
  ['$U', ''],
  ['${A:+x}', 'x'],
  ['${E:+x}', ''],
  ['${E+x}', 'x'],
  ['${U+x}', ''],
  ['${U:+x}', ''],
  ['${A:?m}', 'va'],
  ['${U:-${A}}', 'va'],
  ['${U:-${V:-deep}}', 'deep'],
  ['${U:-a${A}b}c', 'avabc'],
  ['${U:-}', ''],
  ['$$A', '$A'],
  ['$$$A', '$va'],
  ['${A}${A}', 'vava'],
  ['$A$B', 'vavb'],
  ['${U:-$A}', 'va'],
  ['${U:-$$}', '$'],
  ['${U:-a}b}', 'ab}'],
  ['${U-a:-b}', 'a:-b'],
  ['${U:-a-b}', 'a-b'],
  ['${U:-a?b}', 'a?b'],
  ['${U:-http://x:1/?a=b}', 'http://x:1/?a=b'],
  ['${A+${U:-q}}', 'q'],
  ['${a}', ''],
  ['${A:-}', 'va'],
  ['$A.b', 'va.b'],
  ['$A-b', 'va-b'],
  ['${U:-{}}', '{}'],
  ['${U:-{a}', '{a'],
  ['a ${A} b ${U:-c} d', 'a va b c d'],
  ["${U:-'q'}", "'q'"],
  ['${E?ok}', ''],
  ['${U:-\\}}', '\\}'],
  ['${U:- }', ' '],
  ['%$A%', '%va%'],
  ['${_x}', ''],
  ['$_x', ''],
  ['${A:-x}-${U:-y}', 'va-y'],
  ['${A:+${A:+z}}', 'z'],
  ['{$A}', '{va}'],
  ['${A?x-y}', 'va'],
  ['${U:-a:?b}', 'a:?b'],
];
const refused: readonly string[] = [
  '${',
  '${}',
  '${1}',
  '${A',
  '${A:-${U:?no}}',
  '${A.b}',
  '${A b}',
  '${A:x}',
  '${U?}',
  '${U:?}',
  '${E:?bad ${A}}',
  '${U:?bad ${A}}',
  '${U/x/y}',
  '${A:0}',
  '${U?a:-b}',
];

const environment: Readonly<Record<string, string>> = { A: 'va', B: 'vb', E: '' };
const lookup = (name: string) => environment[name];

describe('interpolate', () => {
  it.each(substituted)('§5.50 makes %j into %j as Compose does', (template, expected) => {
    expect(interpolate(template, lookup)).toBe(expected);
  });

  it.each(refused)('refuses %j as Compose does', (template) => {
    expect(() => interpolate(template, lookup)).toThrow(TemplateError);
  });

  it('reports each variable that is not set', () => {
    const unset: string[] = [];
    interpolate('$U ${V} ${W:-x} $A', lookup, (name) => unset.push(name));
    expect(unset).toEqual(['U', 'V']);
  });

  it('bounds what nesting and growth can cost', () => {
    expect(() => interpolate(`${'${U:-'.repeat(100)}x${'}'.repeat(100)}`, lookup)).toThrow(TemplateError);
    const long = 'x'.repeat(100_000);
    expect(() => interpolate('$L'.repeat(20), () => long)).toThrow(TemplateError);
  });
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: these are templates of Compose.
