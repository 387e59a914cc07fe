/** Buttons. A disabled one keeps its place and, where it matters, says why in its title. */
import type { LucideIcon } from 'lucide-react';
import type { ButtonHTMLAttributes, ComponentPropsWithRef, ReactNode } from 'react';
import css from './button.module.css';
import { cx } from './cx.ts';
import { Hint } from './hint.tsx';

interface ButtonProps extends ComponentPropsWithRef<'button'> {
  readonly kind?: 'primary' | 'secondary' | 'quiet' | 'danger';
  readonly size?: 'sm' | 'md' | 'lg';
  readonly icon?: LucideIcon | undefined;
}

export function Button({
  kind = 'secondary',
  size = 'md',
  icon: Icon,
  className,
  children,
  ...rest
}: ButtonProps): ReactNode {
  return (
    <button type="button" className={cx(css.button, css[kind], css[size], className)} {...rest}>
      {Icon === undefined ? null : <Icon size={size === 'lg' ? 18 : 15} aria-hidden />}
      <span>{children}</span>
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** The accessible name, and the hint on hover and focus. */
  readonly label: string;
  readonly icon: LucideIcon;
  readonly size?: 'sm' | 'md';
}

export function IconButton({ label, icon: Icon, size = 'md', className, ...rest }: IconButtonProps): ReactNode {
  return (
    <Hint text={label}>
      <button type="button" aria-label={label} className={cx(css.iconButton, css[size], className)} {...rest}>
        <Icon size={size === 'sm' ? 14 : 16} aria-hidden />
      </button>
    </Hint>
  );
}
