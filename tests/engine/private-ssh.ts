/**
 * A machine behind ssh, as far as ssh can tell: a real sshd with keys and accounts of its own in the private engine's
 * namespaces, where `docker` finds that engine. The person's side is a folder with an `ssh` that reads a configuration
 * of the test's instead of the person's own.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type PrivateEngine, startPrivateEngine } from './private-engine.ts';
import { unpackedPackages } from './private-packages.ts';

export interface SshEngine {
  readonly engine: PrivateEngine;
  readonly host: string;
  readonly port: number;
  /** `ssh://root@host:port` */
  readonly url: string;
  /** An account there that is in no group. */
  readonly guest: string;
  /** Client side files: `known_hosts`, `client.conf`, `id`; to be changed and put back by a test. */
  readonly client: string;
  /** ssh connections that sshd has signed in so far. */
  signedIn(): number;
  close(): Promise<void>;
}

const port = 2222;

export async function startSshEngine(): Promise<SshEngine> {
  const tree = await unpackedPackages('openssh-server', ['openssh-server', 'libwrap0']);
  const guest = 'quayguest';
  // Accounts are bound over the machine's own files inside the namespace only. `*` is "no password", `!` would be locked.
  const prepare = `
    # With a home of its own: what the person's shell does at its start is not this test's, and killing it may leave a mess.
    mkdir -p "$folder/home"
    sed "s|^root:.*|root:x:0:0:root:$folder/home:/bin/sh|" /etc/passwd > "$folder/passwd"
    echo 'sshd:x:4320:65534::/run/sshd:/usr/sbin/nologin' >> "$folder/passwd"
    echo '${guest}:x:4321:65534::/tmp:/bin/sh' >> "$folder/passwd"
    { echo 'root:*:19000:0:99999:7:::'; echo '${guest}:*:19000:0:99999:7:::'; } > "$folder/shadow"
    mount --bind "$folder/passwd" /etc/passwd
    mount --bind "$folder/shadow" /etc/shadow
    mkdir -p /run/sshd
    # The folder is root's alone, and the guest has to reach the socket to be refused by it.
    ln -s "$folder/docker.sock" /run/docker.sock
    chmod 755 "$folder"
  `;
  const engine = await startPrivateEngine({ link: true, prepare });
  try {
    const { address, folder } = engine;
    if (address === null) throw new Error('no link');
    const host = address.space;
    const key = (name: string) =>
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, name)]);
    key('host-key');
    const client = join(folder, 'client');
    mkdirSync(client);
    key('client/id');
    mkdirSync(join(folder, 'authorized'));
    // sshd reads it as the account that signs in.
    for (const user of ['root', guest]) {
      copyFileSync(join(client, 'id.pub'), join(folder, 'authorized', user));
      chmodSync(join(folder, 'authorized', user), 0o644);
    }
    const config = [
      `Port ${port}`,
      `HostKey ${join(folder, 'host-key')}`,
      `AuthorizedKeysFile ${join(folder, 'authorized')}/%u`,
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      'PidFile none',
      'LogLevel VERBOSE',
    ];
    writeFileSync(join(folder, 'sshd.conf'), `${config.join('\n')}\n`);
    const libraries = readdirSync(join(tree, 'usr', 'lib')).map((name) => join(tree, 'usr', 'lib', name));
    const old = readdirSync(join(tree, 'lib')).map((name) => join(tree, 'lib', name));
    const log = join(folder, 'sshd.log');
    const words = [join(tree, 'usr', 'sbin', 'sshd'), '-D', '-e', '-f', join(folder, 'sshd.conf')];
    const sshd = engine.run(words, log, { LD_LIBRARY_PATH: [...libraries, ...old].join(':') });
    const known = readFileSync(join(folder, 'host-key.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
    writeFileSync(join(client, 'known_hosts'), `[${host}]:${port} ${known}\n`);
    const clientConfig = [
      `IdentityFile ${join(client, 'id')}`,
      'IdentitiesOnly yes',
      'IdentityAgent none',
      `UserKnownHostsFile ${join(client, 'known_hosts')}`,
      'GlobalKnownHostsFile none',
      // As usual: unknown hosts are asked about, which under BatchMode means no.
      'StrictHostKeyChecking ask',
    ];
    writeFileSync(join(client, 'client.conf'), `${clientConfig.join('\n')}\n`);
    mkdirSync(join(client, 'bin'));
    const program = `#!/bin/sh\nexec /usr/bin/ssh -F ${join(client, 'client.conf')} "$@"\n`;
    writeFileSync(join(client, 'bin', 'ssh'), program, { mode: 0o755 });
    const saved = process.env.PATH;
    process.env.PATH = `${join(client, 'bin')}:${saved}`;
    await listens(host, port, () => (sshd.ended === null ? null : `sshd ended: ${readFileSync(log, 'utf8')}`));
    return {
      engine,
      host,
      port,
      url: `ssh://root@${host}:${port}`,
      guest,
      client,
      signedIn: () => readFileSync(log, 'utf8').split('Accepted publickey').length - 1,
      close: () => {
        process.env.PATH = saved;
        return engine.close();
      },
    };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

async function listens(host: string, at: number, gaveUp: () => string | null): Promise<void> {
  for (const deadline = Date.now() + 10_000; ; ) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(at, host, () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    const reason = gaveUp() ?? (Date.now() > deadline ? 'sshd does not listen' : null);
    if (reason !== null) throw new Error(reason);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
