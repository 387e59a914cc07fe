import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readWindowState, usableBounds, writeWindowState } from './window-state.ts';

const folder = mkdtempSync(join(tmpdir(), 'quayside-window-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const screen = { x: 0, y: 0, width: 1920, height: 1080 };

describe('window state', () => {
  it('reads back what was written', () => {
    const path = join(folder, 'window.json');
    const state = { bounds: { x: 1, y: 2, width: 800, height: 600 }, maximized: true, theme: 'dark' } as const;
    writeWindowState(path, state);
    expect(readWindowState(path)).toEqual(state);
  });

  it.each([
    '',
    'null',
    '[]',
    '{"bounds":{"x":1}}',
    '{"bounds":{"x":1e9,"y":0,"width":1,"height":1}}',
    '{"theme":"<b>"}',
  ])('takes %j for a first start', (text) => {
    const path = join(folder, 'damaged.json');
    writeFileSync(path, text);
    expect(readWindowState(path)).toEqual({ bounds: null, maximized: false, theme: 'system' });
  });

  it.each([
    ['none kept', null, null],
    ['on the screen', { x: 10, y: 10, width: 900, height: 700 }, { x: 10, y: 10, width: 900, height: 700 }],
    ['too small', { x: 10, y: 10, width: 9, height: 7 }, { x: 10, y: 10, width: 720, height: 560 }],
    ['on a screen that is gone', { x: 4000, y: 10, width: 900, height: 700 }, null],
    ['above the screen', { x: 0, y: -300, width: 900, height: 700 }, null],
  ])('%s', (_case, kept, expected) => {
    expect(usableBounds(kept, [screen])).toEqual(expected);
  });
});
