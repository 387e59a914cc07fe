/**
 * The logins `docker login` keeps: read from Docker's own config.json, or asked of the helper it names, and handed to
 * the engine for the one registry they are for. They stand in no log, no argument and no Problem.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { asObject, asText } from '../../shared/model/json.ts';
import { type Problem, ProblemError, problem } from '../../shared/model/problem.ts';
import { errorCode } from './engine-errors.ts';

/** The Engine API's AuthConfig. */
interface Login {
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly serveraddress: string;
}

export interface RegistryLogins {
  /**
   * The `X-Registry-Auth` header for one image; undefined where no login is kept for its registry.
   * @throws {ProblemError} `registry-config-broken`, `registry-helper-failed`; the signal's reason on abort
   */
  forImage(ref: string, signal?: AbortSignal): Promise<string | undefined>;
  /** The `X-Registry-Config` header for a build on these images: the logins of their registries and of no other. */
  forBuild(refs: readonly string[], signal?: AbortSignal): Promise<string | undefined>;
}

const hub = 'docker.io';
/** What Docker files the login of Docker Hub under. */
const hubKey = 'https://index.docker.io/v1/';
const maxConfigBytes = 1024 * 1024;
const maxHelperBytes = 64 * 1024;
/** A helper may ask the person to unlock their keychain. */
const helperTimeoutMs = 30_000;

/** The registry a reference is pulled from, with its port: "docker.io", "localhost:5000". */
export function registryOf(ref: string): string {
  const [first = '', ...rest] = ref.split('/');
  if (rest.length === 0 || !(/[.:]/.test(first) || first === 'localhost')) return hub;
  return first === 'index.docker.io' ? hub : first;
}

/**
 * @param configDir usually `~/.docker`, or DOCKER_CONFIG
 * @param options.env what a helper runs with; `process.env` when left out
 */
export function createRegistryLogins(
  configDir: string,
  options: { readonly timeoutMs?: number; readonly env?: NodeJS.ProcessEnv } = {},
): RegistryLogins {
  const file = join(configDir, 'config.json');

  async function readConfig(): Promise<Record<string, unknown>> {
    let text: string;
    try {
      const bytes = await readFile(file);
      if (bytes.length > maxConfigBytes) throw new Error('it is larger than 1 MiB');
      text = bytes.toString('utf8');
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return {};
      throw broken(file, error instanceof Error ? error.message : String(error));
    }
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return asObject(value);
    } catch {
      // What the parser says quotes the text, which may hold a login.
    }
    throw broken(file, 'it is not a JSON object');
  }

  async function loginOf(registry: string, signal: AbortSignal | undefined): Promise<Login | undefined> {
    const config = await readConfig();
    const key = registry === hub ? hubKey : registry;
    const entry = entryOf(asObject(config.auths), registry);
    const own = asText(asObject(config.credHelpers)[registry]) || asText(asObject(config.credHelpers)[key]);
    const helper = own || asText(config.credsStore);
    if (helper === '') return entry === undefined ? undefined : loginIn(entry.value, entry.key, file);
    try {
      return await askHelper(helper, key, signal, options);
    } catch (error) {
      // A login that was made here and cannot be read is told. Without one, most images can be had by anybody.
      if (signal?.aborted === true || own !== '' || entry !== undefined) throw error;
      return undefined;
    }
  }

  return {
    async forImage(ref, signal) {
      const login = await loginOf(registryOf(ref), signal);
      return login === undefined ? undefined : header(login);
    },
    async forBuild(refs, signal) {
      const logins: Record<string, Login> = {};
      for (const registry of new Set(refs.map(registryOf))) {
        const login = await loginOf(registry, signal);
        if (login !== undefined) logins[registry === hub ? hubKey : registry] = login;
      }
      return Object.keys(logins).length === 0 ? undefined : header(logins);
    },
  };
}

/** Base64 for URLs of the JSON, padded: engines up to 22 take an unpadded header for none, without a word. */
function header(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}

