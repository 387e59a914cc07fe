/** A file as a multipart form (RFC 7578), streamed from disk: memory stays flat whatever its size. */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { HttpRequest } from '../backend/http-request.ts';

async function* parts(head: Buffer, path: string, bytes: number, tail: Buffer): AsyncGenerator<Buffer> {
  yield head;
  // Never more than was announced: a file that grows meanwhile would break the form.
  if (bytes > 0) for await (const chunk of createReadStream(path, { start: 0, end: bytes - 1 })) yield chunk as Buffer;
  yield tail;
}

const field = (value: string): string => value.replace(/[\r\n]+/g, ' ');
const quoted = (name: string): string => field(name).replace(/"/g, '%22');

export function fileForm(
  file: { path: string; name: string; bytes: number },
  onSent?: (bytes: number) => void,
): { contentType: string; body: Exclude<HttpRequest['body'], string | undefined> } {
  const boundary = `quayside-${randomBytes(16).toString('hex')}`;
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="sourceUri"\r\n\r\n${field(file.name)}\r\n` +
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${quoted(file.name)}"\r\n` +
      'Content-Type: application/octet-stream\r\n\r\n',
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: {
      stream: Readable.from(parts(head, file.path, file.bytes, tail), { objectMode: false }),
      length: head.length + file.bytes + tail.length,
      ...(onSent === undefined ? {} : { onSent }),
    },
  };
}
