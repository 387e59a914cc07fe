/** What makes a Compose project a stack that can be started: where its model comes from, its images, and what is remembered of it. */
import type { ComposeProject } from '../compose/model.ts';
import type { StackImages } from './stack-images.ts';

export interface StackDefinition {
  /** The Compose project's name. */
  readonly project: string;
  /** "the stack", "shop": how titles name it. */
  readonly title: string;
  /** Before each start: writes what the files need. */
  prepare(): Promise<void>;
  /**
   * The files with everything that is remembered.
   * @throws {ProblemError} `compose-invalid`, `compose-files-missing`
   */
  load(): Promise<ComposeProject>;
  readonly images: StackImages;
  /** For the label that names the env files; empty when none was given. */
  readonly environmentFiles: readonly string[];
  /** Moves published ports, by service (its only one) or `service:PORT` of the file. */
  rememberPorts(ports: Readonly<Record<string, number>>): Promise<void>;
  rememberScale(service: string, replicas: number): Promise<void>;
  /** What a port is called in `rememberPorts`, by where it is published now. */
  portKey(model: ComposeProject, service: string, published: number): string;
  /** What the machine must have before anything is begun; null where the panel cannot know. */
  readonly needs: { readonly roomIn: string; readonly leastMemoryBytes: number } | null;
  /** A folder of bind-mounted data folders that goes with the data; null where the data lies in volumes or is the person's own. */
  readonly dataFolder: string | null;
  /** How the command line names this stack in a suggested command: "", or "-p shop". */
  readonly cliOption: string;
  /** All containers of the project are the panel's own, so a whole start removes those that the files no longer name. */
  readonly removesOrphans?: boolean;
}
