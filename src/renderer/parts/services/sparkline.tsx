/** The last minute as a line, for the eye only: the figure stands beside it. Gaps stay gaps. */
import type { ReactNode } from 'react';
import css from './service-card.module.css';
import { sparkPath } from './spark-path.ts';

const width = 80;
const height = 22;

export function Sparkline({ values }: { readonly values: readonly (number | null)[] }): ReactNode {
  return (
    <svg className={css.spark} width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <path d={sparkPath(values, width, height)} />
    </svg>
  );
}
