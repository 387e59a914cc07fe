/** Starts a stopped engine, only where that asks for no password. */
import { execFile, spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { localPath } from './connection.ts';
import type { Surroundings } from './discovery.ts';
import type { EngineEndpoint } from './engine-client.ts';

/** Resolves true when the command ended well. */
export type Run = (command: string, args: readonly string[]) => Promise<boolean>;

/** The commands to try in turn; empty when this account cannot start it. */
export function startCommands(
  endpoint: EngineEndpoint,
  { platform, uid, home, env }: Surroundings,
  systemd: boolean,
): [string, string[]][] {
  // A machine across the network is not ours to start programs on.
  if (localPath(endpoint.url) === null) return [];
  if (platform === 'darwin')
    return [['open', ['-g', '-a', endpoint.url.includes('.orbstack') ? 'OrbStack' : 'Docker']]];
  if (platform === 'win32') {
    return [[`${env.ProgramFiles ?? 'C:\\Program Files'}\\Docker\\Docker\\Docker Desktop.exe`, []]];
  }
  const path = localPath(endpoint.url) ?? '';
  if (path.startsWith(`${home}/.docker/desktop/`)) return [['systemctl', ['--user', 'start', 'docker-desktop']]];
  if (/^\/run\/user\/\d+\/docker\.sock$/.test(path)) return [['systemctl', ['--user', 'start', 'docker']]];
  if (uid !== 0 || (path !== '/var/run/docker.sock' && path !== '/run/docker.sock')) return [];
  const service: [string, string[]] = ['service', ['docker', 'start']];
  return systemd ? [['systemctl', ['--no-ask-password', 'start', 'docker']], service] : [service];
}

/** True when a command was found that began to start it; the caller waits for the engine itself. */
export async function tryStart(
  endpoint: EngineEndpoint,
  around: Surroundings,
  run: Run = runCommand,
): Promise<boolean> {
  const systemd = await access('/run/systemd/system').then(
    () => true,
    () => false,
  );
  for (const [command, args] of startCommands(endpoint, around, systemd)) {
    if (await run(command, args)) return true;
  }
  return false;
}

const runCommand: Run = (command, args) =>
  new Promise((resolve) => {
    if (command.endsWith('.exe')) {
      const child = spawn(command, [...args], { detached: true, stdio: 'ignore' });
      child.once('error', () => resolve(false));
      child.once('spawn', () => {
        child.unref();
        resolve(true);
      });
      return;
    }
    execFile(command, [...args], { timeout: 60_000 }, (error) => resolve(error === null));
  });
