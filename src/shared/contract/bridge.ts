/** What preload puts on the page, and nothing else: `window.quayside`. */
import type { CallName, Input, OfferedFile, Output, StreamName } from './contract.ts';
import type { Answer, StreamEnd } from './define.ts';

export interface Bridge {
  call<N extends CallName>(name: N, input: Input<N>): Promise<Answer<Output<N>>>;
  /** Opens a stream; the answer closes it (calling it twice is harmless). `onEnd` comes at most once, never after close. */
  open<N extends StreamName>(
    name: N,
    input: Input<N>,
    onItem: (item: Output<N>) => void,
    onEnd: (end: StreamEnd) => void,
  ): () => void;
  /** Turns files dropped on the page into tokens for `documents.ingest`; the page never sees a path. */
  offerFiles(files: readonly unknown[]): Promise<Answer<{ files: OfferedFile[] }>>;
}
