/** Who owns what containers read and write. */
import { chown, lstat } from 'node:fs/promises';

/** Something that belongs to the user the containers run as. */
export interface Owned {
  readonly owner: { readonly uid: number; readonly gid: number };
}

/** Makes the containers' user the owner of a path, where the panel is root on Linux; elsewhere it already is. */
export async function giveTo(owned: Owned, path: string): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return;
  const { uid, gid } = owned.owner;
  const stat = await lstat(path);
  if (stat.uid !== uid || stat.gid !== gid) await chown(path, uid, gid);
}
