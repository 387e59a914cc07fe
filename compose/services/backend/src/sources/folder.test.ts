import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allowedFolder, readFileWithin, scanFolder } from './folder.ts';

let base: string;
let root: string;
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'sources-')));
  root = join(base, 'root');
  mkdirSync(join(root, 'notes', 'deep'), { recursive: true });
  mkdirSync(join(base, 'outside'));
  mkdirSync(join(base, 'root-too'));
  writeFileSync(join(base, 'outside', 'secret.md'), 'secret');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe('folders that may be read', () => {
  it('lie within the roots, under whatever spelling', async () => {
    expect(await allowedFolder(join(root, 'notes'), [root])).toBe(join(root, 'notes'));
    expect(await allowedFolder('notes/../notes/deep', [root])).toBe(join(root, 'notes', 'deep'));
    expect(await allowedFolder('.', [root])).toBe(root);
    expect(await allowedFolder(join(base, 'root-too'), [root, join(base, 'root-too')])).toBe(join(base, 'root-too'));
    symlinkSync(join(root, 'notes'), join(root, 'link'));
    expect(await allowedFolder('link', [root])).toBe(join(root, 'notes'));
  });

  it('are no others', async () => {
    symlinkSync(join(base, 'outside'), join(root, 'way-out'));
    for (const path of ['/', '/etc', '..', '../outside', `${root}-too`, 'notes/../../outside', 'way-out', 'a\0b'])
      await expect(allowedFolder(path, [root]), path).rejects.toMatchObject({ code: 'folder-not-allowed' });
    await expect(allowedFolder('.', [])).rejects.toMatchObject({ code: 'folder-not-allowed' });
  });

  it('have to be there', async () => {
    await expect(allowedFolder('missing', [root])).rejects.toMatchObject({ code: 'source-unavailable' });
    writeFileSync(join(root, 'file.md'), 'x');
    await expect(allowedFolder('file.md', [root])).rejects.toMatchObject({ code: 'source-unavailable' });
  });
});

describe('files of a folder', () => {
  it('are those that can be read, without links and what hides', async () => {
    writeFileSync(join(root, 'a.md'), 'a');
    writeFileSync(join(root, 'notes', 'deep', 'B.PDF'), 'bb');
    writeFileSync(join(root, '.hidden.md'), 'x');
    writeFileSync(join(root, '~$open.docx'), 'x');
    writeFileSync(join(root, 'picture.png'), 'x');
    mkdirSync(join(root, '.git'));
    writeFileSync(join(root, '.git', 'c.md'), 'x');
    symlinkSync(join(base, 'outside', 'secret.md'), join(root, 'secret.md'));
    symlinkSync(join(base, 'outside'), join(root, 'outside'));
    const { files, ignored } = await scanFolder(root, new AbortController().signal);
    expect([...files.keys()].sort()).toEqual(['a.md', 'notes/deep/B.PDF']);
    expect(files.get('notes/deep/B.PDF')?.size).toBe(2);
    expect(ignored).toBe(3);
  });

  it('are read up to the limit, and never through a link', async () => {
    writeFileSync(join(root, 'a.md'), 'words');
    symlinkSync(join(base, 'outside', 'secret.md'), join(root, 'secret.md'));
    expect((await readFileWithin(root, 'a.md', 5))?.toString()).toBe('words');
    await expect(readFileWithin(root, 'a.md', 4)).rejects.toMatchObject({ code: 'file-too-large' });
    expect(await readFileWithin(root, 'secret.md', 100)).toBeNull();
    expect(await readFileWithin(root, 'gone.md', 100)).toBeNull();
    expect(await readFileWithin(root, 'notes', 100)).toBeNull();
  });
});
