/** Follows an operation to its end on the terminal: drawn over where that works, a line per change elsewhere. */
import type { Operation } from '../../shared/model/operation.ts';
import type { Context } from './command.ts';
import { type ExitCode, exit, exitCodeOf } from './exit-code.ts';
import { changeLines, liveLines, outcomeLine } from './operation-view.ts';

const drawEveryMs = 100;

/**
 * Resolves with the ended operation and what the shell should learn. Ctrl-C cancels the operation and waits for it;
 * a failure's Problem is on standard error by then. With `--json` nothing is printed here but that Problem.
 */
export async function followOperation(context: Context, id: string): Promise<{ operation: Operation; code: ExitCode }> {
  const { core, terminal } = context;
  const { runner } = core;
  const giveBack = context.onInterrupt(() => {
    terminal.note('\nCancelling. Press Ctrl-C again to leave at once.');
    runner.cancel(id);
  });
  const view = terminal.json ? silent() : terminal.live ? drawnOver(context) : linePerChange(context);
  const show = (operation: Operation | undefined) => {
    if (operation?.id === id) view.show(operation);
  };
  const unsubscribe = runner.subscribe(show);
  // Redraws elapsed time between changes, and keeps the process alive: the runner's own timers do not.
  const ticker = setInterval(() => show(runner.get(id)), terminal.live ? drawEveryMs : 1000);
  try {
    show(runner.get(id));
    const operation = await runner.wait(id);
    view.end(operation);
    const code = codeOf(operation);
    if (operation.problem !== null && operation.state !== 'cancelled') terminal.problem(operation.problem);
    return { operation, code };
  } finally {
    clearInterval(ticker);
    unsubscribe();
    giveBack();
  }
}

function codeOf(operation: Operation): ExitCode {
  if (operation.state === 'done') return exit.done;
  if (operation.state === 'cancelled') return exit.cancelled;
  return operation.problem === null ? exit.failed : exitCodeOf(operation.problem);
}

interface View {
  show(operation: Operation): void;
  end(operation: Operation): void;
}

function silent(): View {
  return { show: () => undefined, end: () => undefined };
}

function linePerChange({ terminal }: Context): View {
  let previous: Operation | undefined;
  const show = (operation: Operation) => {
    for (const line of changeLines(previous, operation, Date.now())) void terminal.print(line);
    previous = operation;
  };
  return {
    show,
    end(operation) {
      show(operation);
      void terminal.print(outcomeLine(operation));
    },
  };
}

function drawnOver({ terminal }: Context): View {
  let drawn = 0;
  let last = '';
  const draw = (lines: readonly string[]) => {
    const text = lines.join('\n');
    if (text === last) return;
    last = text;
    // Up over the last drawing, then each line cleared as it is written: no flicker, nothing left behind.
    const up = drawn === 0 ? '' : `\u001b[${drawn}A`;
    terminal.raw(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[0J`);
    drawn = lines.length;
  };
  const lines = (operation: Operation) =>
    liveLines(operation, Date.now(), terminal.columns - 1, process.stdout.rows ?? 24);
  return {
    show: (operation) => draw(lines(operation)),
    end: (operation) => draw([...lines(operation), outcomeLine(operation)]),
  };
}
