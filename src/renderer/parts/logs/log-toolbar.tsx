/** Everything one can do with the stream: which services, search, follow, times, wrap, copy, clear. */
import { ArrowDownToLine, ChevronDown, ChevronUp, Clock, Eraser, Filter, Regex, Search, WrapText } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { IconButton } from '../../ui/button.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { cx } from '../../ui/cx.ts';
import { ToggleChip } from '../../ui/toggle-chip.tsx';
import css from './log-toolbar.module.css';

export interface LogToolbarProps {
  readonly services: readonly string[];
  readonly counts: ReadonlyMap<string, number>;
  readonly hidden: ReadonlySet<string>;
  readonly onHidden: (hidden: ReadonlySet<string>) => void;
  readonly colourOf: (service: string) => string;
  readonly query: string;
  readonly onQuery: (query: string) => void;
  /** Why the expression cannot be used. */
  readonly why: string | null;
  readonly matchCount: number;
  /** -1 before the first step. */
  readonly matchAt: number;
  readonly onStep: (by: 1 | -1) => void;
  readonly regex: boolean;
  readonly onRegex: (on: boolean) => void;
  readonly onlyMatches: boolean;
  readonly onOnlyMatches: (on: boolean) => void;
  readonly follow: boolean;
  readonly onFollow: (on: boolean) => void;
  readonly times: boolean;
  readonly onTimes: (on: boolean) => void;
  readonly wrap: boolean;
  readonly onWrap: (on: boolean) => void;
  readonly text: () => string;
  readonly onClear: () => void;
}

function short(n: number): string {
  return n < 10_000 ? String(n) : `${Math.round(n / 1000)}k`;
}

function ServiceChips({ services, counts, hidden, onHidden, colourOf }: LogToolbarProps): ReactNode {
  const toggle = (service: string): void => {
    const next = new Set(hidden);
    if (!next.delete(service)) next.add(service);
    onHidden(next);
  };
  return (
    <fieldset className={css.chips}>
      <legend className="visually-hidden">Services</legend>
      {services.map((service) => (
        <ToggleChip
          key={service}
          on={!hidden.has(service)}
          colour={colourOf(service)}
          aria-label={`Lines of ${service}`}
          title="Double-click for this one alone"
          onClick={() => toggle(service)}
          onDoubleClick={() => onHidden(new Set(services.filter((other) => other !== service)))}
        >
          {service}
          <span className={css.count}>{short(counts.get(service) ?? 0)}</span>
        </ToggleChip>
      ))}
      {hidden.size === 0 ? null : (
        <button type="button" className={css.all} onClick={() => onHidden(new Set())}>
          Show all
        </button>
      )}
    </fieldset>
  );
}

function SearchField(props: LogToolbarProps): ReactNode {
  const { query, onQuery, why, matchCount, matchAt, onStep } = props;
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'f') {
        event.preventDefault();
        field.current?.select();
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  const words =
    query === '' ? '' : matchCount === 0 ? 'No match' : `${matchAt === -1 ? '' : `${matchAt + 1} of `}${matchCount}`;
  return (
    // biome-ignore lint/a11y/useSemanticElements: the search element is younger than the oldest Chromium this runs on
    <div role="search" className={cx(css.search, why !== null && css.wrong)}>
      <Search size={14} aria-hidden />
      <input
        ref={field}
        type="text"
        aria-label="Search the logs"
        aria-invalid={why !== null}
        placeholder="Search"
        value={query}
        spellCheck={false}
        onChange={(event) => onQuery(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onStep(event.shiftKey ? -1 : 1);
          else if (event.key === 'Escape') onQuery('');
        }}
      />
      <output className={css.matches} title={why ?? undefined}>
        {why ?? words}
      </output>
      <IconButton
        size="sm"
        icon={ChevronUp}
        label="Previous match"
        disabled={matchCount === 0}
        onClick={() => onStep(-1)}
      />
      <IconButton
        size="sm"
        icon={ChevronDown}
        label="Next match"
        disabled={matchCount === 0}
        onClick={() => onStep(1)}
      />
      <IconButton
        size="sm"
        icon={Regex}
        label="Use a regular expression"
        aria-pressed={props.regex}
        onClick={() => props.onRegex(!props.regex)}
      />
      <IconButton
        size="sm"
        icon={Filter}
        label="Show only matching lines"
        aria-pressed={props.onlyMatches}
        onClick={() => props.onOnlyMatches(!props.onlyMatches)}
      />
    </div>
  );
}

export function LogToolbar(props: LogToolbarProps): ReactNode {
  const { follow, onFollow, times, onTimes, wrap, onWrap, text, onClear } = props;
  return (
    <div className={css.toolbar}>
      <ServiceChips {...props} />
      <div className={css.tools}>
        <SearchField {...props} />
        <IconButton
          icon={ArrowDownToLine}
          label="Follow new lines"
          aria-pressed={follow}
          onClick={() => onFollow(!follow)}
        />
        <IconButton icon={Clock} label="Show times" aria-pressed={times} onClick={() => onTimes(!times)} />
        <IconButton icon={WrapText} label="Wrap long lines" aria-pressed={wrap} onClick={() => onWrap(!wrap)} />
        <CopyButton text={text} label="Copy the shown lines">
          Copy
        </CopyButton>
        <IconButton icon={Eraser} label="Clear this view" onClick={onClear} />
      </div>
    </div>
  );
}
