import { describe, expect, it } from 'vitest';
import { displayName, sourceOf } from './repository.ts';

describe('names of documents', () => {
  it.each([
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\me\\notes.md', 'notes.md'],
    ['..', 'document'],
    ['', 'document'],
    ['gnp.\u202Etxt', 'gnp.txt'],
    ['a\u0000b.md', 'ab.md'],
  ])('shows %j as %j', (given, shown) => {
    expect(displayName(given)).toBe(shown);
  });
  it('keeps the end of a very long name, where its kind is', () => {
    expect(displayName(`${'x'.repeat(400)}.pdf`)).toMatch(/^x+\.pdf$/);
    expect(displayName(`${'x'.repeat(400)}.pdf`)).toHaveLength(300);
  });
  it('knows a document by its place, never upwards', () => {
    expect(sourceOf('notes/../../etc/readme.md')).toBe('notes/etc/readme.md');
    expect(sourceOf('/')).toBe('document');
  });
});
