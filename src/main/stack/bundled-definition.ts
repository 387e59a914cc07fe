/** The bundled RAG stack of an environment: its Compose files, as many as it has capabilities on, with its variables. */
import { loadProject } from '../compose/load.ts';
import { composeFilesOf } from '../config/capabilities.ts';
import type { Environment } from '../config/environment.ts';
import { readState, updateState } from '../config/environment-state.ts';
import { writeSourceFolders } from '../config/source-folders.ts';
import { composeVariables, writeComposeEnv } from '../config/variables.ts';
import type { StackDefinition } from './definition.ts';
import { withScale } from './overrides.ts';
import type { StackImages } from './stack-images.ts';

/** Below this the stack could not be held at all. */
export const bundledLeastMemoryBytes = 1024 ** 3;

export function bundledDefinition(environment: Environment, images: StackImages): StackDefinition {
  return {
    project: environment.project,
    title: 'the stack',
    async prepare() {
      await writeComposeEnv(environment);
      await writeSourceFolders(environment);
    },
    async load() {
      const [files, variables, { scale }] = await Promise.all([
        composeFilesOf(environment),
        composeVariables(environment),
        readState(environment),
      ]);
      const model = await loadProject({
        files,
        projectName: environment.project,
        variables,
        envFiles: [],
      });
      return withScale(model, scale);
    },
    images,
    environmentFiles: [],
    async rememberPorts(ports) {
      await updateState(environment, (state) => ({ ...state, ports: { ...state.ports, ...ports } }));
    },
    async rememberScale(service, replicas) {
      await updateState(environment, (state) => ({ ...state, scale: { ...state.scale, [service]: replicas } }));
    },
    // The files have one variable per service; the gateway publishes the backend's.
    portKey: (_model, service) => (service === 'gateway' ? 'backend' : service),
    removesOrphans: true,
    needs: { roomIn: environment.root, leastMemoryBytes: bundledLeastMemoryBytes },
    dataFolder: environment.volumesDir,
    cliOption: environment.name === 'dev' ? '' : `--env ${environment.name}`,
  };
}
