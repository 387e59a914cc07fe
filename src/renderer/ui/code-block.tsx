/** Lines to be taken along: what they are, the lines, and a way to copy them. */
import type { ReactNode } from 'react';
import css from './code-block.module.css';
import { CopyButton } from './copy-button.tsx';

export function CodeBlock({
  title,
  text,
  copyLabel = 'Copy this code',
}: {
  readonly title: string;
  readonly text: string;
  readonly copyLabel?: string;
}): ReactNode {
  return (
    <div className={css.code}>
      <div className={css.head}>
        <span>{title}</span>
        <CopyButton text={text} label={copyLabel}>
          Copy
        </CopyButton>
      </div>
      <pre>
        <code>{text}</code>
      </pre>
    </div>
  );
}
