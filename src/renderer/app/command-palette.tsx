/** Every page and action by name: Ctrl/Cmd-K, type, Enter. */
import { Dialog } from '@base-ui/react/dialog';
import { Search } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useId, useMemo, useState } from 'react';
import css from './command-palette.module.css';
import { type Command, commandsFor, matching } from './commands.ts';
import { useLive } from './live-store.ts';

export function CommandPalette({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }): ReactNode {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Backdrop className={css.backdrop} />
        <Dialog.Popup className={css.palette} aria-label="Find a page or an action">
          <Chooser onClose={onClose} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Chooser({ onClose }: { readonly onClose: () => void }): ReactNode {
  const stack = useLive((state) => state.stack);
  const stacks = useLive((state) => state.stacks);
  const operations = useLive((state) => state.operations);
  const engineReady = useLive((state) => state.engine?.state === 'ready');
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const listId = useId();
  const commands = useMemo(
    () => matching(commandsFor({ stack, stacks, operations, engineReady }), typed),
    [stack, stacks, operations, engineReady, typed],
  );
  const index = Math.min(at, commands.length - 1);
  const run = (command: Command | undefined): void => {
    if (command === undefined) return;
    onClose();
    command.run();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      setAt((index + step + commands.length) % Math.max(1, commands.length));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(commands[index]);
    }
  };
  return (
    <>
      <div className={css.field}>
        <Search size={16} aria-hidden />
        <input
          type="text"
          role="combobox"
          aria-label="Find a page or an action"
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={commands.length === 0 ? undefined : `${listId}-${index}`}
          placeholder="Go to a page or do something"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKey}
        />
      </div>
      <div id={listId} role="listbox" aria-label="Pages and actions" className={css.list}>
        {commands.map((command, n) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox above handles the keys for its options
          <div
            key={command.label}
            id={`${listId}-${n}`}
            role="option"
            tabIndex={-1}
            aria-selected={n === index}
            className={css.option}
            onMouseMove={() => setAt(n)}
            onClick={() => run(command)}
          >
            <span>{command.label}</span>
            <span className={css.group}>{command.hint}</span>
          </div>
        ))}
        {commands.length === 0 ? <p className={css.none}>Nothing is called that.</p> : null}
      </div>
    </>
  );
}
