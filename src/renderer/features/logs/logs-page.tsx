/** Logs of the bundled stack. */
import type { ReactNode } from 'react';
import { useLive } from '../../app/live-store.ts';
import { useNavigation } from '../../app/navigation.ts';
import { EngineMissing, PageLoading, StackMissing, useGround } from '../../app/page-states.tsx';
import { logSessionOf } from '../../parts/logs/log-session.ts';
import { LogViewer } from '../../parts/logs/log-viewer.tsx';

export function LogsPage(): ReactNode {
  const ground = useGround();
  const engine = useLive((state) => state.engine);
  const wanted = useNavigation((state) => (state.page === 'logs' ? state.service : null));
  const names = useLive((state) => state.stack?.services.map((service) => service.name).join(' ') ?? '');
  const empty = logSessionOf(null).ring.rows().length === 0;
  if (ground === 'no-engine' && empty) return <EngineMissing engine={engine} />;
  if (ground === 'loading' && empty) return <PageLoading label="Looking for log lines" />;
  return (
    <LogViewer
      stack={null}
      services={names.split(' ')}
      wanted={wanted}
      nothing={
        ground === 'no-stack' ? <StackMissing purpose="Start it to see what the services say, line by line." /> : null
      }
    />
  );
}
