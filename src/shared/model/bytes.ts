/** Bytes as people read them, the same in the window, on a terminal and in a Problem. */

const units = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** "0 B", "812 KB", "1.4 GB": at most three figures; powers of 1024 under the common names, as engines print them. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) return 'unknown';
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? (unit >= 3 ? 1 : 0) : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}
