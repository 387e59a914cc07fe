import type { ReactNode } from 'react';
export function StacksPage(): ReactNode {
  return null;
}
