/** Files in and out of a container, as uncompressed tar. */
import { containerPath, ownContainer } from './containers.ts';
import type { EngineClient } from './engine-client.ts';
import type { Requester } from './request.ts';

type Archives = Pick<EngineClient, 'getArchive' | 'putArchive'>;

export function createArchives(requester: Requester): Archives {
  return {
    async getArchive(id, owner, path, signal) {
      await ownContainer(requester, id, owner, signal);
      const what = `read ${path} from the container`;
      const { body } = await requester.open({
        method: 'GET',
        path: `${containerPath(id)}/archive`,
        query: { path },
        what,
        signal,
        deadlineMs: 60_000,
      });
      return body;
    },
    async putArchive(id, owner, path, tar, signal) {
      await ownContainer(requester, id, owner, signal);
      const what = `write ${path} into the container`;
      try {
        await requester.json({
          method: 'PUT',
          path: `${containerPath(id)}/archive`,
          query: { path },
          upload: tar,
          what,
          signal,
          deadlineMs: 60_000,
        });
      } finally {
        tar.destroy();
      }
    },
  };
}
