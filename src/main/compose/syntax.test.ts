import { describe, expect, it } from 'vitest';
import { parseBytes } from './bytes.ts';
import { formatDuration, parseDuration } from './durations.ts';
import { parseMount } from './mount-syntax.ts';
import { countPorts, parsePort } from './ports-syntax.ts';
import { splitCommand } from './shlex.ts';
import { dict, plainScalar, scalarText } from './yaml-value.ts';

describe('durations', () => {
  it.each([
    ['90s', '1m30s'],
    ['1.5s', '1.5s'],
    ['500ms', '500ms'],
    ['0s', '0s'],
    ['0', '0s'],
    ['2h', '2h0m0s'],
    ['1h1ns', '1h0m0.000000001s'],
    ['1500us', '1.5ms'],
    ['1ns', '1ns'],
    ['-1m', '-1m0s'],
    ['.5s', '500ms'],
  ])('%s is %s', (text, expected) => {
    const parsed = parseDuration(text);
    expect(parsed === undefined ? undefined : formatDuration(parsed)).toBe(expected);
  });
  it.each(['', '1', 's', '1d', '1 s', '1h ', '99999999999h', '.s', '1.2.3s'])('%j is no duration', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('sizes', () => {
  it.each([
    ['50m', '52428800'],
    ['1.5GiB', '1610612736'],
    ['1 gb', '1073741824'],
    ['0', '0'],
    ['-1', '-1'],
    [1024, '1024'],
    ['12B', '12'],
  ])('%s is %s bytes', (value, expected) => expect(parseBytes(value)).toBe(expected));
  it.each(['', 'lots', '1x', '1kbb', '1.2.3m', '-5m', Number.NaN, '99999999p'])('%j is no size', (value) => {
    expect(parseBytes(value)).toBeUndefined();
  });
});

describe('commands', () => {
  it.each([
    [`echo "a b" 'c d' e\\ f`, ['echo', 'a b', 'c d', 'e f']],
    ['echo a && echo b', ['echo', 'a']],
    ['a; b', ['a']],
    [`sh -c "a | b"`, ['sh', '-c', 'a | b']],
    [`a "" ''`, ['a', '', '']],
    ['', []],
    ['echo `date now` x', ['echo', '`date now`', 'x']],
    ['run 2>&1', ['run']],
  ])('%j', (line, words) => expect(splitCommand(line)).toEqual(words));
  it.each([`'a`, '"a', 'a (b)', 'a )', 'a\\'])('%j is not closed', (line) => {
    expect(splitCommand(line)).toBeUndefined();
  });
});

describe('ports', () => {
  it('expands ranges one to one and keeps a range for one container port', () => {
    const ports = (spec: string) => {
      const parsed = parsePort(spec);
      return typeof parsed === 'string'
        ? parsed
        : parsed.map((port) => `${port.host_ip}|${port.published}>${port.target}/${port.protocol}`);
    };
    expect(ports('127.0.0.1:8000-8001:9000-9001/udp')).toEqual(['127.0.0.1|8000>9000/udp', '127.0.0.1|8001>9001/udp']);
    expect(ports('8000-8005:80')).toEqual(['|8000-8005>80/tcp']);
    expect(ports('[::1]:7000:7000')).toEqual(['::1|7000>7000/tcp']);
    expect(ports('6380')).toEqual(['|>6380/tcp']);
  });
  it.each(['', 'a', '1:2:3:4', '80/icmp', '70000', '5-1', '1-2:1-4', '::1:7:7', '1.2.3.400:1:1'])(
    '%j is no port',
    (spec) => {
      expect(typeof parsePort(spec)).toBe('string');
    },
  );
  it('counts ranges without expanding them', () => {
    const file = dict([['services', dict([['a', dict([['ports', ['1-65535:1-65535', 80]]])]])]]);
    expect(countPorts(file)).toBe(65_536);
  });
});

describe('mounts', () => {
  it('tells files from volumes and drives from names', () => {
    expect(parseMount('./a:/b:ro,z')).toEqual({
      type: 'bind',
      source: './a',
      target: '/b',
      read_only: true,
      bind: { selinux: 'z', create_host_path: true },
    });
    expect(parseMount('data:/b:nocopy')).toEqual({
      type: 'volume',
      source: 'data',
      target: '/b',
      volume: { nocopy: true },
    });
    expect(parseMount('c:\\x:/y')).toMatchObject({ type: 'bind', source: 'c:\\x', target: '/y' });
    expect(parseMount('/only')).toEqual({ type: 'volume', target: '/only', volume: {} });
  });
  it.each(['', 'aa::b', 'aa:bb:cc:dd'])('%j is no mount', (spec) => expect(typeof parseMount(spec)).toBe('string'));
});

describe('scalars', () => {
  it.each([
    ['0440', 288],
    ['0o440', 288],
    ['1_000', 1000],
    ['0x1F', 31],
    ['0b11', 3],
    ['-1', -1],
    ['1.50', 1.5],
    ['1e3', 1000],
    ['yes', 'yes'],
    ['22:22', '22:22'],
    ['08', 8],
    ['~', null],
    ['TRUE', true],
    ['12345678901234567890', 12345678901234567890n],
    ['1.2.3', '1.2.3'],
  ])('%s', (source, expected) => expect(plainScalar(source)).toEqual(expected));
  it('prints numbers as Go does', () => {
    expect([1e21, 1e-7, 1.5, -0, 100000].map(scalarText)).toEqual(['1e+21', '1e-07', '1.5', '-0', '100000']);
  });
});
