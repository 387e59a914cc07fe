/**
 * Start, start again (nothing to do), stop, down and scale against `docker compose` and against the floors: same files,
 * same images, one run, interleaved. Ratios are medians of ratios within a round, so that a machine's moods cancel out.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ComposeProject } from '../src/main/compose/model.ts';
import type { EngineClient } from '../src/main/engine/engine-client.ts';
import { converge } from '../src/main/stack/converge.ts';
import { projectContainers, removeNetworks, stopContainers } from '../src/main/stack/teardown.ts';
import { openEngine } from '../tests/engine/scratch.ts';
import { openBareEngine } from './bare-engine.ts';
import { clear, startByHand, stopByHand } from './floor.ts';
import { samples, scaled } from './shapes.ts';
import { median, ratio } from './statistics.mjs';
import { bundledSubject, type Subject, sampleSubject } from './subjects.ts';

const run = promisify(execFile);

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly note: string;
  /** The figures behind the rows, in ms, by `<file>/<action>/<who>`. */
  readonly figures: Figures;
}

/** One figure of each round, in ms. */
type Figures = Readonly<Record<string, readonly number[]>>;

type Who = 'ours' | 'compose' | 'floor';
/** Measures one action of one of the three. */
type Clock = (action: string, who: Who, work: () => Promise<unknown>) => Promise<void>;

const scaledTo = 5;
const scaleUp = `scale from 1 to ${scaledTo}`;
const scaleDown = `scale from ${scaledTo} to 1`;
const command = 'no-op, as a command';

const silent = {
  phase: () => undefined,
  detail: () => undefined,
  done: () => undefined,
  skip: () => undefined,
  fail: () => undefined,
};

/**
 * @param options.composePath the peer's binary
 * @param options.root the checkout, built
 * @param options.only words of the titles to measure; all when absent
 * @param options.say told what is under way
 */
export async function stackStartBench(options: {
  composePath: string;
  root: string;
  rounds?: number;
  only?: readonly string[];
  say?: (words: string) => void;
}): Promise<Table> {
  const { composePath, only, say = () => undefined } = options;
  const wanted = (title: string): boolean => only === undefined || only.some((word) => title.includes(word));
  const engine = openEngine();
  const figures: Record<string, number[]> = {};
  const subjects: Subject[] = [];
  const rows: string[][] = [];
  let note =
    'Medians, ratios within a round, rounds interleaved: five for five services and the bundled stack, three for twelve, two for forty.' +
    ' The floor is the same API calls by hand, in the order of dependencies; of a no-op as a command it is `node -e 0`.';
  try {
    const queue: (() => Promise<Subject | null>)[] = samples
      .filter(({ title }) => wanted(title))
      .map((sample) => () => sampleSubject(engine, sample, options.root, composePath));
    if (wanted('the bundled stack')) queue.push(() => bundledSubject(engine, options.root, composePath, 5));
    if (wanted(scaled.title)) queue.push(() => sampleSubject(engine, scaled, options.root, composePath));
    for (const open of queue) {
      const subject = await open();
      if (subject === null) {
        note += ' The bundled stack was left out: its images are not here.';
        continue;
      }
      subjects.push(subject);
      const rounds = options.rounds ?? subject.rounds;
      const turns = subject.title === scaled.title ? scaleTurns(engine, subject) : startTurns(engine, subject);
      for (let round = 0; round < rounds; round += 1) {
        for (let turn = 0; turn < turns.length; turn += 1) {
          say(`${subject.title}, round ${round + 1} of ${rounds}, turn ${turn + 1}`);
          await turns[(turn + round) % turns.length]?.(async (action, who, work) => {
            const startedAt = performance.now();
            await work();
            const key = `${subject.title}/${action}/${who}`;
            figures[key] = [...(figures[key] ?? []), performance.now() - startedAt];
          });
        }
      }
      rows.push(...rowsOf(subject, figures));
    }
  } finally {
    // What went wrong before is what counts.
    for (const subject of subjects)
      await subject.close().catch((error: unknown) => say(`left behind: ${String(error)}`));
    engine.close();
  }
  return { title: 'The stack against docker compose', columns, rows, note, figures };
}

const columns = [
  '',
  'Quayside',
  'Compose 2.26',
  'floor',
  'ratio to Compose (min to max)',
  'ratio to floor (min to max)',
  'to reach',
];

