/** A build's steps in words: an engine says "Step 4/9 : RUN apt-get …", a person reads what that is for. */

const meanings: readonly (readonly [RegExp, string])[] = [
  [/^FROM\b/, 'taking its base'],
  [/^(COPY|ADD) --from=/, 'putting the parts together'],
  [/^(COPY|ADD)\b/, 'copying files in'],
  [/\bapt-get\b/, 'fetching Debian packages'],
  [/\bpip install\b/, 'installing Python packages'],
  [/\bnpm (ci|install)\b/, 'installing Node packages'],
  [/\bnpm pack\b/, 'fetching the program'],
  [/\bnpm run build\b/, 'compiling'],
  [/\bbuild_graph\b/, 'preparing the model'],
  [/\bcompileall\b/, 'compiling'],
  [/^RUN\b/, 'setting up'],
];

/** "Step 4 of 9: installing Python packages"; null for a line that begins no step. */
export function buildStepWords(status: string): string | null {
  const match = /^Step (\d+)\/(\d+) : (.*)/s.exec(status);
  if (match === null) return null;
  const instruction = (match[3] ?? '').trim();
  const meaning = meanings.find(([pattern]) => pattern.test(instruction))?.[1] ?? 'settings';
  return `Step ${match[1]} of ${match[2]}: ${meaning}`;
}
