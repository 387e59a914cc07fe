/**
 * What one load may use, whatever the files say: so that a hostile project ends in a Problem within a second instead
 * of a full memory. Every limit lies far beyond any project that an engine could run.
 */
import { composeProblem } from './compose-problem.ts';

const limits = {
  files: { most: 100, of: 'files are read', right: 'Include or extend fewer files.' },
  lexemes: { most: 150_000, of: 'words and signs of YAML', right: 'Split the project into several.' },
  documents: { most: 50, of: 'YAML documents or directives', right: 'Put the services into one document.' },
  values: {
    most: 150_000,
    of: 'values, anchors expanded',
    right: 'Use fewer aliases of aliases, or split the project.',
  },
  characters: { most: 8 << 20, of: 'characters after interpolation', right: 'Use shorter variables.' },
  services: { most: 2_000, of: 'services', right: 'Split them into several projects.' },
  ports: { most: 20_000, of: 'published ports', right: 'Publish fewer; the engine opens each of them by itself.' },
  envBytes: { most: 4 << 20, of: 'bytes of env files', right: 'Use smaller env files.' },
} as const;

export type Budget = (what: keyof typeof limits, amount?: number) => void;

/** @returns a function that counts, and throws a ProblemError `compose-invalid` past the limit. */
export function createBudget(): Budget {
  const spent: Partial<Record<keyof typeof limits, number>> = {};
  return (what, amount = 1) => {
    const total = (spent[what] ?? 0) + amount;
    spent[what] = total;
    const limit = limits[what];
    if (total <= limit.most) return;
    throw composeProblem(
      `the project has more than ${limit.most.toLocaleString('en')} ${limit.of}`,
      limit.right,
      undefined,
    );
  };
}
