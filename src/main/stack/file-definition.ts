/** A Compose project that the person opened: its files as Docker Compose would read them, with the panel's own choices on top. */
import { access, constants } from 'node:fs/promises';
import { ProblemError, problem } from '../../shared/model/problem.ts';
import { loadProject } from '../compose/load.ts';
import type { ComposeProject } from '../compose/model.ts';
import type { StackDefinition } from './definition.ts';
import type { OpenedStack, OpenedStacks } from './opened-stacks.ts';
import { portKeyOf, withPorts, withScale } from './overrides.ts';
import type { StackImages } from './stack-images.ts';

export interface FileDefinitionOptions {
  readonly project: string;
  /** Answers what is remembered of it now. */
  readonly stacks: Pick<OpenedStacks, 'find' | 'change'>;
  readonly images: StackImages;
  /** What `${}` in the files may refer to, as with Docker Compose: the environment the panel was started in. */
  readonly variables: Readonly<Record<string, string>>;
}

export function fileDefinition({ project, stacks, images, variables }: FileDefinitionOptions): StackDefinition {
  let ports: Readonly<Record<string, number>> = {};
  let environmentFiles: readonly string[] = [];
  let declared: ComposeProject | null = null;

  return {
    project,
    title: project,
    prepare: async () => undefined,
    async load() {
      const opened = await stacks.find(project);
      if (opened === null || opened.files.length === 0) throw filesMissing(project, opened?.files ?? []);
      declared = await loadOpened(opened, variables);
      ports = opened.ports;
      environmentFiles = opened.environmentFiles;
      return withScale(withPorts(declared, ports), opened.scale);
    },
    images,
    get environmentFiles() {
      return environmentFiles;
    },
    async rememberPorts(moved) {
      await stacks.change(project, (stack) => ({ ...stack, ports: { ...stack.ports, ...moved } }));
    },
    async rememberScale(service, replicas) {
      await stacks.change(project, (stack) => ({ ...stack, scale: { ...stack.scale, [service]: replicas } }));
    },
    portKey: (model, service, published) => portKeyOf(declared ?? model, ports, service, published),
    needs: null,
    dataFolder: null,
    cliOption: `-p ${project}`,
  };
}

/** Nothing of ours on top. @throws {ProblemError} `compose-files-missing`, `compose-invalid` */
export async function loadOpened(
  opened: Pick<OpenedStack, 'project' | 'files' | 'workingDir' | 'envFiles' | 'profiles'>,
  variables: Readonly<Record<string, string>>,
): Promise<ComposeProject> {
  const missing = await unreadable(opened.files);
  if (missing.length > 0) throw filesMissing(opened.project, missing);
  return loadProject({
    files: opened.files,
    ...(opened.workingDir === '' ? {} : { workingDir: opened.workingDir }),
    projectName: opened.project,
    variables,
    ...(opened.envFiles === null ? {} : { envFiles: opened.envFiles }),
    ...(opened.profiles === null ? {} : { profiles: opened.profiles }),
  });
}

/** Those of the files that this machine does not have, or does not let us read. */
export async function unreadable(files: readonly string[]): Promise<string[]> {
  const checks = await Promise.all(
    files.map((file) =>
      access(file, constants.R_OK).then(
        () => [],
        () => [file],
      ),
    ),
  );
  return checks.flat();
}

function filesMissing(project: string, files: readonly string[]): ProblemError {
  const cause =
    files.length === 0
      ? `Quayside knows ${project} only from its containers, which name no Compose file.`
      : `${project} was made from ${files.join(', ')}, which cannot be read here.`;
  return new ProblemError(
    problem('compose-files-missing', `The Compose files of ${project} are not on this machine`, cause, {
      evidence: files,
      remedies: [
        { action: 'advice', label: 'Open its Compose file from where it lies now' },
        { action: 'advice', label: 'What is there can still be started, stopped and removed' },
      ],
    }),
  );
}
