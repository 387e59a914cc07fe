import { describe, expect, it } from 'vitest';
import { connectionProblem, messageProblem, statusProblem } from './engine-errors.ts';

const doing = { endpoint: { url: 'unix:///run/x.sock', foundBy: 'test' }, what: 'start the container web-1' };

describe('errors of the engine', () => {
  // The left column is what engines 20.10 to 28 were seen to say.
  it.each([
    [
      'driver failed programming external connectivity on endpoint web (1f): Bind for 127.0.0.1:7420 failed: port is already allocated',
      'port-taken',
      'Port 7420 is taken',
    ],
    [
      'driver failed programming external connectivity on endpoint web (1f): Error starting userland proxy: listen tcp4 127.0.0.1:7420: bind: address already in use',
      'port-taken',
      'Port 7420 is taken',
    ],
    [
      'Ports are not available: exposing port TCP 0.0.0.0:5432 -> 0.0.0.0:0: listen tcp 0.0.0.0:5432: bind: address already in use',
      'port-taken',
      'Port 5432 is taken',
    ],
    [
      'Conflict. The container name "/shop-web-1" is already in use by container "1f". You have to remove (or rename) that container to be able to reuse that name.',
      'name-taken',
      'The name shop-web-1 is taken',
    ],
    ['network with name shop_default already exists', 'name-taken', 'The name shop_default is taken'],
    ['No such image: nope/nope:1', 'image-not-found', 'The image cannot be found'],
    [
      "pull access denied for nope/nope, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
      'image-not-found',
      'The image cannot be found',
    ],
    [
      'manifest for postgres:99 not found: manifest unknown: manifest unknown',
      'image-not-found',
      'The image cannot be found',
    ],
    ['toomanyrequests: You have reached your pull rate limit.', 'registry-rate-limited', 'The registry asks to wait'],
    ['Head "https://ghcr.io/v2/x/manifests/1": unauthorized', 'registry-denied', 'The registry refuses this image'],
    [
      'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
      'registry-unreachable',
      'No image registry can be reached',
    ],
    [
      'Get "https://registry-1.docker.io/v2/": net/http: TLS handshake timeout',
      'registry-unreachable',
      'No image registry can be reached',
    ],
    ['write /var/lib/docker/tmp/x: no space left on device', 'disk-full', 'The engine’s disk is full'],
    ['No such container: 1f', 'container-gone', 'The container is no longer there'],
    ['Container 1f is not running', 'container-gone', 'The container is no longer there'],
    [
      'could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network',
      'network-pool-full',
      'The engine has no network address left',
    ],
    [
      'client version 1.24 is too old. Minimum supported API version is 1.44, please upgrade your client',
      'engine-too-new',
      'The container engine is newer than Quayside',
    ],
    [
      'client version 1.47 is too new. Maximum supported API version is 1.39',
      'engine-too-old',
      'The container engine is too old',
    ],
    ['something nobody foresaw', 'engine-refused', 'The engine could not start the container web-1'],
  ])('%s', (message, code, title) => {
    const found = messageProblem(message, doing);
    expect([found.code, found.title]).toEqual([code, title]);
    expect([found.cause, ...found.evidence].join('\n')).toContain(message);
  });

  it.each([
    ['ENOENT', 'engine-missing'],
    ['ECONNREFUSED', 'engine-stopped'],
    ['EACCES', 'engine-no-permission'],
    ['ECONNRESET', 'engine-not-answering'],
    ['EAGAIN', 'engine-not-answering'],
    ['HPE_INVALID_CONSTANT', 'engine-not-answering'],
    ['EHOSTUNREACH', 'engine-missing'],
  ])('a connection that fails with %s is %s', (code, expected) => {
    expect(connectionProblem(Object.assign(new Error('x'), { code }), doing).code).toBe(expected);
  });

  it('tells an engine that failed from one that refused, and neither from a web server', () => {
    expect(statusProblem(500, '{"message":"boom"}', doing)).toMatchObject({ code: 'engine-failed', cause: 'boom' });
    expect(statusProblem(409, '{"message":"boom"}', doing)).toMatchObject({ code: 'engine-refused', cause: 'boom' });
    expect(statusProblem(502, '<html>Bad gateway</html>', doing)).toMatchObject({ code: 'engine-not-answering' });
  });
});
