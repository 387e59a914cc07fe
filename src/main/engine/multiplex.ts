/**
 * The engine's multiplexed stream: frames of an 8-byte header [source, 0, 0, 0, length as 32-bit big endian] and a
 * payload. Headers and payloads may be split anywhere across chunks; nothing is copied or joined, so memory stays at
 * one chunk whatever the frame says its length is.
 * Protocol: Docker Engine API, "Attach to a container", section "Stream format".
 */

export class StreamFormatError extends Error {}

export interface Demultiplexer {
  /** @throws {StreamFormatError} when the bytes are not such a stream (a TTY's, or garbage) */
  push(chunk: Buffer): void;
  /** True between two frames: a stream that ends elsewhere was cut. */
  readonly whole: boolean;
}

/** `onPayload` is given views into the chunk: copy what outlives the call. */
export function createDemultiplexer(onPayload: (source: 'stdout' | 'stderr', data: Buffer) => void): Demultiplexer {
  const header = Buffer.alloc(8);
  let headerBytes = 0;
  let need = 0;
  let source: 'stdout' | 'stderr' = 'stdout';

  function open(from: Buffer, at: number): void {
    const kind = from[at];
    if ((kind !== 0 && kind !== 1 && kind !== 2) || from[at + 1] !== 0 || from[at + 2] !== 0 || from[at + 3] !== 0) {
      throw new StreamFormatError('The stream is not in the engine’s multiplexed form');
    }
    source = kind === 2 ? 'stderr' : 'stdout';
    need = from.readUInt32BE(at + 4);
  }

  return {
    push(chunk) {
      const end = chunk.length;
      let at = 0;
      while (at < end) {
        if (need === 0) {
          if (headerBytes === 0 && end - at >= 8) {
            open(chunk, at);
            at += 8;
            continue;
          }
          const taken = chunk.copy(header, headerBytes, at, Math.min(end, at + 8 - headerBytes));
          headerBytes += taken;
          at += taken;
          if (headerBytes === 8) {
            headerBytes = 0;
            open(header, 0);
          }
          continue;
        }
        const size = Math.min(need, end - at);
        onPayload(source, chunk.subarray(at, at + size));
        need -= size;
        at += size;
      }
    },
    get whole() {
      return need === 0 && headerBytes === 0;
    },
  };
}
