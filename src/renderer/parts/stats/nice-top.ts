/** The next round figure at or above `max`, so that the axis moves seldom: a few steps per power of ten, or powers of two for bytes. */
export function niceTop(max: number, binary: boolean): number {
  if (max <= 0) return 1;
  if (binary) return 2 ** Math.ceil(Math.log2(max));
  const unit = 10 ** Math.floor(Math.log10(max));
  const step = [1, 1.5, 2, 3, 4, 6, 8, 10].find((factor) => factor * unit >= max * 0.999) ?? 10;
  return step * unit;
}
