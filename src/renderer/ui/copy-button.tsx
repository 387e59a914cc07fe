/** Copies a text and says so in place. */
import { Check, Copy } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { announce } from './announce.ts';
import { copyText } from './clipboard.ts';
import css from './copy-button.module.css';
import { cx } from './cx.ts';

/** `text` is what is copied (made on press when a function), `children` what is shown, `label` the accessible name. */
export function CopyButton({
  text,
  label,
  mono = false,
  children,
}: {
  readonly text: string | (() => string);
  readonly label: string;
  readonly mono?: boolean;
  readonly children: ReactNode;
}): ReactNode {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = (): void => {
    void copyText(typeof text === 'function' ? text() : text).then((done) => {
      setCopied(done);
      announce(done ? 'Copied' : 'Copying did not work');
    });
  };
  const Icon = copied ? Check : Copy;
  return (
    <button type="button" className={cx(css.copy, mono && css.mono)} aria-label={label} title={label} onClick={copy}>
      <span>{children}</span>
      <Icon size={13} aria-hidden className={cx(css.icon, copied && css.copied)} />
    </button>
  );
}
