/** A ground that files can be dropped on. It is a second way only: what it does has a button as well. */
import { FileUp } from 'lucide-react';
import { type DragEvent, type ReactNode, useRef, useState } from 'react';
import { cx } from './cx.ts';
import css from './drop-zone.module.css';

const hasFiles = (event: DragEvent): boolean => event.dataTransfer.types.includes('Files');

export function DropZone({
  title,
  text,
  onFiles,
  className,
  children,
  ...rest
}: {
  /** What dropping does: "Drop to add to your documents". */
  readonly title: string;
  /** What may be dropped. */
  readonly text: string;
  readonly onFiles: (files: File[]) => void;
  readonly className?: string | undefined;
  readonly 'data-panel'?: boolean;
  readonly children: ReactNode;
}): ReactNode {
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  const leave = (): void => {
    depth.current = 0;
    setOver(false);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; a button is the first
    <div
      className={cx(css.zone, className)}
      {...rest}
      onDragEnter={(event) => {
        if (!hasFiles(event)) return;
        depth.current += 1;
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!hasFiles(event)) return;
        depth.current -= 1;
        if (depth.current <= 0) leave();
      }}
      onDrop={(event) => {
        event.preventDefault();
        leave();
        onFiles([...event.dataTransfer.files]);
      }}
    >
      {children}
      {over ? (
        <div className={css.drop}>
          <div>
            <FileUp size={34} aria-hidden />
            <p>{title}</p>
            <span>{text}</span>
          </div>
        </div>
      ) : null}
    </div>
  );
}
