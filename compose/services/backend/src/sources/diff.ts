/**
 * What to do about a folder, from three sides: what it holds now, what it held when it was last looked at, and what
 * became of the documents meanwhile. A document that a person took out or replaced by hand is left as that person has it.
 */
import type { FoundFiles } from './folder.ts';

export interface KnownItem {
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  /** null: it could not be read last time. */
  readonly contentSha256: string | null;
  readonly documentId: string | null;
  /**
   * `kept`: as this source left it. `replaced`: its newest version is another. `gone`: deleted by hand. `foreign`: it was
   * there before, from elsewhere. `none`: there never was one.
   */
  readonly document: 'kept' | 'replaced' | 'gone' | 'foreign' | 'none';
}

export interface FolderPlan {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  /** Files that are gone. */
  readonly removed: readonly { path: string; documentId: string | null; deleteDocument: boolean }[];
  readonly unchanged: number;
}

export function planFolder(files: FoundFiles, items: readonly KnownItem[]): FolderPlan {
  const known = new Map(items.map((item) => [item.path, item]));
  const added: string[] = [];
  const changed: string[] = [];
  let unchanged = 0;
  for (const [path, file] of files) {
    const item = known.get(path);
    if (item === undefined) added.push(path);
    else if (item.size !== file.size || item.modifiedMs !== file.modifiedMs) changed.push(path);
    else unchanged += 1;
  }
  const present = new Set<string>();
  for (const item of items) if (files.has(item.path) && item.documentId !== null) present.add(item.documentId);
  const removed = items
    .filter((item) => !files.has(item.path))
    .map((item) => ({
      path: item.path,
      documentId: item.documentId,
      // Two files of the same bytes are one document: it stays while one of them does.
      deleteDocument: item.document === 'kept' && item.documentId !== null && !present.has(item.documentId),
    }));
  return { added, changed, removed, unchanged };
}

/** More than this at once is more often a folder that was moved or not mounted than work of a person. */
export const maxChanges = 1000;

/** Why a plan should wait for a person's word; null when it need not. */
export function reasonToPause(plan: FolderPlan, files: number): string | null {
  if (files === 0 && plan.removed.length > 0)
    return `The folder is empty, but held ${plan.removed.length} files before. Is it mounted? Synchronise with allowLarge to take it as it is.`;
  const changes = plan.added.length + plan.changed.length + plan.removed.length;
  if (changes <= maxChanges) return null;
  return `${plan.added.length} files are new, ${plan.changed.length} changed and ${plan.removed.length} are gone; more than ${maxChanges} at once wait for a person's word. Synchronise with allowLarge to go on.`;
}
