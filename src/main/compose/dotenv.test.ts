import { describe, expect, it } from 'vitest';
import { DotenvError, parseDotenv } from './dotenv.ts';

/** Recorded from Docker Compose 2.26 with HOSTV=host in its environment. */
const read: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['A=1\n', { A: '1' }],
  ['A\nB=2', { B: '2' }],
  ['A=', { A: '' }],
  ['A= x ', { A: 'x' }],
  ["A='x' y\n", { A: 'x' }],
  ["A='x'#c\nB=2\n", { A: 'x', B: '2' }],
  ['A="x" # c\nB=2\n', { A: 'x', B: '2' }],
  ['A=x#y', { A: 'x#y' }],
  ['A=x #y', { A: 'x' }],
  ['A=#y', { A: '#y' }],
  ['A= #y', { A: '#y' }],
  ['A: yaml\n', { A: 'yaml' }],
  ['export A=1\n', { A: '1' }],
  ['export=5\n', { export: '5' }],
  ['exportA=5\n', { exportA: '5' }],
  ['A-B=1\n', { 'A-B': '1' }],
  ['A.B=1', { 'A.B': '1' }],
  ['A[0]=1', { 'A[0]': '1' }],
  ["A='it\\'s'\n", { A: "it's" }],
  ['A="a\\nb\\tc\\$d\\"e\\q\\\\n"\n', { A: 'a\nb\tc$d"e\\q\\n' }],
  ['A=$HOME1\nB=${A}\n', { A: '', B: '' }],
  ['A=1\nB=$A\nA=2\nC=$A\n', { A: '2', B: '1', C: '2' }],
  ["A='$B'\n", { A: '$B' }],
  ['A="$$B"\n', { A: '$B' }],
  ['A=$$B\n', { A: '$B' }],
  ['A=a$\n', { A: 'a$' }],
  ["A='multi\nline'\n", { A: 'multi\nline' }],
  ['A="multi\nline"\nB=1', { A: 'multi\nline', B: '1' }],
  ['A=x\r\nB=y\r\n', { A: 'x', B: 'y' }],
  ['\ufeffA=1', { A: '1' }],
  ['A=${B:-d}', { A: 'd' }],
  ['#c\n\n A = 1 \n', { A: '1' }],
  ['A=a=b', { A: 'a=b' }],
  ['A=a:b', { A: 'a:b' }],
  ['A=\\n\\$x', { A: '\\n\\' }],
  ['A=x y z', { A: 'x y z' }],
  ["A='a'b\n", { A: 'a' }],
  ['A=""', { A: '' }],
  ["A='' ", { A: '' }],
  ['A=\u00e4\n\u00c4=1', { A: '\u00e4', '\u00c4': '1' }],
  ['A=1\nA\n', { A: '1' }],
  ['A="x\\\\"\nB=1\n', { A: 'x\\', B: '1' }],
  ["A='x\\\\'\nB=1", { A: 'x\\\\', B: '1' }],
  ['A=`x`\n', { A: '`x`' }],
  ["A: 'b'\n", { A: 'b' }],
  ["A='b\\nc'", { A: 'b\\nc' }],
  ['A=b\\ c', { A: 'b\\ c' }],
  ['A="${Z}"', { A: '' }],
  ['Z\nA=$Z', { A: '' }],
  ['A=\u0085x', { A: 'x' }],
  ['A=x\u00a0#y', { A: 'x\u00a0#y' }],
  ['A=x\t#y', { A: 'x\t#y' }],
  ["A=  'q'  ", { A: 'q' }],
  ["A=a'b'c", { A: "a'b'c" }],
  ['A="a\'b"', { A: "a'b" }],
  ['A=$1', { A: '$1' }],
  ['A=a;b', { A: 'a;b' }],
  ['A="\\a\\b\\f\\v\\r"', { A: '\u0007\b\f\u000b\r' }],
  ['A="a\\tb"', { A: 'a\tb' }],
  ['HOSTV=9\nB=$HOSTV', { B: 'host', HOSTV: '9' }],
  ["A='$$'", { A: '$$' }],
  ['A="a$$b"', { A: 'a$b' }],
];
const refused: readonly string[] = ['A B=1\n', 'A=${B:?err}', "A='x", 'A=${B', 'A+=1'];

const environment: Readonly<Record<string, string>> = { HOSTV: 'host' };
const lookup = (name: string) => environment[name];

describe('parseDotenv', () => {
  it.each(read)('§5.51 reads %j as Compose does', (text, expected) => {
    expect(Object.fromEntries(parseDotenv(text, lookup))).toEqual(expected);
  });

  it.each(refused)('refuses %j as Compose does', (text) => {
    expect(() => parseDotenv(text, lookup)).toThrow(DotenvError);
  });

  it('takes a key without a value from the environment, at the end of the file too, where Compose loses it', () => {
    expect(Object.fromEntries(parseDotenv('A=1\nHOSTV', lookup))).toEqual({ A: '1', HOSTV: 'host' });
  });

  it('names the line of the fault and nothing of its value', () => {
    const error = catchError(() => parseDotenv('A=1\n\n# c\nB="secret', lookup));
    expect(error).toMatchObject({ line: 4 });
    expect(error.message).not.toContain('secret');
  });

  it('stops values that double themselves', () => {
    const text = `A=${'x'.repeat(1000)}\n${Array.from({ length: 60 }, () => 'A=$A$A').join('\n')}`;
    expect(() => parseDotenv(text, lookup)).toThrow(DotenvError);
  });
});

function catchError(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}
