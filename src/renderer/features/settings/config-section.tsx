/** "Answering and retrieval": every setting of the backend, in groups; a change holds from the next question on. */
import { RefreshCw } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { RagConfig } from '../../../shared/model/rag-config.ts';
import { perform } from '../../app/actions.ts';
import { AreaProblem } from '../../app/area-problem.tsx';
import { LiveProblem } from '../../app/live-problem.tsx';
import { backendReady, useLive } from '../../app/live-store.ts';
import { announce } from '../../ui/announce.ts';
import { Card, Skeleton } from '../../ui/blocks.tsx';
import { Button } from '../../ui/button.tsx';
import { count } from '../../ui/format.ts';
import { SearchField } from '../../ui/search-field.tsx';
import css from './config.module.css';
import { ConfigHistory } from './config-history.tsx';
import { ConfigRow } from './config-row.tsx';
import { groupsOf, titleOf } from './config-words.ts';
import { useConfig } from './use-config.ts';

/** Documents that were read with other settings than those of now. */
function Affected({ documents, onDone }: { readonly documents: number; readonly onDone: () => void }): ReactNode {
  const [queued, setQueued] = useState<number | null>(null);
  if (documents === 0 && queued === null) return null;
  const again = async (): Promise<void> => {
    const answer = await perform('settings', 'documents.reindexStale', {});
    if (!answer.ok) return;
    setQueued(answer.value.documents);
    announce(`${count(answer.value.documents, 'document')} will be read again`);
    onDone();
  };
  return (
    <div className={css.affected}>
      <RefreshCw size={16} aria-hidden />
      <p>
        {queued === null
          ? `${count(documents, 'document')} ${documents === 1 ? 'was' : 'were'} read with other settings than those of now. They stay searchable as they are.`
          : `${count(queued, 'document')} ${queued === 1 ? 'is' : 'are'} being read again. The old passages stay until the new ones are in.`}
      </p>
      {queued === null ? <Button onClick={() => void again()}>Read them again</Button> : null}
    </div>
  );
}

function matches({ key, help }: RagConfig['items'][number], wanted: string): boolean {
  const text = `${titleOf(key)} ${key} ${help}`.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export function ConfigSection(): ReactNode {
  const ready = useLive((state) => backendReady(state.stack));
  const { config, problem, load, change, dismiss } = useConfig(ready);
  const [wanted, setWanted] = useState('');
  const [history, setHistory] = useState(false);
  if (!ready) {
    return (
      <Card title="Answering and retrieval">
        <p className={css.help}>
          These can be seen and changed while the stack runs: it is the backend that keeps them.
        </p>
      </Card>
    );
  }
  if (config === null) {
    return problem === null ? (
      <>
        <Skeleton height={220} label="Loading the settings" />
        <Skeleton height={220} />
      </>
    ) : (
      <LiveProblem problem={problem} retry={() => void load()} />
    );
  }
  const groups = groupsOf(config.items.filter((entry) => matches(entry, wanted)));
  return (
    <>
      <div className={css.bar}>
        <SearchField label="Find a setting" value={wanted} onChange={setWanted} className={css.find} />
        <p className={css.help}>A change holds from the next question on.</p>
      </div>
      <AreaProblem area="settings" />
      {problem === null ? null : <LiveProblem problem={problem} onDismiss={dismiss} />}
      <Affected documents={config.affectedDocuments} onDone={() => void load()} />
      {groups.length === 0 ? <p className={css.help}>No setting is called that.</p> : null}
      {groups.map(({ title, entries }) => (
        <Card key={title} title={title} flush>
          <div className={css.rows}>
            {entries.map((entry) => (
              <ConfigRow key={entry.key} entry={entry} onSet={(value) => void change({ [entry.key]: value })} />
            ))}
          </div>
        </Card>
      ))}
      <Card
        title="History"
        action={
          <Button size="sm" aria-expanded={history} onClick={() => setHistory(!history)}>
            {history ? 'Hide' : 'Show'}
          </Button>
        }
      >
        {history ? (
          <ConfigHistory
            revision={config.revision}
            entries={config.items}
            onPutBack={(key, value) => void change({ [key]: value })}
          />
        ) : (
          <p className={css.help}>What was changed, when and by whom, with a way back.</p>
        )}
      </Card>
    </>
  );
}
