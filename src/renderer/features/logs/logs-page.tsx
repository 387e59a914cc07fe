/** Logs of all services as one stream. */
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Problem } from '../../../shared/model/problem.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useLive } from '../../app/live-store.ts';
import { useNavigation } from '../../app/navigation.ts';
import { EngineMissing, PageLoading, StackMissing, useGround } from '../../app/page-states.tsx';
import { seriesNumber } from '../../ui/series.ts';
import { asText } from './as-text.ts';
import { LogList, type LogListHandle } from './log-list.tsx';
import { logSession } from './log-session.ts';
import { LogToolbar } from './log-toolbar.tsx';
import { isLine, type LogFilter } from './log-view.ts';
import css from './logs-page.module.css';
import { createMatcher } from './search.ts';
import { useLogView } from './use-log-view.ts';

export function LogsPage(): ReactNode {
  const ground = useGround();
  const engine = useLive((state) => state.engine);
  const empty = logSession.ring.rows().length === 0;
  if (ground === 'no-engine' && empty) return <EngineMissing engine={engine} />;
  if (ground === 'loading' && empty) return <PageLoading label="Looking for log lines" />;
  return <Logs stopped={ground === 'no-stack'} />;
}

function Logs({ stopped }: { readonly stopped: boolean }): ReactNode {
  const wanted = useNavigation((state) => (state.page === 'logs' ? state.service : null));
  const names = useLive((state) => state.stack?.services.map((service) => service.name).join(' ') ?? '');
  const tail = useLive((state) => state.settings?.logTail ?? 1000);
  const services = useMemo(() => names.split(' ').filter((name) => name !== ''), [names]);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(() => soloed(services, wanted));
  const [query, setQuery] = useState('');
  const [regex, setRegex] = useState(false);
  const [onlyMatches, setOnlyMatches] = useState(false);
  const [follow, setFollow] = useState(true);
  const [times, setTimes] = useState(true);
  const [wrap, setWrap] = useState(false);
  const [currentId, setCurrentId] = useState<number | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const list = useRef<LogListHandle>(null);

  useEffect(() => logSession.hold(tail, setProblem), [tail]);
  useEffect(() => {
    if (wanted !== null) setHidden(soloed(services, wanted));
  }, [wanted, services]);

  const search = useMemo(() => createMatcher(query, regex), [query, regex]);
  const matcher = search.ok ? search.matcher : null;
  const filter = useMemo<LogFilter>(() => ({ hidden, matcher, onlyMatches }), [hidden, matcher, onlyMatches]);
  const now = useLogView(logSession.ring, filter);
  const matches = now.view.matches();
  const at = currentId === null ? -1 : matches.indexOf(currentId);

  const step = (by: 1 | -1): void => {
    if (matches.length === 0) return;
    const from = at === -1 ? (by === 1 ? -1 : matches.length) : at;
    const id = matches[(from + by + matches.length) % matches.length];
    if (id === undefined) return;
    setCurrentId(id);
    list.current?.show(id);
  };
  const colourOf = useCallback((service: string) => seriesNumber(services, service), [services]);
  const rows = now.view.rows();

  if (stopped && rows.length === 0 && hidden.size === 0 && query === '') {
    return <StackMissing purpose="Start it to see what the services say, line by line." />;
  }
  return (
    <div className={css.page}>
      <LogToolbar
        services={services}
        counts={now.view.counts()}
        hidden={hidden}
        onHidden={setHidden}
        colourOf={colourOf}
        query={query}
        onQuery={(text) => {
          setQuery(text);
          setCurrentId(null);
        }}
        why={search.ok ? null : search.why}
        matchCount={matches.length}
        matchAt={at}
        onStep={step}
        regex={regex}
        onRegex={setRegex}
        onlyMatches={onlyMatches}
        onOnlyMatches={setOnlyMatches}
        follow={follow}
        onFollow={setFollow}
        times={times}
        onTimes={setTimes}
        wrap={wrap}
        onWrap={setWrap}
        text={() => asText(rows.filter(isLine).map((row) => row.line))}
        onClear={() => logSession.ring.clear()}
      />
      {problem === null ? null : (
        <div className={css.problem}>
          <LiveProblem problem={problem} quiet />
        </div>
      )}
      {rows.length === 0 ? (
        <p className={css.none}>{nothingWords(logSession.ring.rows().length, query, hidden.size)}</p>
      ) : null}
      <LogList
        ref={list}
        now={now}
        follow={follow}
        onFollow={setFollow}
        wrap={wrap}
        times={times}
        currentId={currentId}
        colourOf={colourOf}
      />
    </div>
  );
}

function soloed(services: readonly string[], wanted: string | null): ReadonlySet<string> {
  return wanted === null ? new Set() : new Set(services.filter((service) => service !== wanted));
}

function nothingWords(held: number, query: string, hiddenCount: number): string {
  if (held === 0) return 'No lines yet. New ones appear here as soon as a service writes one.';
  if (query !== '') return 'No line matches this search.';
  return hiddenCount > 0 ? 'The services that are switched on have written nothing yet.' : 'No lines.';
}
