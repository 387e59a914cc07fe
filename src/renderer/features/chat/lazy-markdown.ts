/** Fetches what draws Markdown with the first answer that needs it. */
import { type ComponentType, useEffect, useState } from 'react';
import type { MarkdownViewProps } from './markdown-view.tsx';

let view: ComponentType<MarkdownViewProps> | null = null;
let loading: Promise<void> | undefined;

/** null until it has come. */
export function useMarkdownView(): ComponentType<MarkdownViewProps> | null {
  const [, redraw] = useState(0);
  useEffect(() => {
    if (view !== null) return;
    loading ??= import('./markdown-view.tsx').then((module) => {
      view = module.MarkdownView;
    });
    void loading.then(() => redraw((n) => n + 1));
  }, []);
  return view;
}
