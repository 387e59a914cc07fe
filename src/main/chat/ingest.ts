/** The operation that brings files into the stack: one step per file, a file that fails leaves the others alone. */
import { setTimeout as pause } from 'node:timers/promises';
import type { DocumentInfo } from '../../shared/model/chat.ts';
import { ProblemError, problem, toProblem } from '../../shared/model/problem.ts';
import type { BackendClient } from '../backend/backend-client.ts';
import { backendProblem } from '../backend/backend-problems.ts';
import type { OperationContext, OperationSpec, StepHandle } from '../operations/operation-runner.ts';
import { alreadyIn } from './digests.ts';
import type { FileToSend } from './document-files.ts';
import { fileForm } from './upload.ts';
import { wireAccepted, wireJobState, wireRemoval } from './wire.ts';

/** Files under way at once: one is read while another is sent. */
const parallel = 3;
const pollMs = 300;
/** A document that has not moved for so long is stuck, not slow. */
const stalledMs = 10 * 60_000;

const doing: Readonly<Record<DocumentInfo['state'], string>> = {
  queued: 'Waiting for its turn',
  extracting: 'Reading the text',
  chunking: 'Cutting into passages',
  embedding: 'Finding the meaning of each passage',
  indexing: 'Checking the index',
  ready: 'Ready',
  failed: 'Failed',
  deleting: 'Being removed',
};

/** How long the backend thinks it still takes, once that is worth saying. */
function timeLeft({ remainingMs }: DocumentInfo): string {
  if (remainingMs === null || remainingMs < 2000) return '';
  const seconds = Math.round(remainingMs / 1000);
  return seconds < 90 ? `, about ${seconds} s left` : `, about ${Math.round(seconds / 60)} min left`;
}

const passages = (count: number): string => (count === 1 ? '1 passage' : `${count} passages`);

async function follow(
  client: BackendClient,
  jobId: string,
  step: StepHandle,
  signal: AbortSignal,
): Promise<DocumentInfo> {
  let seen = '';
  let movedAt = Date.now();
  for (;;) {
    signal.throwIfAborted();
    const { job, document } = await client.call(
      'GET',
      `/v1/jobs/${encodeURIComponent(jobId)}`,
      wireJobState,
      undefined,
      signal,
    );
    if (document === null || job.state === 'cancelled' || document.state === 'deleting')
      throw new ProblemError(
        problem(
          'document-replaced',
          'The document was removed or replaced meanwhile',
          'Its ingestion was given up.',
          {},
        ),
      );
    if (job.state === 'failed')
      throw new ProblemError(
        backendProblem(job.error?.code ?? 'internal', job.error?.message ?? 'The document could not be added.'),
      );
    if (job.state === 'done') return document;
    const waiting = job.state === 'queued' && job.error !== null;
    step.detail(waiting ? `${job.error?.message ?? ''} Trying again.` : doing[document.state] + timeLeft(document));
    step.progress({ done: Math.round(document.progress * 100), total: 100, unit: 'steps' });
    const now = `${job.state} ${document.state} ${document.progress} ${job.error?.code ?? ''}`;
    if (now !== seen) {
      seen = now;
      movedAt = Date.now();
    } else if (Date.now() - movedAt > stalledMs)
      throw new ProblemError(
        problem(
          'ingest-stalled',
          'Nothing moved for ten minutes',
          'The backend still works on the document or waits for another service.',
          {
            remedies: [{ action: 'open-page', label: 'Look at Health', page: 'health' }],
          },
        ),
      );
    await pause(pollMs, undefined, { signal });
  }
}

async function sendOne(
  client: BackendClient,
  kb: string,
  file: FileToSend,
  step: StepHandle,
  signal: AbortSignal,
): Promise<void> {
  step.start(file.refused === null ? 'Sending' : undefined);
  if (file.refused !== null) throw file.refused;
  const form = fileForm(file, (sent) =>
    step.progress({ done: Math.min(sent, file.bytes), total: file.bytes, unit: 'bytes' }),
  );
  const accepted = await client.send(
    `/v1/knowledge-bases/${encodeURIComponent(kb)}/documents`,
    wireAccepted,
    form,
    signal,
  );
  const { document, job, deduplicated } = accepted;
  if (job === null) {
    step.done(`Already there: ${passages(document.chunks)}`);
    return;
  }
  try {
    const ready = await follow(client, job.id, step, signal);
    step.done(passages(ready.chunks));
  } catch (error) {
    // What the person cancelled should not turn up later; what was there before stays.
    if (signal.aborted && !deduplicated && document.chunks === 0)
      await client
        .call('DELETE', `/v1/documents/${encodeURIComponent(document.id)}`, wireRemoval)
        .catch(() => undefined);
    throw error;
  }
}

function outcomeOf(total: number, problems: readonly ProblemError[]): string {
  const [first] = problems;
  if (first === undefined) return total === 1 ? 'The document is ready' : `${total} documents are ready`;
  if (total === 1) throw first;
  throw new ProblemError(
    problem(
      'documents-refused',
      `${problems.length} of ${total} documents could not be added`,
      problems.length === total ? 'None of them could be added.' : 'The others are ready.',
      { evidence: problems.map((entry) => `${entry.problem.title}: ${entry.problem.cause}`) },
    ),
  );
}

/** @param kb id or name of the knowledge base */
export function ingestSpec(
  client: BackendClient,
  files: readonly FileToSend[],
  stack: string,
  kb: string,
): OperationSpec {
  return {
    kind: 'ingest',
    stack,
    title: files.length === 1 ? `Add ${files[0]?.name ?? 'a document'}`.slice(0, 300) : `Add ${files.length} documents`,
    exclusive: false,
    cancellable: true,
    async run(context: OperationContext) {
      const known = await alreadyIn(client, kb, files, context.signal);
      const work = files.map((file, at) => ({ file, step: context.step(`file/${at + 1}`, file.name.slice(0, 300)) }));
      const problems: ProblemError[] = [];
      let next = 0;
      const worker = async (): Promise<void> => {
        for (let entry = work[next++]; entry !== undefined; entry = work[next++]) {
          context.signal.throwIfAborted();
          const passagesIn = known.get(entry.file);
          if (passagesIn !== undefined) {
            entry.step.start();
            entry.step.done(`Already there: ${passages(passagesIn)}`);
            continue;
          }
          try {
            await sendOne(client, kb, entry.file, entry.step, context.signal);
          } catch (error) {
            context.signal.throwIfAborted();
            const failed = error instanceof ProblemError ? error : new ProblemError(toProblem(error), { cause: error });
            entry.step.fail(failed);
            problems.push(failed);
          }
        }
      };
      const results = await Promise.allSettled(Array.from({ length: parallel }, worker));
      const broken = results.find((result) => result.status === 'rejected');
      if (broken !== undefined) throw broken.reason;
      return outcomeOf(files.length, problems);
    },
  };
}
