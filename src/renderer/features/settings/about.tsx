/** Versions, and where things are kept. */
import type { ReactNode } from 'react';
import { useLive } from '../../app/live-store.ts';
import { Mark } from '../../app/mark.tsx';
import { Card, Skeleton } from '../../ui/blocks.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import css from './settings.module.css';

export function About(): ReactNode {
  const info = useLive((state) => state.info);
  if (info === null) {
    return (
      <Card title="About">
        <Skeleton height={90} label="Loading" />
      </Card>
    );
  }
  const facts: readonly (readonly [string, string])[] = [
    ['Environment', info.environment],
    ['Compose project', info.project],
    ['Electron', info.electron ?? 'none'],
    ['Node', info.node],
  ];
  return (
    <Card title="About">
      <div className={css.about}>
        <Mark size={44} />
        <div>
          <p className={css.product}>Quayside {info.version}</p>
          <p className={css.rowText}>The control panel for a private RAG stack. MIT licence.</p>
        </div>
      </div>
      <dl className={css.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div>
          <dt>Data folder</dt>
          <dd>
            <CopyButton text={info.dataDir} label="Copy the data folder’s path" mono>
              {info.dataDir}
            </CopyButton>
          </dd>
        </div>
      </dl>
    </Card>
  );
}
