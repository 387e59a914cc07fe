/** Docker's own notion of "the current engine": `docker context`, read from its files, never through its CLI. */
import { createHash } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asObject, asText } from '../../shared/model/json.ts';
import type { EngineEndpoint } from './engine-client.ts';
import { endpointRefused } from './engine-problems.ts';

/**
 * The engine of the context in force; null when it is the default one.
 * Layout: docker/cli `cli/context/store`: folders are named by the SHA-256 of the context's name.
 * @param configDir usually `~/.docker`
 * @param chosen DOCKER_CONTEXT, which goes before the file
 * @throws {ProblemError} when the context in force does not exist
 */
export async function currentContext(configDir: string, chosen: string | undefined): Promise<EngineEndpoint | null> {
  const name = chosen || asText((await readJson(join(configDir, 'config.json'))).currentContext);
  if (name === '' || name === 'default') return null;
  const folder = createHash('sha256').update(name).digest('hex');
  const meta = await readJson(join(configDir, 'contexts', 'meta', folder, 'meta.json'));
  const host = asText(asObject(asObject(meta.Endpoints).docker).Host);
  if (host === '') {
    throw endpointRefused(
      `The Docker context ${name} does not exist`,
      `${chosen ? 'DOCKER_CONTEXT' : join(configDir, 'config.json')} names it, but it has no engine address.`,
      { action: 'copy-command', label: 'Go back to the default context', command: 'docker context use default' },
    );
  }
  if (host.startsWith('tcp:') && asObject(asObject(meta.Endpoints).docker).SkipTLSVerify === true) {
    throw endpointRefused(
      `The Docker context ${name} leaves out the check of the engine’s certificate`,
      'With "skip-tls-verify" anyone on the way could take over the engine’s machine, so Quayside does not connect like that.',
      {
        action: 'copy-command',
        label: 'Give the context the authority of the engine instead',
        command: `docker context update ${name} --docker "host=${host},ca=ca.pem,cert=cert.pem,key=key.pem"`,
      },
    );
  }
  const tlsDir = join(configDir, 'contexts', 'tls', folder, 'docker');
  const present = ['ca.pem', 'cert.pem', 'key.pem'].map((file) => access(join(tlsDir, file)));
  const hasTls = (await Promise.allSettled(present)).some(({ status }) => status === 'fulfilled');
  return { url: host, foundBy: `docker context ${name}`, ...(hasTls ? { tlsDir } : {}) };
}

/** Docker itself goes on with its defaults when the file is absent or broken. */
async function readJson(path: string): Promise<Record<string, unknown>> {
  try {
    return asObject(JSON.parse(await readFile(path, 'utf8')) as unknown);
  } catch {
    return {};
  }
}
