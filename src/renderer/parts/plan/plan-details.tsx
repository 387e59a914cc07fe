/** A plan line by line: images, networks, volumes, containers, what goes, what nobody claims, what to be warned of. */
import { ArrowRight, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { PlanView } from '../../../shared/model/plan.ts';
import { cx } from '../../ui/cx.ts';
import { plainText } from '../../ui/plain-text.ts';
import css from './plan-details.module.css';
import { type ContainerGroup, differenceOf, imageRows, type ServiceRow, serviceRows } from './plan-rows.ts';
import { type Fate, fates } from './plan-words.ts';

function FateWord({ fate }: { readonly fate: Fate }): ReactNode {
  const { icon: Icon, tone, word } = fate;
  return (
    <span className={cx(css.fate, css[tone])}>
      <Icon size={14} aria-hidden />
      {word}
    </span>
  );
}

function Differences({ lines }: { readonly lines: readonly string[] }): ReactNode {
  if (lines.length === 0) return null;
  return (
    <ul className={css.diff} aria-label="What changed">
      {lines.map((line) => {
        const { path, before, after } = differenceOf(plainText(line));
        return (
          <li key={line}>
            {path === null ? (
              <span className={css.sentence}>{after}</span>
            ) : (
              <>
                <code className={css.path}>{path}</code>
                <span className={css.change}>
                  <del>
                    <span className="visually-hidden">was </span>
                    {before}
                  </del>
                  <ArrowRight size={12} aria-hidden className={css.arrow} />
                  <ins>
                    <span className="visually-hidden">becomes </span>
                    {after}
                  </ins>
                </span>
              </>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** "shop-web-1, shop-web-2 and 8 more" */
function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, 4).join(', ');
  return names.length <= 4 ? shown : `${shown} and ${names.length - 4} more`;
}

function Line({
  fate,
  name,
  text = null,
  children,
}: {
  readonly fate: Fate;
  readonly name: string;
  readonly text?: string | null;
  readonly children?: ReactNode;
}): ReactNode {
  return (
    <li className={css.line}>
      <FateWord fate={fate} />
      <div className={css.what}>
        <p className={css.about}>
          <span className={css.name}>{plainText(name)}</span>
          {text === null || text === '' ? null : <span className={css.reason}>{plainText(text)}</span>}
        </p>
        {children}
      </div>
    </li>
  );
}

function Group({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <section className={css.group} aria-label={title}>
      <h3>{title}</h3>
      <ul>{children}</ul>
    </section>
  );
}

function ContainerLine({ group, alone }: { readonly group: ContainerGroup; readonly alone: boolean }): ReactNode {
  // That something new is not there yet goes without saying.
  const reason = group.action === 'create' && alone ? null : group.reason;
  return (
    <Line fate={fates[group.action]} name={namesOf(group.names)} text={reason}>
      <Differences lines={group.diff} />
    </Line>
  );
}

function Service({ row }: { readonly row: ServiceRow }): ReactNode {
  return (
    <li className={css.service} aria-label={row.name}>
      <h4>
        {row.name}
        {row.job ? <span className={css.tag}>job</span> : null}
      </h4>
      <ul>
        {row.groups.map((group) => (
          <ContainerLine key={`${group.action} ${group.names[0]}`} group={group} alone={row.groups.length === 1} />
        ))}
        {row.groups.length === 0 ? <li className={css.none}>No container</li> : null}
      </ul>
    </li>
  );
}

function Warnings({ warnings }: { readonly warnings: readonly string[] }): ReactNode {
  if (warnings.length === 0) return null;
  return (
    <ul className={css.warnings} aria-label="Warnings">
      {warnings.map((warning) => (
        <li key={warning}>
          <TriangleAlert size={14} aria-hidden />
          <span>{plainText(warning)}</span>
        </li>
      ))}
    </ul>
  );
}

/** Files as the engine holds them, comma-separated; the folder of the first says enough in a line. */
function madeBy(files: string): string {
  return files === '' ? 'Nobody knows which file made it' : `Made from ${files.split(',').join(', ')}`;
}

export function PlanDetails({ view }: { readonly view: PlanView }): ReactNode {
  const images = imageRows(view);
  const networks = view.networks.filter(({ action }) => action !== 'keep');
  const volumes = view.volumes.filter(({ action, note }) => action !== 'keep' || note !== null);
  const { changing, settled } = serviceRows(view);
  const removed = new Set(view.removals.map(({ name }) => name));
  const orphans = view.orphans.filter(({ name }) => !removed.has(name));
  const filesOf = new Map(view.orphans.map(({ name, files }) => [name, files]));
  return (
    <div className={css.plan}>
      <Warnings warnings={view.warnings} />
      {images.length === 0 ? null : (
        <Group title="Images">
          {images.map(({ image, services }) => (
            <Line
              key={`${image.action} ${image.ref}`}
              fate={fates[image.action === 'build' ? 'build' : 'pull']}
              name={image.ref}
              text={[`for ${services.join(', ')}`, image.reason].filter((part) => part !== null).join('; ')}
            />
          ))}
        </Group>
      )}
      {networks.length === 0 ? null : (
        <Group title="Networks">
          {networks.map((network) => (
            <Line
              key={network.name}
              fate={fates[network.action]}
              name={network.name}
              text={network.action === 'create' ? null : network.reason}
            >
              <Differences lines={network.diff} />
              {network.disconnects.length === 0 ? null : (
                <p className={css.note}>
                  {`${namesOf(network.disconnects)} ${network.disconnects.length === 1 ? 'is' : 'are'} moved over to the new one`}
                </p>
              )}
            </Line>
          ))}
        </Group>
      )}
      {volumes.length === 0 ? null : (
        <Group title="Volumes">
          {volumes.map((volume) => (
            <Line key={volume.name} fate={fates[volume.action]} name={volume.name} text={volume.note} />
          ))}
        </Group>
      )}
      {changing.length === 0 ? null : (
        <Group title="Services">
          {changing.map((row) => (
            <Service key={row.name} row={row} />
          ))}
        </Group>
      )}
      {view.removals.length === 0 ? null : (
        <Group title="Removed">
          {view.removals.map(({ name, reason }) => (
            <Line
              key={name}
              fate={fates.remove}
              name={name}
              text={filesOf.has(name) ? `${reason}. ${madeBy(filesOf.get(name) ?? '')}` : reason}
            />
          ))}
        </Group>
      )}
      {orphans.length === 0 ? null : (
        <Group title="Containers of services that the files do not name">
          {orphans.map(({ name, files }) => (
            <Line key={name} fate={fates.orphan} name={name} text={madeBy(files)} />
          ))}
        </Group>
      )}
      {settled.length === 0 ? null : (
        <details className={css.settled} open={changing.length === 0 && settled.length <= 12 ? true : undefined}>
          <summary>
            {settled.length === 1 ? '1 service stays as it is' : `${settled.length} services stay as they are`}
          </summary>
          <ul>
            {settled.map((row) => (
              <Service key={row.name} row={row} />
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