/** The entry of exactly this registry: filed under its name, or under an address of it as older Dockers did. */
function entryOf(auths: Record<string, unknown>, registry: string): { key: string; value: unknown } | undefined {
  const names = registry === hub ? [hubKey, 'index.docker.io', hub] : [registry];
  for (const key of names) if (Object.hasOwn(auths, key)) return { key, value: auths[key] };
  const found = Object.keys(auths).find((key) => names.includes(key.replace(/^https?:\/\//, '').replace(/\/.*$/, '')));
  return found === undefined ? undefined : { key: found, value: auths[found] };
}

function loginIn(value: unknown, serveraddress: string, file: string): Login | undefined {
  const entry = asObject(value);
  const identitytoken = asText(entry.identitytoken);
  if (identitytoken !== '') return { identitytoken, serveraddress };
  const auth = asText(entry.auth);
  if (auth === '') {
    const username = asText(entry.username);
    return username === '' ? undefined : { username, password: asText(entry.password), serveraddress };
  }
  const text = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = text.indexOf(':');
  if (colon <= 0) throw broken(file, `the login of ${serveraddress} is not "user:password" in base64`);
  return { username: text.slice(0, colon), password: text.slice(colon + 1), serveraddress };
}

/** docker-credential-helpers' protocol: the address on standard input, JSON on standard output. */
async function askHelper(
  helper: string,
  key: string,
  signal: AbortSignal | undefined,
  options: { readonly timeoutMs?: number; readonly env?: NodeJS.ProcessEnv },
): Promise<Login | undefined> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(helper))
    throw new ProblemError(helperFailed(helper, key, 'its name is none'));
  const { code, stdout } = await runHelper(helper, key, signal, options);
  if (code !== 0) {
    // On failure a helper says on standard output why.
    if (/credentials not found|no credentials server|no username provided/i.test(stdout)) return undefined;
    throw new ProblemError(helperFailed(helper, key, stdout.trim().slice(0, 200) || `it ended with ${code}`));
  }
  let answer: Record<string, unknown> = {};
  try {
    answer = asObject(JSON.parse(stdout) as unknown);
  } catch {
    throw new ProblemError(helperFailed(helper, key, 'its answer is not JSON'));
  }
  const [username, secret] = [asText(answer.Username), asText(answer.Secret)];
  if (username === '' && secret === '') return undefined;
  return username === '<token>'
    ? { identitytoken: secret, serveraddress: key }
    : { username, password: secret, serveraddress: key };
}

function runHelper(
  helper: string,
  key: string,
  signal: AbortSignal | undefined,
  { timeoutMs = helperTimeoutMs, env = process.env }: { timeoutMs?: number; env?: NodeJS.ProcessEnv },
): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const child = spawn(`docker-credential-${helper}`, ['get'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...env, PATH: helperPath(env) },
      windowsHide: true,
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const fail = (reason: unknown) => {
      stop();
      child.kill('SIGKILL');
      reject(reason);
    };
    const onAbort = () => fail(signal?.reason);
    const timer = setTimeout(() => {
      fail(new ProblemError(helperFailed(helper, key, `no answer for ${timeoutMs / 1000} s`)));
    }, timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    function stop(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
    child.once('error', (error) => {
      const why = errorCode(error) === 'ENOENT' ? 'there is no such program' : error.message;
      fail(new ProblemError(helperFailed(helper, key, why), { cause: error }));
    });
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxHelperBytes) fail(new ProblemError(helperFailed(helper, key, 'its answer is too long')));
      else chunks.push(chunk);
    });
    child.once('close', (code) => {
      stop();
      resolve({ code: code ?? 1, stdout: Buffer.concat(chunks).toString('utf8') });
    });
    // A helper that ends without reading is judged by how it ended.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${key}\n`);
  });
}

/** A window that was not started from a terminal lacks the folders where Docker Desktop puts its helpers. */
function helperPath(env: NodeJS.ProcessEnv): string {
  const own = env.PATH ?? '';
  if (process.platform === 'win32') return own;
  const usual = ['/usr/local/bin', '/opt/homebrew/bin', join(homedir(), '.docker', 'bin')];
  return [own, ...usual].filter((folder) => folder !== '').join(delimiter);
}

function broken(file: string, why: string): ProblemError {
  return new ProblemError(
    problem('registry-config-broken', 'The logins of image registries cannot be read', `${file}: ${why}.`, {
      remedies: [
        { action: 'advice', label: `Mend ${file}, or move it away and log in again` },
        { action: 'retry', label: 'Try again' },
      ],
    }),
  );
}

function helperFailed(helper: string, key: string, why: string): Problem {
  return problem(
    'registry-helper-failed',
    'The login of an image registry cannot be read',
    `Docker keeps the login of ${key} in docker-credential-${helper}, which failed: ${why}.`,
    {
      remedies: [
        { action: 'copy-command', label: 'Log in again', command: `docker login${key === hubKey ? '' : ` ${key}`}` },
        { action: 'retry', label: 'Try again' },
      ],
    },
  );
}
