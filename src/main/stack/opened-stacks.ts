/** The Compose projects that the person opened, and what the panel remembers of each. Kept in the data folder. */
import { readFile, rename } from 'node:fs/promises';
import { z } from 'zod';
import { stackIdSchema } from '../../shared/model/stacks.ts';
import { writeFileAtomic } from '../config/atomic-file.ts';

const path = z.string().min(1).max(4096);

const openedStackSchema = z.object({
  project: stackIdSchema,
  /** Absolute, in merge order; empty for one that is only known from its containers. */
  files: z.array(path).max(50),
  workingDir: z.string().max(4096),
  /** As `--env-file`; null: the `.env` of the working folder, as Compose does. */
  envFiles: z.array(path).max(50).nullable(),
  /** Of them, those that were named rather than found: the label of the containers tells them. */
  environmentFiles: z.array(path).max(50).default([]),
  /** As `--profile`; null: what the environment says. */
  profiles: z.array(z.string().max(200)).max(100).nullable(),
  ports: z.record(z.string(), z.int().min(1).max(65535)).default({}),
  scale: z.record(z.string(), z.int().min(0).max(100)).default({}),
});
export type OpenedStack = z.infer<typeof openedStackSchema>;

const fileSchema = z.object({ version: z.literal(1), stacks: z.array(openedStackSchema).max(200) });

export interface OpenedStacks {
  /** In the order they were opened. Reads the file: another panel may have written it. */
  all(): Promise<OpenedStack[]>;
  find(project: string): Promise<OpenedStack | null>;
  /** Adds it; one of the same project is replaced, but keeps the ports and counts that were chosen. */
  put(stack: Omit<OpenedStack, 'ports' | 'scale'>): Promise<OpenedStack>;
  /** Nothing happens for an unknown project. */
  change(project: string, change: (stack: OpenedStack) => OpenedStack): Promise<void>;
  remove(project: string): Promise<void>;
  /** Called after each change made here. */
  subscribe(listener: () => void): () => void;
}

/** @param file where they are kept; made on the first change */
export function openOpenedStacks(file: string): OpenedStacks {
  let turn: Promise<unknown> = Promise.resolve();
  const listeners = new Set<() => void>();

  async function read(): Promise<OpenedStack[]> {
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    const parsed = fileSchema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data.stacks;
    // Only a list of what can be opened again: set aside rather than in the way.
    await rename(file, `${file}.broken`).catch(() => undefined);
    return [];
  }

  /** Changes of one process run one after another, so that none is lost. */
  async function write(change: (stacks: OpenedStack[]) => OpenedStack[]): Promise<OpenedStack[]> {
    const next = turn.then(async () => {
      const stacks = change(await read());
      await writeFileAtomic(file, `${JSON.stringify(fileSchema.parse({ version: 1, stacks }), null, 2)}\n`);
      for (const listener of [...listeners]) listener();
      return stacks;
    });
    turn = next.catch(() => undefined);
    return next;
  }

  return {
    all: read,
    async find(project) {
      return (await read()).find((stack) => stack.project === project) ?? null;
    },
    async put(stack) {
      const made = (known: OpenedStack | undefined): OpenedStack => ({
        ...stack,
        ports: known?.ports ?? {},
        scale: known?.scale ?? {},
      });
      let put = made(undefined);
      await write((stacks) => {
        const at = stacks.findIndex(({ project }) => project === stack.project);
        put = made(stacks[at]);
        return at < 0 ? [...stacks, put] : stacks.map((old, index) => (index === at ? put : old));
      });
      return put;
    },
    async change(project, change) {
      await write((stacks) => stacks.map((stack) => (stack.project === project ? change(stack) : stack)));
    },
    async remove(project) {
      await write((stacks) => stacks.filter((stack) => stack.project !== project));
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
