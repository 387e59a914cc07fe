import { describe, expect, it } from 'vitest';
import { type KnownItem, maxChanges, planFolder, reasonToPause } from './diff.ts';
import type { FoundFile } from './folder.ts';

const files = (...entries: [string, number][]): Map<string, FoundFile> =>
  new Map(entries.map(([path, modifiedMs]) => [path, { size: 10, modifiedMs }]));
const item = (path: string, more: Partial<KnownItem> = {}): KnownItem => ({
  path,
  size: 10,
  modifiedMs: 1,
  contentSha256: 'aa',
  documentId: `doc of ${path}`,
  document: 'kept',
  ...more,
});

describe('what to do about a folder', () => {
  it('takes in what is new or changed and lets go what is gone', () => {
    const plan = planFolder(files(['same.md', 1], ['touched.md', 2], ['new.md', 1]), [
      item('same.md'),
      item('touched.md'),
      item('gone.md'),
    ]);
    expect(plan).toEqual({
      added: ['new.md'],
      changed: ['touched.md'],
      removed: [{ path: 'gone.md', documentId: 'doc of gone.md', deleteDocument: true }],
      unchanged: 1,
    });
  });

  it('sees a change of size alone', () => {
    expect(planFolder(new Map([['a.md', { size: 11, modifiedMs: 1 }]]), [item('a.md')]).changed).toEqual(['a.md']);
  });

  it('leaves alone what a person deleted or replaced by hand', () => {
    const plan = planFolder(files(['deleted.md', 1]), [
      item('deleted.md', { document: 'gone' }),
      item('replaced.md', { document: 'replaced' }),
      item('foreign.md', { document: 'foreign' }),
      item('never.md', { document: 'none', documentId: null, contentSha256: null }),
    ]);
    expect(plan.added).toEqual([]);
    expect(plan.unchanged).toBe(1);
    expect(plan.removed.map((entry) => [entry.path, entry.deleteDocument])).toEqual([
      ['replaced.md', false],
      ['foreign.md', false],
      ['never.md', false],
    ]);
  });

  it('keeps a document while one of the files that share it is there', () => {
    const shared = { documentId: 'one' };
    const plan = planFolder(files(['b.md', 1]), [item('a.md', shared), item('b.md', shared)]);
    expect(plan.removed).toEqual([{ path: 'a.md', documentId: 'one', deleteDocument: false }]);
    const neither = planFolder(files(['c.md', 1]), [item('a.md', shared), item('b.md', shared)]);
    expect(neither.removed.map((entry) => entry.deleteDocument)).toEqual([true, true]);
  });

  it('waits for a word above a thousand changes, not at a thousand', () => {
    const many = (n: number): Map<string, FoundFile> =>
      files(...Array.from({ length: n }, (_, at): [string, number] => [`${at}.md`, 1]));
    expect(reasonToPause(planFolder(many(maxChanges), []), maxChanges)).toBeNull();
    expect(reasonToPause(planFolder(many(maxChanges + 1), []), maxChanges + 1)).toContain('1001 files are new');
    const mixed = planFolder(
      many(600),
      Array.from({ length: 500 }, (_, at) => item(`old ${at}.md`)),
    );
    expect(reasonToPause(mixed, 600)).toContain('600 files are new, 0 changed and 500 are gone');
  });

  it('does not take an empty folder for the wish to delete everything', () => {
    const plan = planFolder(new Map(), [item('a.md'), item('b.md')]);
    expect(reasonToPause(plan, 0)).toContain('held 2 files before');
    expect(reasonToPause(planFolder(new Map(), []), 0)).toBeNull();
  });
});
