/** The images of any Compose project: pulled as its services say. */
import { imageRefOf } from '../compose/image-ref.ts';
import type { EngineClient } from '../engine/engine-client.ts';
import type { StackImages } from './stack-images.ts';

export function createProjectImages({
  engine,
}: {
  readonly engine: () => EngineClient;
  readonly dockerConfigDir: string;
}): StackImages {
  return {
    needed(project, services) {
      return Promise.all(
        [...services].map(async (service) => {
          const declared = project.services[service];
          const ref = declared === undefined ? service : imageRefOf(project, service, declared);
          const present = (await engine().inspectImage(ref)) !== null;
          return { service, ref, present, action: present ? 'none' : 'pull', reason: present ? null : 'it is not here' };
        }),
      );
    },
    async ensure(_project, need, listener, signal) {
      listener.onPhase('pulling', `Pulling ${need.ref}`);
      await engine().pullImage(need.ref, (progress) => listener.onProgress(progress), signal);
      return need.ref;
    },
  };
}
