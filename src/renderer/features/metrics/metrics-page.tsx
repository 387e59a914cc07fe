/** Live figures of the bundled stack: what each service uses, and how fast the backend answers. */
import type { ReactNode } from 'react';
import { backendReady, useLive } from '../../app/live-store.ts';
import { EngineMissing, PageLoading, StackMissing, useGround } from '../../app/page-states.tsx';
import { StatsView } from '../../parts/stats/stats-view.tsx';
import { PageBody } from '../../ui/blocks.tsx';
import { BackendCharts } from './backend-charts.tsx';

export function MetricsPage(): ReactNode {
  const ground = useGround();
  const engine = useLive((state) => state.engine);
  const names = useLive((state) => state.stack?.services.map((service) => service.name).join(' ') ?? '');
  const ready = useLive((state) => backendReady(state.stack));
  if (ground === 'no-engine') return <EngineMissing engine={engine} />;
  if (ground === 'loading') return <PageLoading label="Looking at your stack" />;
  if (ground === 'no-stack') return <StackMissing purpose="Start it to see what each service uses, live." />;
  return (
    <PageBody wide>
      <StatsView
        stack={null}
        services={names.split(' ')}
        more={(windowS) => <BackendCharts windowS={windowS} ready={ready} />}
      />
    </PageBody>
  );
}
