import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { dialectOf, hashDialects, networkHash, serviceHash, serviceHashes, volumeHash } from './config-hash.ts';
import type { ComposeProject, ComposeService } from './model.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function project(service: Partial<ComposeService>): ComposeProject {
  const web: ComposeService = { command: null, entrypoint: null, image: 'x', networks: { default: null }, ...service };
  const empty = { networks: {}, volumes: {}, secrets: {}, configs: {}, disabledServices: {}, extensions: {} };
  return {
    name: 'p',
    workingDir: '/p',
    files: [],
    environment: {},
    profiles: [],
    services: { web },
    warnings: [],
    ...empty,
  };
}

// That these texts are Compose's own is proven against its labels in tests/engine/compose-hash.test.ts.
describe('the text that is hashed', () => {
  it('is compact JSON with null command and entrypoint', () => {
    const text = '{"command":null,"entrypoint":null,"image":"x","networks":{"default":null}}';
    expect(new Set(Object.values(serviceHashes(project({}), 'web')))).toEqual(new Set([sha256(text)]));
  });

  it('escapes as Go does and sorts keys by their bytes', () => {
    const environment = { b: '<&>', a: '\u2028', B: '"', '10': 'x', '9': 'y', '\u{10000}': 'z', '\uffff': 'w' };
    const expected = `{"10":"x","9":"y","B":"\\"","a":"\\u2028","b":"\\u003c\\u0026\\u003e","\uffff":"w","\u{10000}":"z"}`;
    const text = `{"command":null,"entrypoint":null,"environment":${expected},"image":"x","networks":{"default":null}}`;
    expect(serviceHash(project({ environment }), 'web')).toBe(sha256(text));
  });

  it('leaves out what does not make another container', () => {
    const plain = serviceHash(project({}), 'web');
    expect(serviceHash(project({ build: { context: '.' }, pull_policy: 'always', scale: 3 }), 'web')).toBe(plain);
    expect(
      serviceHash(
        project({ profiles: ['p'], depends_on: { db: { condition: 'service_started', required: true } } }),
        'web',
      ),
    ).toBe(plain);
    const deploy = { resources: {}, placement: {} };
    expect(serviceHash(project({ deploy: { ...deploy, replicas: 2 } }), 'web')).toBe(
      serviceHash(project({ deploy }), 'web'),
    );
    expect(serviceHash(project({ user: 'u' }), 'web')).not.toBe(plain);
  });

  it('holds container ids where another service is named', () => {
    const sharing = project({ network_mode: 'service:db', volumes_from: ['db:ro', 'container:c:ro'] });
    const settled = project({ network_mode: 'container:id', volumes_from: ['id', 'c'] });
    const hash = serviceHash(sharing, 'web', { db: 'id' });
    expect(hash).not.toBe(serviceHash(sharing, 'web', { db: 'other' }));
    const text =
      '{"command":null,"entrypoint":null,"image":"x","network_mode":"container:id","networks":{"default":null},"volumes_from":["id","c"]}';
    expect(hash).toBe(sha256(text));
    expect(settled.services.web?.network_mode).toBe('container:id');
  });

  it('throws for a service that is not there', () => {
    expect(() => serviceHash(project({}), 'nope')).toThrow(RangeError);
  });
});

describe('dialects', () => {
  it('differ where versions of Compose do, and only there', () => {
    const differing = (service: Partial<ComposeService>) => {
      const hashes = serviceHashes(project(service), 'web');
      return hashDialects.map((dialect) => Object.values(hashes).indexOf(hashes[dialect]));
    };
    expect(differing({ depends_on: { db: { condition: 'service_started', required: true } } })).toEqual([
      0, 1, 1, 1, 1, 1,
    ]);
    expect(differing({ profiles: ['p'] })).toEqual([0, 0, 2, 2, 2, 2]);
    expect(differing({ secrets: [{ source: 's', mode: 0o440 }] })).toEqual([0, 0, 0, 3, 3, 3]);
    expect(differing({ networks: { a: { priority: 1, aliases: ['x'] } } })).toEqual([0, 0, 0, 0, 4, 4]);
    expect(
      differing({ volumes: [{ type: 'bind', source: '/a', target: '/a', bind: { create_host_path: true } }] }),
    ).toEqual([0, 0, 0, 0, 0, 5]);
  });

  it.each([
    ['2.26.1', 'D24'],
    ['2.29.2', 'D24'],
    ['2.29.7', 'D30'],
    ['v2.30.0', 'D30'],
    ['2.33.1', 'D31'],
    ['2.35.0', 'D34'],
    ['2.40.3', 'D36'],
    ['5.0.1', 'D5'],
    ['1.29.2', undefined],
    ['2.20.0', undefined],
    ['dev', undefined],
  ])('of Compose %s is %s', (version, dialect) => expect(dialectOf(version)).toBe(dialect));
});

describe('networks and volumes', () => {
  it('print ipam always, and the local driver', () => {
    expect(networkHash({ name: 'p_default', ipam: {} })).toBe(sha256('{"name":"p_default","ipam":{}}'));
    expect(
      networkHash({
        name: 'n',
        driver: 'bridge',
        ipam: { config: [{ subnet: '10.0.0.0/8' }] },
        internal: true,
        labels: { a: 'b' },
      }),
    ).toBe(
      sha256(
        '{"name":"n","driver":"bridge","ipam":{"config":[{"subnet":"10.0.0.0/8"}]},"internal":true,"labels":{"a":"b"}}',
      ),
    );
    expect(volumeHash({ name: 'p_data' })).toBe(sha256('{"name":"p_data","driver":"local"}'));
  });
});
