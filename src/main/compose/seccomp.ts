/** `security_opt: seccomp=FILE`: the engine takes the profile itself, so the file is read here. */
import { readFile } from 'node:fs/promises';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { ComposeService } from './model.ts';

const named = /^seccomp[=:](.+)$/;

/** The service with every named profile replaced by its content. @throws {ProblemError} `compose-invalid` for an unreadable one. */
export async function readSeccomp(service: ComposeService): Promise<ComposeService> {
  const options = service.security_opt ?? [];
  if (!options.some((option) => named.test(option))) return service;
  return { ...service, security_opt: await Promise.all(options.map(inline)) };
}

async function inline(option: string): Promise<string> {
  const path = named.exec(option)?.[1];
  if (path === undefined || path === 'unconfined' || path === 'builtin' || path.startsWith('{')) return option;
  try {
    return `seccomp=${JSON.stringify(JSON.parse(await readFile(path, 'utf8')))}`;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new ProblemError(
      problem('compose-invalid', 'A seccomp profile cannot be read', `security_opt names ${path}. ${cause}`, {
        remedies: [{ action: 'advice', label: 'Correct the path, or use seccomp=unconfined' }],
      }),
    );
  }
}
