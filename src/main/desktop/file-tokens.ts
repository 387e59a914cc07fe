/** Files the person dropped or picked. The page holds tokens; the paths stay here. */
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { OfferedFile } from '../../shared/contract/contract.ts';
import { ProblemError, problem } from '../../shared/model/problem.ts';

const maxTokens = 5000;
const maxOffer = 1000;

export interface FileTokens {
  /** Files and folders that can be read, at most 1000; others are left out. A folder has 0 bytes. */
  offer(paths: readonly string[]): Promise<OfferedFile[]>;
  /** @throws {ProblemError} `file-forgotten` for a token that this run never gave, or gave more than 5000 files ago. */
  resolve(tokens: readonly string[]): { path: string; name: string }[];
}

export function createFileTokens(): FileTokens {
  const files = new Map<string, { path: string; name: string }>();
  return {
    async offer(paths) {
      const offered: OfferedFile[] = [];
      for (const path of paths.slice(0, maxOffer)) {
        const found = await stat(path).catch(() => null);
        if (found === null || !(found.isFile() || found.isDirectory())) continue;
        const token = randomUUID();
        const name = basename(path).slice(0, 500);
        files.set(token, { path, name });
        offered.push({ token, name, bytes: found.isFile() ? found.size : 0 });
      }
      for (const oldest of files.keys()) {
        if (files.size <= maxTokens) break;
        files.delete(oldest);
      }
      return offered;
    },
    resolve(tokens) {
      return tokens.map((token) => {
        const file = files.get(token);
        if (file !== undefined) return file;
        throw new ProblemError(
          problem(
            'file-forgotten',
            'A file has to be chosen again',
            'The panel no longer knows which file was meant.',
            {
              remedies: [{ action: 'advice', label: 'Drop or choose the files again' }],
            },
          ),
        );
      });
    },
  };
}
