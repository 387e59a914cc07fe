/** A canonical model for tests that do not load a file. */
import type { ComposeProject, ComposeService } from '../../src/main/compose/model.ts';

export function composeProject(
  services: Readonly<Record<string, Partial<ComposeService>>>,
  more: Partial<ComposeProject> = {},
): ComposeProject {
  return {
    name: 'p',
    workingDir: '/p',
    files: [],
    environment: {},
    profiles: [],
    services: Object.fromEntries(
      Object.entries(services).map(([name, service]) => [name, { command: null, entrypoint: null, ...service }]),
    ),
    disabledServices: {},
    networks: {},
    volumes: {},
    secrets: {},
    configs: {},
    extensions: {},
    warnings: [],
    ...more,
  };
}
