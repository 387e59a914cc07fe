/** Requests that Node's parser refuses never reach a route: without this they would leave as a bare status line. */
import type { Duplex } from 'node:stream';
import { BackendProblem } from './problem.ts';

/** For the server's `clientError`: says what is wrong, as every other failure does, and ends the connection. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new BackendProblem('head-too-long', 'The address and headers together have more than 16 KB.')
      : new BackendProblem('bad-request', 'The request does not follow HTTP, or did not come whole in time.');
  const body = JSON.stringify(problem.details());
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.status === 431 ? 'Request Header Fields Too Large' : 'Bad Request'}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
