/** The reference of the image a service runs. */
import type { ComposeProject, ComposeService } from './model.ts';

/** What the file names, or for a service that is only built the name Compose gives its image: `project-service`. */
export function imageRefOf(project: Pick<ComposeProject, 'name'>, name: string, service: ComposeService): string {
  return service.image === undefined || service.image === '' ? `${project.name}-${name}` : service.image;
}

/** The platform a service runs on, as in `linux/arm64`: its own, else DOCKER_DEFAULT_PLATFORM; undefined is the engine's. */
export function platformOf(
  project: Pick<ComposeProject, 'environment'>,
  service: Pick<ComposeService, 'platform'>,
): string | undefined {
  return service.platform || project.environment.DOCKER_DEFAULT_PLATFORM || undefined;
}
