/** The documents do not answer: its own state, with what came nearest. */
import { Compass } from 'lucide-react';
import type { ReactNode } from 'react';
import { markHidden } from '../../ui/plain-text.ts';
import css from './answer.module.css';

const title = 'Your documents do not answer this';

function sameWords(a: string, b: string): boolean {
  const bare = (text: string): string => text.toLowerCase().replace(/[^a-z]/g, '');
  return bare(a) === bare(b);
}

export function Abstained({
  reason,
  nearest,
  onOpenTitle,
}: {
  readonly reason: string;
  readonly nearest: readonly string[];
  readonly onOpenTitle: (title: string) => () => void;
}): ReactNode {
  // The sentence names the nearest too; of older answers it alone does.
  const [told = '', listed] = reason.split(' The nearest are: ');
  const titles = nearest.length > 0 ? nearest : (listed?.replace(/\.$/, '').split('; ') ?? []);
  return (
    <div className={css.abstained}>
      <Compass size={18} aria-hidden />
      <div>
        <p className={css.abstainedTitle}>{title}</p>
        {sameWords(told, title) ? null : <p>{markHidden(told)}</p>}
        {titles.length === 0 ? null : (
          <>
            <p className={css.nearest}>The nearest were:</p>
            <ul>
              {titles.map((one) => (
                <li key={one}>
                  <button type="button" className={css.open} onClick={onOpenTitle(one)}>
                    {markHidden(one)}
                  </button>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </div>
  );
}
