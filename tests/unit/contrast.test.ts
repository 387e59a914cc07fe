import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Every text/ground pair the components use keeps a contrast of 4.5:1 in both themes (WCAG 2.2 AA). */
const css = readFileSync(join(import.meta.dirname, '../../src/renderer/app/tokens.css'), 'utf8');

type Theme = Readonly<Record<string, string>>;

/** The custom properties of one theme; the dark one keeps what it does not change. */
function themes(): { light: Theme; dark: Theme } {
  const blocks = [...css.matchAll(/(:root[^{]*)\{([^}]*)\}/g)].map(([, selector = '', body = '']) => ({
    selector,
    values: Object.fromEntries([...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name, hex]) => [name, hex])),
  }));
  const merged = (wanted: string): Theme =>
    Object.assign(
      {},
      ...blocks.filter((block) => block.selector.includes(wanted)).map((block) => block.values),
    ) as Theme;
  const light = merged('light');
  return { light, dark: { ...light, ...merged('dark') } };
}

/** Relative luminance of sRGB, WCAG 2.2. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const grounds = ['canvas', 'surface', 'surface-2', 'surface-3'];
const pairs: readonly (readonly [string, string])[] = [
  ...['ink', 'ink-2', 'ink-3', 'accent-text'].flatMap((ink) => grounds.map((ground) => [ink, ground] as const)),
  ...['good', 'warn', 'bad', 'busy', 'idle'].flatMap((tone) => [
    [tone, `${tone}-soft`] as const,
    [tone, 'surface'] as const,
    [tone, 'surface-2'] as const,
  ]),
  ['accent-ink', 'accent'],
  ['accent-ink', 'accent-hover'],
  ['accent-text', 'accent-soft'],
  ['ink', 'accent-soft'],
  ['sea-ink', 'sea'],
  ['sea-ink-2', 'sea'],
  ['sea-ink', 'sea-2'],
  ['highlight-ink', 'highlight'],
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((n) => [`series-${n}`, 'surface'] as const),
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => [`ansi-${n}`, 'surface'] as const),
];

describe.each(['light', 'dark'] as const)('contrast in the %s theme', (name) => {
  const theme = themes()[name];
  it.each(pairs)('%s on %s is readable', (ink, ground) => {
    expect(contrast(theme[ink] ?? '', theme[ground] ?? '')).toBeGreaterThanOrEqual(4.5);
  });
  it('shows where the focus is', () => {
    for (const ground of grounds) expect(contrast(theme.focus ?? '', theme[ground] ?? '')).toBeGreaterThanOrEqual(3);
  });
});
