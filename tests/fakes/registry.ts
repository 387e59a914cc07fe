/**
 * A real image registry (Debian's docker-registry) on a free port of this machine, empty, gone with `close()`. Engines
 * speak plain HTTP to 127.0.0.0/8. The program is fetched once into the cache folder and unpacked, never installed.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { downloadPackage } from '../../scripts/setup/compose-peer.mjs';
import { freePort } from '../free-port.ts';

const run = promisify(execFile);

export interface Registry {
  /** "127.0.0.1:41234" */
  readonly host: string;
  readonly port: number;
  /** Pushes an image of the engine's under a name here; answers the reference. */
  push(image: string, name: string, login?: { username: string; password: string }): Promise<string>;
  close(): Promise<void>;
}

async function registryProgram(): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const folder = join(cache, 'quayside', 'docker-registry');
  const program = join(folder, 'docker-registry');
  if (
    await access(program)
      .then(() => true)
      .catch(() => false)
  )
    return program;
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(join(folder, '.fetch-'));
  try {
    const release = /^VERSION_CODENAME=(\w+)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1] ?? 'bookworm';
    const archive = await downloadPackage(scratch, 'docker-registry', release);
    await run('dpkg', ['-x', archive, join(scratch, 'tree')]);
    await rename(join(scratch, 'tree', 'usr', 'bin', 'docker-registry'), program);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return program;
}

/** @param htpasswd lines of "user:bcrypt"; open to anybody when left out */
export async function startRegistry(htpasswd?: string): Promise<Registry> {
  const program = await registryProgram();
  const folder = await mkdtemp(join(tmpdir(), 'quayside-registry-'));
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const config = [
    'version: 0.1',
    'log: { level: error }',
    `storage: { filesystem: { rootdirectory: ${join(folder, 'data')} } }`,
    `http: { addr: "${host}" }`,
    ...(htpasswd === undefined ? [] : [`auth: { htpasswd: { realm: test, path: ${join(folder, 'htpasswd')} } }`]),
  ];
  await writeFile(join(folder, 'config.yml'), `${config.join('\n')}\n`);
  if (htpasswd !== undefined) await writeFile(join(folder, 'htpasswd'), htpasswd);
  const child = spawn(program, ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
  await answering(host, child);
  return {
    host,
    port,
    push: (image, name, login) => push(host, image, name, login),
    async close() {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answering(host: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) throw new Error(`the registry ended with ${child.exitCode}`);
    const status = await new Promise<number>((resolve) => {
      request(`http://${host}/v2/`, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .once('error', () => resolve(0))
        .end();
    });
    if (status === 200 || status === 401) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the registry does not answer');
}

/** The product has no push, so this asks the engine itself. */
async function push(
  host: string,
  image: string,
  name: string,
  login?: { username: string; password: string },
): Promise<string> {
  const [repository = '', tag = 'latest'] = name.split(':');
  await ask('POST', `/images/${image}/tag?repo=${host}/${repository}&tag=${tag}`);
  try {
    const auth = Buffer.from(JSON.stringify(login ?? {})).toString('base64');
    const said = await ask('POST', `/images/${host}/${repository}/push?tag=${tag}`, { 'X-Registry-Auth': auth });
    if (/"error"/.test(said)) throw new Error(`${name} was not pushed: ${said.slice(-500)}`);
  } finally {
    await removeImage(`${host}/${name}`);
  }
  return `${host}/${name}`;
}

/** Takes a tag from the engine, and the image with it when it has no other. */
export async function removeImage(ref: string): Promise<void> {
  await ask('DELETE', `/images/${ref}?force=1`);
}

function ask(method: string, path: string, headers: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath: '/var/run/docker.sock', method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const status = response.statusCode ?? 0;
        if (status >= 400 && !(method === 'DELETE' && status === 404)) reject(new Error(`${path}: ${status} ${text}`));
        else resolve(text);
      });
    })
      .once('error', reject)
      .end();
  });
}
