/** The process that reads documents, apart from the one that serves people. Started by isolated.ts. */
import { BackendProblem, type ProblemCode } from '../http/problem.ts';
import { extract } from './extract.ts';
import type { Extracted } from './extracted.ts';

export interface ExtractRequest {
  readonly mime: string;
  readonly name: string;
  readonly bytes: Uint8Array;
}
export type ExtractReply =
  | { readonly ok: true; readonly extracted: Extracted }
  | { readonly ok: false; readonly code: ProblemCode; readonly detail: string };

async function reply(request: ExtractRequest): Promise<ExtractReply> {
  try {
    // A copy: what comes over the channel is a view of a larger buffer, and PDF reading takes its buffer away.
    return { ok: true, extracted: await extract(request.mime, new Uint8Array(request.bytes), request.name) };
  } catch (error) {
    if (error instanceof BackendProblem) return { ok: false, code: error.code, detail: error.message };
    return { ok: false, code: 'internal', detail: error instanceof Error ? error.message.slice(0, 200) : 'unknown' };
  }
}

process.on('message', (request: ExtractRequest) => {
  reply(request).then(
    (answer) => process.send?.(answer),
    () => process.exit(1),
  );
});
process.on('disconnect', () => process.exit(0));
