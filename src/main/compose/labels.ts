/** The labels by which Docker Compose knows what belongs to a project. Exact names and forms: Compose 2.26 to 5. */
import { numberLabel, oneoffLabel, projectLabel, serviceLabel } from '../../shared/model/compose-labels.ts';

export const hashLabel = 'com.docker.compose.config-hash';
export const imageLabel = 'com.docker.compose.image';
export const dependsLabel = 'com.docker.compose.depends_on';
export const configFilesLabel = 'com.docker.compose.project.config_files';
export const workingDirLabel = 'com.docker.compose.project.working_dir';
export const environmentFileLabel = 'com.docker.compose.project.environment_file';
export const versionLabel = 'com.docker.compose.version';
const replaceLabel = 'com.docker.compose.replace';
export const networkLabel = 'com.docker.compose.network';
export const volumeLabel = 'com.docker.compose.volume';
/**
 * Ours: the canonical model a container was made from (secrets are files, so it holds none), so that a later start can
 * say what changed. Compose neither reads nor minds it.
 */
export const modelLabel = 'quayside.model';

export interface DependencyOnLabel {
  readonly service: string;
  readonly condition: string;
  readonly restart: boolean;
}

export interface ContainerIdentity {
  readonly project: string;
  readonly service: string;
  readonly number: number;
  readonly configHash: string;
  /** The local image's id. */
  readonly imageId: string;
  readonly dependsOn: readonly DependencyOnLabel[];
  /** Absolute. */
  readonly configFiles: readonly string[];
  readonly workingDir: string;
  readonly environmentFiles: readonly string[];
  /** Of the Compose whose way of hashing is followed. */
  readonly version: string;
  /** What this container replaces, on a recreated one. */
  readonly replaces?: string;
}

/** All labels of a container: the person's own first, Compose's win. */
export function containerLabels(
  own: Readonly<Record<string, string>>,
  identity: ContainerIdentity,
): Record<string, string> {
  return {
    ...own,
    [projectLabel]: identity.project,
    [serviceLabel]: identity.service,
    [numberLabel]: String(identity.number),
    [oneoffLabel]: 'False',
    [hashLabel]: identity.configHash,
    [imageLabel]: identity.imageId,
    [dependsLabel]: identity.dependsOn
      .map(({ service, condition, restart }) => `${service}:${condition}:${restart}`)
      .join(','),
    [configFilesLabel]: identity.configFiles.join(','),
    [workingDirLabel]: identity.workingDir,
    ...(identity.environmentFiles.length === 0 ? {} : { [environmentFileLabel]: identity.environmentFiles.join(',') }),
    [versionLabel]: identity.version,
    ...(identity.replaces === undefined ? {} : { [replaceLabel]: identity.replaces }),
  };
}

/** The dependency graph of a container, back from its label: the order for a stop without the file. */
export function parseDependsLabel(value: string | undefined): DependencyOnLabel[] {
  return (value ?? '')
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [service = '', condition = 'service_started', restart = 'false'] = part.split(':');
      return { service, condition, restart: restart === 'true' };
    });
}

/** `P-service-N`, unless the file names the container itself. */
export function containerName(project: string, service: string, number: number, custom?: string): string {
  return custom ?? `${project}-${service}-${number}`;
}
