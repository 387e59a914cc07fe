/** Quayside's mark: a mooring ring, a line made fast to it, and the water line. */
import type { ReactNode } from 'react';

export function Mark({ size = 28 }: { readonly size?: number }): ReactNode {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="9" fill="#0e7c8b" />
      <path
        d="M0 21.5c3.2 0 3.2 2 6.4 2s3.2-2 6.4-2 3.2 2 6.4 2 3.2-2 6.4-2 3.2 2 6.4 2V23a9 9 0 0 1-9 9H9a9 9 0 0 1-9-9Z"
        fill="#0a5a67"
      />
      <circle cx="15.4" cy="14.6" r="7.1" stroke="#e7f7f8" strokeWidth="3" />
      <path d="m18.6 17.9 6.3 6.4" stroke="#f3b14b" strokeWidth="3.2" strokeLinecap="round" />
    </svg>
  );
}
