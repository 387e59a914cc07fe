/** Where the window was and how it looked: read before the first paint, so one small file and no library. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

export interface Bounds {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
export interface WindowState {
  /** null until the window has been closed once, or when what was kept is of no use. */
  readonly bounds: Bounds | null;
  readonly maximized: boolean;
  readonly theme: 'system' | 'light' | 'dark';
}

export const minSize = { width: 720, height: 560 } as const;
export const firstSize = { width: 1240, height: 820 } as const;
const nothingKept: WindowState = { bounds: null, maximized: false, theme: 'system' };

/** Never throws: a missing or damaged file is a first start. */
export function readWindowState(path: string): WindowState {
  try {
    const kept: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof kept !== 'object' || kept === null) return nothingKept;
    const { bounds, maximized, theme } = kept as Record<string, unknown>;
    return {
      bounds: isBounds(bounds) ? bounds : null,
      maximized: maximized === true,
      theme: theme === 'light' || theme === 'dark' ? theme : 'system',
    };
  } catch {
    return nothingKept;
  }
}

/** Written whole or not at all. Never throws: a position is not worth a failure. */
export function writeWindowState(path: string, state: WindowState): void {
  try {
    writeFileSync(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch {
    // The next start opens in the middle of the screen.
  }
}

/** The kept bounds if they still show on one of the screens, at least as large as the window may be; else null. */
export function usableBounds(bounds: Bounds | null, screens: readonly Bounds[]): Bounds | null {
  if (bounds === null) return null;
  const sized = {
    ...bounds,
    width: Math.max(bounds.width, minSize.width),
    height: Math.max(bounds.height, minSize.height),
  };
  // The title bar must be within reach: 100 x 40 pixels of the top on some screen.
  const reachable = screens.some(
    (screen) =>
      sized.x + sized.width >= screen.x + 100 &&
      sized.x <= screen.x + screen.width - 100 &&
      sized.y >= screen.y - 10 &&
      sized.y <= screen.y + screen.height - 40,
  );
  return reachable ? sized : null;
}

function isBounds(value: unknown): value is Bounds {
  if (typeof value !== 'object' || value === null) return false;
  const { x, y, width, height } = value as Record<string, unknown>;
  return [x, y, width, height].every((part) => Number.isInteger(part) && Math.abs(part as number) < 100_000);
}
