/** How many containers of a service run. A number is chosen first and applied by a second press, so that no click is an accident. */
import { Minus, Plus } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import type { ServiceState } from '../../../shared/model/stack.ts';
import { areaOf, naming, perform } from '../../app/actions.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import css from './replicas-control.module.css';

const most = 100;

export function ReplicasControl({
  stack,
  service,
  busy,
}: {
  readonly stack: string | null;
  readonly service: ServiceState;
  readonly busy: boolean;
}): ReactNode {
  const now = service.containers.length;
  const [wanted, setWanted] = useState(now);
  useEffect(() => setWanted(now), [now]);
  const { name } = service;
  const scale = (): void => {
    // What was refused is not what runs: the figure goes back to that.
    void perform(areaOf(stack), 'stack.scale', { ...naming(stack), service: name, replicas: wanted }).then((answer) => {
      if (!answer.ok) setWanted(now);
    });
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset brings its own box model for three small controls
    <div role="group" aria-label={`Containers of ${name}`} className={css.replicas}>
      <span className={css.words}>Containers</span>
      <IconButton
        size="sm"
        icon={Minus}
        label={`Fewer containers of ${name}`}
        disabled={busy || wanted <= 0}
        onClick={() => setWanted(wanted - 1)}
      />
      <output className={css.figure} aria-label={`Containers of ${name}`}>
        {wanted}
      </output>
      <IconButton
        size="sm"
        icon={Plus}
        label={`More containers of ${name}`}
        disabled={busy || wanted >= most}
        onClick={() => setWanted(wanted + 1)}
      />
      {wanted === now ? null : (
        <span className={css.apply}>
          <Button size="sm" kind="primary" disabled={busy} onClick={scale}>
            {`Scale to ${wanted}`}
          </Button>
          <Button size="sm" kind="quiet" onClick={() => setWanted(now)}>
            Keep {now}
          </Button>
        </span>
      )}
    </div>
  );
}
