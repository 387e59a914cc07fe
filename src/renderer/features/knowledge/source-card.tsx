/** One source: its state, times and counts, why it waits or failed, and what can be done about it. */
import { CalendarClock, Ellipsis, Folder, Globe, ListChecks, Pause, Play, RefreshCw, Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { Source } from '../../../shared/model/knowledge.ts';
import { perform } from '../../app/actions.ts';
import { Button } from '../../ui/button.tsx';
import { count } from '../../ui/format.ts';
import { ActionMenu } from '../../ui/menu.tsx';
import { markHidden } from '../../ui/plain-text.ts';
import { Status } from '../../ui/status.tsx';
import { useNow } from '../../ui/use-now.ts';
import css from './source-card.module.css';
import { ChangeInterval, RemoveSource } from './source-dialogs.tsx';
import { SourceFiles } from './source-files.tsx';
import { everyWords, reasonWords, sourceSaid, timesWords, waitsForWord } from './source-words.ts';

type Asked = 'interval' | 'remove' | 'files' | null;

export function SourceCard({
  source,
  changeable,
}: {
  readonly source: Source;
  readonly changeable: boolean;
}): ReactNode {
  const { id, kind, items, failedItems, state, error } = source;
  const now = useNow();
  const [asked, setAsked] = useState<Asked>(null);
  const name = markHidden(source.name === '' ? source.uri : source.name);
  const waits = waitsForWord(source);
  const Icon = kind === 'folder' ? Folder : Globe;
  return (
    <li className={css.card} aria-label={name}>
      <span className={css.disc}>
        <Icon size={18} aria-hidden />
      </span>
      <div className={css.words}>
        <h3>
          <span className={css.name}>{name}</span>
          <Status said={sourceSaid(source)} pill label="State" />
        </h3>
        <p className={css.uri} title={markHidden(source.uri)}>
          {markHidden(source.uri)}
        </p>
        <p className={css.facts}>
          <span>{count(items, kind === 'folder' ? 'file' : 'page')}</span>
          <span>{everyWords(source.everySeconds)}</span>
          <span>{timesWords(source, now)}</span>
        </p>
        {failedItems === 0 ? null : (
          <button type="button" className={css.failed} onClick={() => setAsked('files')}>
            {`${failedItems.toLocaleString('en')} could not be added: see why`}
          </button>
        )}
        {error === null ? null : (
          <div className={waits ? css.waits : css.error}>
            <p>{markHidden(reasonWords(error.message))}</p>
            {waits && changeable ? (
              <Button
                size="sm"
                kind="primary"
                icon={Play}
                disabled={state === 'syncing'}
                onClick={() => void perform('sources', 'sources.sync', { id, allowLarge: true })}
              >
                Go on with these changes
              </Button>
            ) : null}
          </div>
        )}
      </div>
      {changeable ? (
        <div className={css.actions}>
          {waits ? null : (
            <Button
              icon={RefreshCw}
              disabled={state === 'syncing'}
              aria-label={`Look at ${name} now`}
              onClick={() => void perform('sources', 'sources.sync', { id })}
            >
              Look now
            </Button>
          )}
          <ActionMenu
            label={`More about ${name}`}
            icon={Ellipsis}
            actions={[
              { label: 'Show its files', icon: ListChecks, run: () => setAsked('files') },
              state === 'paused'
                ? {
                    label: 'Resume',
                    icon: Play,
                    run: () => void perform('sources', 'sources.change', { id, paused: false }),
                  }
                : {
                    label: 'Pause',
                    icon: Pause,
                    run: () => void perform('sources', 'sources.change', { id, paused: true }),
                  },
              { label: 'Change how often', icon: CalendarClock, run: () => setAsked('interval') },
              { label: 'Remove', icon: Trash2, danger: true, run: () => setAsked('remove') },
            ]}
          />
        </div>
      ) : null}
      {asked === 'interval' ? <ChangeInterval source={source} onClose={() => setAsked(null)} /> : null}
      <RemoveSource source={source} open={asked === 'remove'} onClose={() => setAsked(null)} />
      <SourceFiles source={source} open={asked === 'files'} onClose={() => setAsked(null)} />
    </li>
  );
}
