/** Pours the core's snapshots into the store for as long as the window lives. */
import { announce } from '../ui/announce.ts';
import { operationChanges, stackChanges } from './announcements.ts';
import { call, keepOpen } from './bridge.ts';
import { newerStack, useLive } from './live-store.ts';

/** Opens the streams every page lives on. The answer closes them. */
export function connect(): () => void {
  let gone = false;
  const askOnce = async (): Promise<void> => {
    const [info, settings] = await Promise.all([call('app.info', {}), call('settings.get', {})]);
    if (gone) return;
    if (info.ok) useLive.setState({ info: info.value });
    if (settings.ok) useLive.setState({ settings: settings.value });
  };
  void askOnce();
  const closers = [
    keepOpen('engine.watch', {}, (engine) => useLive.setState({ engine })),
    keepOpen(
      'stack.watch',
      {},
      (incoming) => {
        const held = useLive.getState().stack;
        const stack = newerStack(held, incoming);
        if (stack === held) return;
        announce(stackChanges(held, stack));
        useLive.setState({ stack });
      },
      (stackProblem) => {
        if (useLive.getState().stackProblem !== stackProblem) useLive.setState({ stackProblem });
      },
    ),
    keepOpen(
      'stacks.watch',
      {},
      ({ stacks }) => useLive.setState({ stacks }),
      (stacksProblem) => {
        if (useLive.getState().stacksProblem !== stacksProblem) useLive.setState({ stacksProblem });
      },
    ),
    keepOpen('operations.watch', {}, ({ operations }) => {
      announce(operationChanges(useLive.getState().operations, operations));
      useLive.setState({ operations });
    }),
  ];
  return () => {
    gone = true;
    for (const close of closers) close();
  };
}
