/** The next round figure at or above `max`, so that the axis moves seldom: 1, 2, 5 times a power of ten, or powers of two for bytes. */
export function niceTop(max: number, binary: boolean): number {
  if (max <= 0) return 1;
  if (binary) return 2 ** Math.ceil(Math.log2(max));
  const unit = 10 ** Math.floor(Math.log10(max));
  const step = [1, 2, 5, 10].find((factor) => factor * unit >= max * 0.999) ?? 10;
  return step * unit;
}
