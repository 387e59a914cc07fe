/** A project's name: given, COMPOSE_PROJECT_NAME, `name:` of the last file that has one, or the folder's. */
import { basename } from 'node:path';
import { composeProblem, type SourcePlace } from './compose-problem.ts';
import { interpolate, TemplateError } from './interpolate.ts';
import { type LoadContext, parsedLayers } from './read-file.ts';

/** @throws ProblemError for a name given that Compose would not take; a folder's name is made to fit instead. */
export async function projectNameOf(
  given: string | undefined,
  environment: Readonly<Record<string, string>>,
  files: readonly string[],
  workingDir: string,
  context: Pick<LoadContext, 'budget' | 'parsed'>,
): Promise<string> {
  const set = given ?? environment.COMPOSE_PROJECT_NAME;
  if (set !== undefined && set !== '') return valid(set, undefined);
  const written = await writtenName(files, environment, context);
  if (written !== undefined) return valid(written.name, written.place);
  const near = fitting(basename(workingDir));
  if (near !== '') return near;
  throw composeProblem(
    'the project has no name',
    `Set \`name:\` in the Compose file; the folder ${workingDir} gives none.`,
    undefined,
  );
}

async function writtenName(
  files: readonly string[],
  environment: Readonly<Record<string, string>>,
  context: Pick<LoadContext, 'budget' | 'parsed'>,
): Promise<{ name: string; place: SourcePlace | undefined } | undefined> {
  let found: { name: string; place: SourcePlace | undefined } | undefined;
  for (const file of files) {
    for (const layer of await parsedLayers(file, context)) {
      const { name } = layer.tree;
      if (typeof name !== 'string' || name === '') continue;
      const place = layer.locate(['name']);
      try {
        const value = interpolate(name, (key) => environment[key]);
        if (value !== '') found = { name: value, place };
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        throw composeProblem(error.message, error.right, place, ['name']);
      }
    }
  }
  return found;
}

function valid(name: string, place: SourcePlace | undefined): string {
  if (/^[a-z0-9][a-z0-9_-]*$/.test(name) && name.length <= 200) return name;
  const near = fitting(name);
  throw composeProblem(
    `${JSON.stringify(name.slice(0, 80))} is not a project name`,
    `Use lower-case letters, digits, dashes and underscores, beginning with a letter or digit${near === '' ? '' : `: ${near.slice(0, 80)}`}.`,
    place,
    place === undefined ? [] : ['name'],
  );
}

/** The nearest valid name: lower case, other characters dropped. */
function fitting(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
}
