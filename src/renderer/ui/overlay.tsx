/** Dialogs: a side drawer for reading beside the page, a short form, and a question before something is lost. Esc closes, focus returns. */
import { AlertDialog } from '@base-ui/react/alert-dialog';
import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { type ComponentProps, type ReactNode, type RefObject, useRef, useState } from 'react';
import { Button, IconButton } from './button.tsx';
import { cx } from './cx.ts';
import css from './overlay.module.css';

export function Drawer({
  open,
  onClose,
  title,
  children,
}: {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Backdrop className={css.backdrop} />
        <Dialog.Popup className={css.drawer}>
          <header className={css.drawerHead}>
            <Dialog.Title className={css.title}>{title}</Dialog.Title>
            <IconButton label="Close" icon={X} onClick={onClose} />
          </header>
          <div className={css.drawerBody}>{children}</div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/**
 * What had the focus when a dialog opened. A field of the dialog that takes the focus as it appears has it before the
 * dialog itself could look. Where that is gone meanwhile, the dialog knows best.
 */
function useOpener(open: boolean): () => HTMLElement | true {
  const [before, setBefore] = useState({ open: false, focus: null as Element | null });
  if (open !== before.open) setBefore({ open, focus: open ? document.activeElement : before.focus });
  return () => (before.focus instanceof HTMLElement && before.focus.isConnected ? before.focus : true);
}

/** A short form. It stays open until `onSubmit` answers true, so that nothing typed is lost when it was refused. */
export function FormDialog({
  open,
  title,
  text,
  action,
  ready = true,
  busy = false,
  children,
  onSubmit,
  onClose,
}: {
  readonly open: boolean;
  readonly title: string;
  readonly text?: ReactNode;
  /** The verb on the button: "Create". */
  readonly action: string;
  /** False while something is missing. */
  readonly ready?: boolean;
  readonly busy?: boolean;
  readonly children: ReactNode;
  readonly onSubmit: () => Promise<boolean>;
  readonly onClose: () => void;
}): ReactNode {
  const opener = useOpener(open);
  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Backdrop className={css.backdrop} />
        <Dialog.Popup className={css.question} finalFocus={opener}>
          <Dialog.Title className={css.title}>{title}</Dialog.Title>
          {text === undefined ? null : <Dialog.Description className={css.text}>{text}</Dialog.Description>}
          <form
            className={css.form}
            onSubmit={(event) => {
              event.preventDefault();
              if (!ready || busy) return;
              void onSubmit().then((done) => {
                if (done) onClose();
              });
            }}
          >
            {children}
            <div className={css.formChoices}>
              <Button onClick={onClose}>Cancel</Button>
              <Button kind="primary" type="submit" disabled={!ready || busy}>
                {action}
              </Button>
            </div>
          </form>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** What is changed in it holds at once: there is nothing to cancel, it ends with "Done". */
export function DirectDialog({
  open,
  title,
  text,
  children,
  onClose,
}: {
  readonly open: boolean;
  readonly title: string;
  readonly text: string;
  readonly children: ReactNode;
  readonly onClose: () => void;
}): ReactNode {
  const opener = useOpener(open);
  // What it holds may still be on its way: the first of its controls is one step ahead then, not behind.
  const popup = useRef<HTMLDivElement>(null);
  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Backdrop className={css.backdrop} />
        <Dialog.Popup ref={popup} className={cx(css.question, css.wide)} initialFocus={popup} finalFocus={opener}>
          <Dialog.Title className={css.title}>{title}</Dialog.Title>
          <Dialog.Description className={css.text}>{text}</Dialog.Description>
          <div className={css.form}>
            {children}
            <div className={css.formChoices}>
              <Button onClick={onClose}>Done</Button>
            </div>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** What is to be decided or read before anything else: a click beside it does not put it away. */
function Urgent({
  open,
  title,
  text,
  returnTo,
  children,
  onClose,
}: {
  readonly open: boolean;
  readonly title: string;
  readonly text: string;
  /** Takes the focus afterwards where what had it before is gone by then. */
  readonly returnTo?: RefObject<HTMLElement | null> | undefined;
  readonly children: ReactNode;
  readonly onClose: () => void;
}): ReactNode {
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={css.backdrop} />
        <AlertDialog.Popup className={css.question} finalFocus={returnTo}>
          <AlertDialog.Title className={css.title}>{title}</AlertDialog.Title>
          <AlertDialog.Description className={css.text}>{text}</AlertDialog.Description>
          {children}
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

/** Something that is told once, until it is put away. */
export function Notice({ children, ...told }: ComponentProps<typeof Urgent>): ReactNode {
  return (
    <Urgent {...told}>
      {children}
      <div className={css.formChoices}>
        <Button kind="primary" onClick={told.onClose}>
          Done
        </Button>
      </div>
    </Urgent>
  );
}

export function Confirm({
  open,
  title,
  text,
  action,
  ready = true,
  danger = true,
  children,
  onConfirm,
  onClose,
}: {
  readonly open: boolean;
  readonly title: string;
  readonly text: string;
  /** The verb on the button: "Delete". */
  readonly action: string;
  /** False while something is still missing that `children` ask for. */
  readonly ready?: boolean;
  /** False: nothing is lost by it. */
  readonly danger?: boolean;
  /** Choices between the text and the buttons. */
  readonly children?: ReactNode;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}): ReactNode {
  return (
    <Urgent open={open} title={title} text={text} onClose={onClose}>
      {children}
      <div className={css.choices}>
        <Button onClick={onClose}>{danger ? 'Keep' : 'Not now'}</Button>
        <Button
          kind={danger ? 'danger' : 'primary'}
          disabled={!ready}
          onClick={() => {
            onConfirm();
            onClose();
          }}
        >
          {action}
        </Button>
      </div>
    </Urgent>
  );
}
