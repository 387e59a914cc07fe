/** Secrets and configs whose content is text, not a file: written into the container after its create. */
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import type { EngineClient, Owner } from '../engine/engine-client.ts';
import type { ComposeFileObject, ComposeProject, ComposeService } from './model.ts';

interface Grant {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Does nothing for a service whose grants are all files. @throws {ProblemError} `compose-invalid` where it cannot be done. */
export async function writeGrants(
  engine: EngineClient,
  owner: Owner,
  containerId: string,
  project: ComposeProject,
  serviceName: string,
  service: ComposeService,
): Promise<void> {
  const grants = grantsOf(project, service);
  if (grants.length === 0) return;
  if (service.read_only === true) {
    throw new ProblemError(
      problem(
        'compose-invalid',
        `${serviceName} cannot be given its secrets`,
        'A secret or config from text or a variable is written into the container, and this one is read_only.',
        { remedies: [{ action: 'advice', label: 'Use a secret with file:, or drop read_only' }], service: serviceName },
      ),
    );
  }
  const archive = pack();
  for (const { path, content, mode, uid, gid } of grants) {
    archive.entry({ name: path.replace(/^\//, ''), mode, uid, gid, type: 'file' }, content);
  }
  archive.finalize();
  await engine.putArchive(containerId, owner, '/', Readable.from(archive));
}

function grantsOf(project: ComposeProject, service: ComposeService): Grant[] {
  const of = (
    references: ComposeService['secrets'],
    declared: Readonly<Record<string, ComposeFileObject>>,
    folder: string,
  ): Grant[] =>
    (references ?? []).flatMap((reference) => {
      const object = declared[reference.source];
      const content =
        object?.content ??
        (object?.environment === undefined ? undefined : (project.environment[object.environment] ?? ''));
      if (object === undefined || object.file !== undefined || content === undefined) return [];
      const target = reference.target ?? reference.source;
      return {
        path: target.startsWith('/') ? target : `${folder}${target}`,
        content,
        mode: reference.mode ?? 0o444,
        uid: Number(reference.uid ?? 0),
        gid: Number(reference.gid ?? 0),
      };
    });
  return [...of(service.secrets, project.secrets, '/run/secrets/'), ...of(service.configs, project.configs, '/')];
}
