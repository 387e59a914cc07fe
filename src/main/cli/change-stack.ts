/** What every command does that changes a stack: begins the operation, follows it to its end, prints it with `--json`. */
import type { Lifecycle } from '../stack/lifecycle.ts';
import type { Context } from './command.ts';
import type { ExitCode } from './exit-code.ts';
import { followOperation } from './follow-operation.ts';

/** @throws {ProblemError} `stack-not-opened`, and what `begin` throws */
export async function changeStack(
  context: Context,
  begin: (lifecycle: Lifecycle) => Promise<string>,
): Promise<ExitCode> {
  const { core, stack, terminal } = context;
  const { operationId } = await core.handles.change(stack.project, begin);
  const { operation, code } = await followOperation(context, operationId);
  if (terminal.json) await terminal.document({ operation });
  return code;
}
