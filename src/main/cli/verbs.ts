/** Commands that do several things, each named by a word of its own: `kb create NAME`. */
import { usageError } from './command.ts';

/** How many words follow: at least, at most. */
type Counts = readonly [min: number, max: number];

/**
 * The word and what follows it.
 * @param fallback what is meant where nothing follows the command's name
 * @throws {ProblemError} `usage`
 */
export function chooseVerb<V extends string>(
  command: string,
  positionals: readonly string[],
  verbs: Readonly<Record<V, Counts>>,
  fallback: NoInfer<V>,
): { verb: V; given: readonly string[] } {
  const names = Object.keys(verbs) as V[];
  const [word = fallback, ...given] = positionals;
  const verb = names.find((name) => name === word);
  if (verb === undefined) throw usageError(`${command} takes ${names.join(', ')}, not "${word}".`, command);
  const [min, max] = verbs[verb];
  if (given.length < min) throw usageError(`Something is missing after "${command} ${verb}".`, command);
  if (given.length > max) throw usageError(`"${given[max]}" is one too many.`, command);
  return { verb, given };
}

/** An option as a whole number within bounds; undefined where it was left out. @throws {ProblemError} `usage` */
export function wholeNumber(
  command: string,
  name: string,
  value: string | boolean | string[] | undefined,
  min: number,
  max: number,
): number | undefined {
  if (typeof value !== 'string') return undefined;
  const number = Number(value);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  throw usageError(`--${name} takes a whole number from ${min} to ${max}, not "${value}".`, command);
}

/** An option as text. */
export const textOption = (value: string | boolean | string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** An option that may be given several times. */
export const listOption = (value: string | boolean | string[] | undefined): readonly string[] | undefined =>
  Array.isArray(value) && value.length > 0 ? value : undefined;
