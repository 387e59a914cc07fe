/** SVG path of a series, scaled to its own maximum (at least `floor`); null values lift the pen. */
export function sparkPath(values: readonly (number | null)[], width: number, height: number, floor = 0.05): string {
  const max = values.reduce<number>((most, value) => Math.max(most, value ?? 0), floor);
  const stepX = values.length > 1 ? width / (values.length - 1) : 0;
  let path = '';
  let down = false;
  values.forEach((value, index) => {
    if (value === null) {
      down = false;
      return;
    }
    const x = (index * stepX).toFixed(1);
    const y = (height - 1.5 - (value / max) * (height - 3)).toFixed(1);
    path += `${down ? 'L' : 'M'}${x} ${y}`;
    down = true;
  });
  return path;
}
