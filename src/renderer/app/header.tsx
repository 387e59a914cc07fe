/** The header: where you are, which environment, how engine and stack are doing. */
import { Moon, Search, Sun } from 'lucide-react';
import type { ReactNode } from 'react';
import { IconButton } from '../ui/button.tsx';
import { Hint } from '../ui/hint.tsx';
import { Status } from '../ui/status.tsx';
import { engineSaid, stackSaid } from '../ui/words.ts';
import { changeSettings } from './actions.ts';
import css from './header.module.css';
import { useLive } from './live-store.ts';
import { go } from './navigation.ts';
import { useTheme } from './theme.ts';

const isMac = navigator.platform.startsWith('Mac');

export function Header({ title, onPalette }: { readonly title: string; readonly onPalette: () => void }): ReactNode {
  const environment = useLive((state) => state.info?.environment ?? state.stack?.environment ?? null);
  const engine = useLive((state) => state.engine);
  const stack = useLive((state) => state.stack);
  const theme = useTheme();
  const engineText =
    engine === null
      ? 'The engine has not answered yet'
      : `${engine.endpoint}${engine.serverVersion === null ? '' : `, version ${engine.serverVersion}`}`;
  return (
    <header className={css.header}>
      <h1 className={css.title}>{title}</h1>
      {environment === null ? null : (
        <span className={css.environment}>
          <span className="visually-hidden">Environment: </span>
          {environment}
        </span>
      )}
      <div className={css.chips}>
        <Hint text={engineText}>
          <button type="button" className={css.chip} onClick={() => go('settings')}>
            <span className={css.chipName}>Engine</span>
            <Status said={engineSaid(engine?.state ?? 'connecting')} />
          </button>
        </Hint>
        <button type="button" className={css.chip} onClick={() => go('stack')}>
          <span className={css.chipName}>Stack</span>
          <Status said={stackSaid(stack?.status ?? 'unknown')} />
        </button>
      </div>
      <button type="button" className={css.find} aria-label="Find a page or an action" onClick={onPalette}>
        <Search size={14} aria-hidden />
        <span className={css.findText}>Find</span>
        <kbd aria-hidden>{isMac ? '⌘K' : 'Ctrl K'}</kbd>
      </button>
      <IconButton
        label={theme === 'dark' ? 'Switch to light' : 'Switch to dark'}
        icon={theme === 'dark' ? Sun : Moon}
        onClick={() => void changeSettings({ theme: theme === 'dark' ? 'light' : 'dark' })}
      />
    </header>
  );
}
