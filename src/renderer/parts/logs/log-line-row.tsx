/** One log line: time, service, level, text. Everything is a text node. */
import { memo } from 'react';
import type { LogLine } from '../../../shared/model/telemetry.ts';
import { cx } from '../../ui/cx.ts';
import { formatClock } from '../../ui/format.ts';
import { parseAnsi, visibleText } from './ansi.ts';
import { highlight } from './highlight.ts';
import { levelOf } from './level.ts';
import css from './log-list.module.css';
import type { Matcher } from './search.ts';

const letters = { error: 'E', warn: 'W', debug: 'D' } as const;
const names = { error: 'error', warn: 'warning', debug: 'debug' } as const;

function LineRow({
  line,
  times,
  matcher,
  current,
  colour,
}: {
  readonly line: LogLine;
  readonly times: boolean;
  readonly matcher: Matcher | null;
  readonly current: boolean;
  /** As CSS names it. */
  readonly colour: string;
}) {
  const plain = visibleText(line.text);
  const level = levelOf(plain);
  const pieces = highlight(parseAnsi(line.text), matcher?.ranges(plain) ?? []);
  return (
    <div className={cx(css.line, level !== null && css[level], current && css.current)}>
      {times ? <time className={css.time}>{formatClock(line.atMs)}</time> : null}
      <span className={css.service} style={{ color: colour }} title={line.container}>
        {line.service}
      </span>
      <span className={css.level} title={level === null ? undefined : names[level]}>
        {level === null ? '' : letters[level]}
      </span>
      <span className={css.text}>
        {pieces.map((piece, index) => {
          const name = cx(
            piece.fg !== undefined && css[`fg${piece.fg}`],
            piece.bg !== undefined && css[`bg${piece.bg}`],
            piece.bold === true && css.bold,
            piece.dim === true && css.dim,
            piece.italic === true && css.italic,
            piece.underline === true && css.underline,
          );
          // biome-ignore-start lint/suspicious/noArrayIndexKey: the pieces of a line never move
          return piece.hit ? (
            <mark key={index} className={cx(name, css.hit)}>
              {piece.text}
            </mark>
          ) : (
            <span key={index} className={name === '' ? undefined : name}>
              {piece.text}
            </span>
          );
          // biome-ignore-end lint/suspicious/noArrayIndexKey: the pieces of a line never move
        })}
      </span>
    </div>
  );
}

export const LogLineRow = memo(LineRow);
