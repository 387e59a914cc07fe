import { describe, expect, it } from 'vitest';
import { formatSshAddress, parseSshAddress, sshWords } from './ssh-address.ts';
import { sshProblem } from './ssh-problems.ts';
import { sshArguments } from './ssh-stream.ts';

function parsed(text: string) {
  const address = parseSshAddress(text);
  if ('wrong' in address) throw new Error(address.wrong);
  return address;
}

describe('an address behind ssh', () => {
  it.each([
    ['ssh://host', { user: null, host: 'host', port: null, path: null }],
    ['ssh://me@host:22/', { user: 'me', host: 'host', port: 22, path: null }],
    [
      'ssh://me@host/run/user/1000/docker.sock',
      { user: 'me', host: 'host', port: null, path: '/run/user/1000/docker.sock' },
    ],
    ['ssh://me@[fe80::1%25eth0]:2222', { wrong: expect.any(String) }],
    ['ssh://me@[::1]:2222', { user: 'me', host: '::1', port: 2222, path: null }],
    ['ssh://me%40corp@host', { user: 'me@corp', host: 'host', port: null, path: null }],
    ['ssh://me:hush@my_alias.box', { user: 'me', host: 'my_alias.box', port: null, path: null }],
  ])('%s', (text, parts) => {
    expect(parseSshAddress(text)).toEqual(parts);
  });

  it.each([
    'ssh://',
    'ssh://-oProxyCommand=touch%20x',
    'ssh://-oProxyCommand=x@host',
    'ssh://%2DoProxyCommand=x@host',
    'ssh://me you@host',
    'ssh://$(id)@host',
    'ssh://me@ho;st',
    'ssh://me@host\n-x',
    'ssh://me@host:0',
    'ssh://me@host:22x',
    'ssh://me@host:99999',
    'ssh://me@host/run/$(id).sock',
    'ssh://me@host/run/a b.sock',
    'ssh://me@host?x=1',
    'ssh://me@host#x',
    'ssh://me@[-oX]',
    'ssh://@host@-oX',
  ])('refuses %j', (text) => {
    expect(parseSshAddress(text)).toEqual({ wrong: expect.stringMatching(/\.$/) });
  });

  it('has one spelling, and words a person can paste', () => {
    expect(formatSshAddress(parsed('ssh://me:hush@[::1]:22/'))).toBe('ssh://me@[::1]:22');
    expect(sshWords(parsed('ssh://me@host:2222'))).toBe('-p 2222 me@host');
  });

  it('becomes words that ssh cannot take for options, and asks nobody anything', () => {
    const words = sshArguments(parsed('ssh://me@host:2222/run/x.sock'));
    const end = words.indexOf('--');
    expect(words.slice(end)).toEqual(['--', 'host', 'docker', '--host', 'unix:///run/x.sock', 'system', 'dial-stdio']);
    expect(words.slice(0, end)).toContain('BatchMode=yes');
    expect(words.join(' ')).not.toMatch(/StrictHostKeyChecking|UserKnownHosts/);
  });
});

describe('what ssh says', () => {
  // Left: what OpenSSH 9 and docker 20 to 28 say on standard error.
  it.each([
    ['ssh: connect to host h port 22: Connection timed out', 255, 'engine-ssh-unreachable'],
    ['ssh: connect to host h port 22: No route to host', 255, 'engine-ssh-unreachable'],
    ['kex_exchange_identification: read: Connection reset by peer', 255, 'engine-ssh-closed'],
    ['bash: line 1: docker: command not found', 127, 'engine-ssh-no-docker'],
    ['sh: 1: docker: not found', 127, 'engine-ssh-no-docker'],
    ['zsh:1: command not found: docker', 127, 'engine-ssh-no-docker'],
    ["docker: 'system dial-stdio' is not a docker command.", 1, 'engine-ssh-docker-too-old'],
    ['root@h: Permission denied (publickey,password).', 255, 'engine-ssh-denied'],
    ['something nobody foresaw', 3, 'engine-ssh-failed'],
    ['', 255, 'engine-ssh-failed'],
  ])('%s', (said, code, expected) => {
    const found = sshProblem(parsed('ssh://me@h'), `Authenticated to h using "publickey".\n${said}\n`, code);
    expect(found.code).toBe(expected);
    expect(found.evidence.join('\n')).not.toContain('Authenticated');
    expect(found.evidence.join('\n')).toMatch(/\S/);
  });
});
