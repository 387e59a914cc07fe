/** What ssh, or the far side's docker, says when there is no way to the engine; each with what helps against it. */
import { type Problem, problem, type Remedy } from '../../shared/model/problem.ts';
import { type SshAddress, sshWords } from './ssh-address.ts';

const retry: Remedy = { action: 'retry', label: 'Look again' };

interface SshRule {
  readonly match: RegExp;
  readonly build: (words: string, host: string) => { code: string; title: string; cause: string; remedies: Remedy[] };
}

/** OpenSSH does not translate its messages. Most particular first: a changed key also says "verification failed". */
const rules: readonly SshRule[] = [
  {
    match: /remote host identification has changed|host key .* has changed/i,
    build: (_words, host) => ({
      code: 'engine-ssh-host-key-changed',
      title: `${host} has another host key than before`,
      cause:
        'The host was set up anew, or someone stands in between and pretends to be it. Nothing was sent to it. ' +
        'Ask whoever runs it for the fingerprint of its key before you trust it again.',
      remedies: [
        { action: 'copy-command', label: 'Once you are sure, forget the old key', command: `ssh-keygen -R ${host}` },
      ],
    }),
  },
  {
    match: /host key verification failed|no .*host key is known/i,
    build: (words, host) => ({
      code: 'engine-ssh-host-key-unknown',
      title: `The host key of ${host} is not known yet`,
      cause: 'ssh does not know this host, and Quayside never accepts a key for you.',
      remedies: [
        {
          action: 'copy-command',
          label: 'Connect once in a terminal, compare the key and accept it',
          command: `ssh ${words}`,
        },
      ],
    }),
  },
  {
    match:
      /permission denied while trying to connect to the docker|dial unix \S+ connect: permission denied|dial unix .*permission denied/i,
    build: (words) => ({
      code: 'engine-no-permission',
      title: 'The account on the far side may not use its engine',
      cause: 'ssh lets you in, but the engine there does not let that account in.',
      remedies: [
        {
          action: 'copy-command',
          label: 'Let it join the group docker there',
          command: `ssh -t ${words} 'sudo usermod -aG docker "$USER"'`,
        },
      ],
    }),
  },
  {
    match:
      /cannot connect to the docker daemon|is the docker daemon running|dial unix .*(?:no such file|connection refused)|failed to dial/i,
    build: (words, host) => ({
      code: 'engine-stopped',
      title: `The container engine on ${host} is not running`,
      cause: 'ssh lets you in and docker is installed there, but nothing listens on its socket.',
      remedies: [
        { action: 'copy-command', label: 'Start it there', command: `ssh -t ${words} sudo systemctl start docker` },
        {
          action: 'advice',
          label: 'If its socket lies elsewhere, give its path: ssh://user@host/run/user/1000/docker.sock',
        },
      ],
    }),
  },
  {
    match:
      /docker: (?:command )?not found|command not found: docker|unknown command: docker|docker: no such file|'docker' is not recognized/i,
    build: (words, host) => ({
      code: 'engine-ssh-no-docker',
      title: `There is no docker command on ${host}`,
      cause:
        'Quayside reaches an engine over ssh through the docker command of the far side, and a shell without a ' +
        'terminal did not find one there. On a Mac it often lies in /usr/local/bin, which such a shell does not look into.',
      remedies: [
        { action: 'copy-command', label: 'See where it is', command: `ssh ${words} 'echo $PATH; command -v docker'` },
        {
          action: 'advice',
          label: 'Install Docker there, or add its folder to the PATH in ~/.zshenv or ~/.bashrc there',
        },
      ],
    }),
  },
  {
    match: /is not a docker command|unknown command.*dial-stdio|unknown flag|unknown shorthand/i,
    build: (_words, host) => ({
      code: 'engine-ssh-docker-too-old',
      title: `The docker command on ${host} is too old`,
      cause: 'It does not know "docker system dial-stdio", which came with Docker 18.09.',
      remedies: [{ action: 'advice', label: 'Update Docker on the far side' }],
    }),
  },
  {
    match:
      /permission denied \(|too many authentication failures|no more authentication methods|no supported authentication methods/i,
    build: (words, host) => ({
      code: 'engine-ssh-denied',
      title: `${host} does not let you in over ssh`,
      cause: 'None of your keys was accepted. Quayside never asks for a password or a passphrase.',
      remedies: [
        { action: 'copy-command', label: 'Unlock your key', command: 'ssh-add' },
        { action: 'copy-command', label: 'Put your key on the host', command: `ssh-copy-id ${words}` },
      ],
    }),
  },
  {
    match: /could not resolve hostname|name or service not known|nodename nor servname/i,
    build: (_words, host) => ({
      code: 'engine-ssh-host-unknown',
      title: `No host is called ${host}`,
      cause: 'The name was not found, neither in your ssh configuration nor on the network.',
      remedies: [{ action: 'advice', label: 'Check the name, or whether a VPN has to be on' }],
    }),
  },
  {
    match: /connection refused/i,
    build: (words, host) => ({
      code: 'engine-ssh-refused',
      title: `${host} takes no ssh connections`,
      cause: 'The host is there, but no ssh server listens at this port.',
      remedies: [
        { action: 'advice', label: 'Check the port, and start the ssh server there' },
        { action: 'copy-command', label: 'Try it in a terminal', command: `ssh ${words}` },
      ],
    }),
  },
  {
    match: /timed out|no route to host|network is unreachable|host is down/i,
    build: (_words, host) => ({
      code: 'engine-ssh-unreachable',
      title: `${host} cannot be reached`,
      cause: 'No answer comes from there: it is off, behind a firewall, or in a network this machine is not in.',
      remedies: [{ action: 'advice', label: 'Check that it is on, and whether a VPN has to be on' }],
    }),
  },
  {
    match:
      /bad configuration option|bad owner or permissions|terminating, \d+ bad configuration|can't open user config/i,
    build: (words) => ({
      code: 'engine-ssh-config',
      title: 'Your ssh configuration has an error',
      cause: 'ssh refuses to start with it.',
      remedies: [{ action: 'copy-command', label: 'See what ssh makes of it', command: `ssh -G ${words}` }],
    }),
  },
  {
    match: /kex_exchange_identification|connection (?:closed|reset)|broken pipe|connection to .* closed/i,
    build: (words, host) => ({
      code: 'engine-ssh-closed',
      title: `${host} hung up`,
      cause:
        'The ssh connection was closed before docker could answer: the host may be busy, or something in between cuts it.',
      remedies: [{ action: 'copy-command', label: 'Try it in a terminal', command: `ssh ${words} docker version` }],
    }),
  },
];

/** What ssh tells about itself when asked to be verbose; no evidence of anything. */
const chatter =
  /^(?:Authenticated to |Transferred: |Bytes per second|debug\d: |OpenSSH_|Connecting to |Warning: Permanently added )/;

/**
 * @param said what ssh and the far side wrote to standard error
 * @param code the exit code, as far as there is one: 255 is ssh's own failure, 127 a command that is not there
 */
export function sshProblem(address: SshAddress, said: string, code: number | null): Problem {
  const lines = said
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !chatter.test(line));
  const words = sshWords(address);
  const rule = rules.find(({ match }) => match.test(lines.join('\n')));
  const evidence = lines.length > 0 ? lines.slice(-12) : [`ssh ended with code ${code ?? 'unknown'} and said nothing`];
  if (rule !== undefined) {
    const built = rule.build(words, address.host);
    return problem(built.code, built.title, built.cause, { evidence, remedies: [...built.remedies, retry] });
  }
  return problem(
    'engine-ssh-failed',
    `No way to the engine on ${address.host}`,
    code === 255 ? 'ssh gave up.' : `The docker command of the far side ended with code ${code ?? 'unknown'}.`,
    {
      evidence,
      remedies: [
        { action: 'copy-command', label: 'Try it in a terminal', command: `ssh ${words} docker version` },
        retry,
      ],
    },
  );
}

export function sshMissing(): Problem {
  return problem(
    'engine-ssh-missing',
    'There is no ssh on this machine',
    'An engine over ssh is reached with your own ssh program, with its keys and known hosts, and it was not found.',
    { remedies: [{ action: 'advice', label: 'Install the OpenSSH client, then look again' }, retry] },
  );
}
