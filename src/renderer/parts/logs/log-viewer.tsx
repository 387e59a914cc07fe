/** Logs of all services of a stack as one stream, with everything one can do with it. */
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Problem } from '../../../shared/model/problem.ts';
import { LiveProblem } from '../../app/live-problem.tsx';
import { useLive } from '../../app/live-store.ts';
import { seriesColour } from '../../ui/series.ts';
import { asText } from './as-text.ts';
import { LogList, type LogListHandle } from './log-list.tsx';
import { logSessionOf } from './log-session.ts';
import { LogToolbar } from './log-toolbar.tsx';
import { isLine, type LogFilter } from './log-view.ts';
import css from './log-viewer.module.css';
import { createMatcher } from './search.ts';
import { useLogView } from './use-log-view.ts';

export function LogViewer({
  stack,
  services: names,
  wanted,
  nothing = null,
}: {
  /** null is the bundled stack. */
  readonly stack: string | null;
  readonly services: readonly string[];
  /** The service to show alone at first. */
  readonly wanted: string | null;
  /** Shown in place of it all while there is no line. */
  readonly nothing?: ReactNode;
}): ReactNode {
  const tail = useLive((state) => state.settings?.logTail ?? 1000);
  const session = useMemo(() => logSessionOf(stack), [stack]);
  const key = names.join(' ');
  const services = useMemo(() => key.split(' ').filter((name) => name !== ''), [key]);
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

  useEffect(() => session.hold(tail, setProblem), [session, tail]);
  useEffect(() => {
    if (wanted !== null) setHidden(soloed(services, wanted));
  }, [wanted, services]);

  const search = useMemo(() => createMatcher(query, regex), [query, regex]);
  const matcher = search.ok ? search.matcher : null;
  const filter = useMemo<LogFilter>(() => ({ hidden, matcher, onlyMatches }), [hidden, matcher, onlyMatches]);
  const now = useLogView(session.ring, filter);
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
  const colourOf = useCallback((service: string) => seriesColour(services, service), [services]);
  const rows = now.view.rows();

  if (nothing !== null && rows.length === 0 && hidden.size === 0 && query === '') return nothing;
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
        onClear={() => session.ring.clear()}
      />
      {problem === null ? null : (
        <div className={css.problem}>
          <LiveProblem problem={problem} stack={stack} quiet />
        </div>
      )}
      {rows.length === 0 ? (
        <p className={css.none}>{nothingWords(session.ring.rows().length, query, hidden.size)}</p>
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