function rowsOf(subject: Subject, figures: Figures): string[][] {
  const goals: Readonly<Record<string, string>> = {
    start: [subject.goal, 'floor ≤ 1.15'].filter((goal) => goal !== '').join(', '),
    'no-op': '≤ 0.15',
    stop: '≤ 0.90, floor ≤ 1.15',
    down: 'floor ≤ 1.15',
  };
  return ['start', 'no-op', command, 'stop', 'down', scaleUp, scaleDown].flatMap((action) => {
    const [ours, theirs = [], floor] = ['ours', 'compose', 'floor'].map(
      (who) => figures[`${subject.title}/${action}/${who}`],
    );
    if (ours === undefined) return [];
    const against = (other: readonly number[]): string =>
      ratio(ours.map((value, round) => value / (other[round] ?? Number.NaN)));
    return [
      [
        `${subject.title}: ${action}`,
        `${Math.round(median(ours))} ms`,
        `${Math.round(median(theirs))} ms`,
        floor === undefined ? '' : `${Math.round(median(floor))} ms`,
        against(theirs),
        floor === undefined ? '' : against(floor),
        goals[action] ?? '',
      ],
    ];
  });
}

function oursOf(engine: EngineClient, subject: Subject) {
  const signal = new AbortController().signal;
  const teardown = { engine, project: subject.project, report: () => silent, signal };
  return {
    async up(change: (project: ComposeProject) => ComposeProject = (project) => project): Promise<void> {
      const project = change(await subject.load());
      await converge({ engine, project, dialect: 'D24', environmentFiles: [], report: () => silent, signal });
    },
    async stop(): Promise<void> {
      await stopContainers(teardown, await projectContainers(engine, subject.project), null);
    },
    async down(): Promise<void> {
      await stopContainers(teardown, await projectContainers(engine, subject.project), { volumes: false });
      await removeNetworks(engine, subject.project);
    },
  };
}

/** Each turn leaves nothing behind. */
function startTurns(engine: EngineClient, subject: Subject): ((clock: Clock) => Promise<void>)[] {
  const ours = oursOf(engine, subject);
  const up = () => subject.compose('up', '-d', '--wait');
  return [
    async (clock) => {
      await clock('start', 'ours', ours.up);
      await clock('no-op', 'ours', ours.up);
      await clock(command, 'ours', subject.command);
      await clock(command, 'floor', () => run(process.execPath, ['-e', '0']));
      await clock('stop', 'ours', ours.stop);
      if (!subject.down) return ours.down();
      await ours.up();
      await clock('down', 'ours', ours.down);
    },
    async (clock) => {
      await clock('start', 'compose', up);
      await clock('no-op', 'compose', up);
      // A command is what Compose always is.
      await clock(command, 'compose', up);
      await clock('stop', 'compose', () => subject.compose('stop'));
      if (!subject.down) return void (await subject.compose('down'));
      await up();
      await clock('down', 'compose', () => subject.compose('down'));
    },
    async (clock) => {
      const project = await subject.load();
      const bare = await openBareEngine(subject.project);
      try {
        let ids = new Map<string, string>();
        await clock('start', 'floor', async () => {
          ids = await startByHand(bare, project);
        });
        await clock('stop', 'floor', () => stopByHand(bare, project, ids, false));
        await clear(engine, subject.project);
        if (!subject.down) return;
        ids = await startByHand(bare, project);
        await clock('down', 'floor', () => stopByHand(bare, project, ids, true));
      } finally {
        bare.close();
        await clear(engine, subject.project);
      }
    },
  ];
}

/** The service `web` to five containers and back. */
function scaleTurns(engine: EngineClient, subject: Subject): ((clock: Clock) => Promise<void>)[] {
  const ours = oursOf(engine, subject);
  const toScale =
    (scale: number) =>
    (project: ComposeProject): ComposeProject => {
      const web = project.services.web;
      return web === undefined ? project : { ...project, services: { ...project.services, web: { ...web, scale } } };
    };
  const theirs = (scale: number) => subject.compose('up', '-d', '--wait', '--no-recreate', '--scale', `web=${scale}`);
  return [
    async (clock) => {
      await ours.up();
      await clock(scaleUp, 'ours', () => ours.up(toScale(scaledTo)));
      await clock(scaleDown, 'ours', () => ours.up(toScale(1)));
      await ours.down();
    },
    async (clock) => {
      await subject.compose('up', '-d', '--wait');
      await clock(scaleUp, 'compose', () => theirs(scaledTo));
      await clock(scaleDown, 'compose', () => theirs(1));
      await subject.compose('down');
    },
  ];
}
