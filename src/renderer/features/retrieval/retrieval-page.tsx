/** How well things are found: a bench to try a search, evaluation on questions of one's own, and the embedding model. */
import type { ReactNode } from 'react';
import { useStream } from '../../app/bridge.ts';
import { NeedsBackend } from '../../app/needs-backend.tsx';
import { TabList, TabPanel, Tabs } from '../../ui/tabs.tsx';
import { BenchTab } from './bench-tab.tsx';
import { EmbeddingTab } from './embedding-tab.tsx';
import { EvaluationTab } from './evaluation-tab.tsx';
import css from './retrieval-page.module.css';
import { change, retrievalTabs, useRetrieval } from './retrieval-store.ts';

export function RetrievalPage(): ReactNode {
  return (
    <NeedsBackend
      purpose="Start it to try searches, and to measure how well passages are found."
      missing="It searches your documents."
    >
      <Retrieval />
    </NeedsBackend>
  );
}

function Retrieval(): ReactNode {
  const tab = useRetrieval((state) => state.tab);
  const { item } = useStream('kb.watch', {});
  const kbs = item?.kbs ?? null;
  return (
    <Tabs className={css.page} value={tab} values={retrievalTabs} onChange={(next) => change({ tab: next })}>
      <div className={css.top}>
        <TabList
          label="About retrieval"
          tabs={[
            { value: 'bench', label: 'Try a search' },
            { value: 'evaluation', label: 'Evaluation' },
            { value: 'embedding', label: 'Embedding model' },
          ]}
        />
      </div>
      <TabPanel value="bench">
        <BenchTab kbs={kbs} />
      </TabPanel>
      <TabPanel value="evaluation">
        <EvaluationTab kbs={kbs} />
      </TabPanel>
      <TabPanel value="embedding">
        <EmbeddingTab kbs={kbs} />
      </TabPanel>
    </Tabs>
  );
}
