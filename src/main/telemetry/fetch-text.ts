/** A bounded GET against the backend: node:http rather than fetch, because fetch is several times slower on big bodies. */
import { request } from 'node:http';

/**
 * The body as text with its status. Rejects after `timeoutMs` without progress, or when the body passes `maxBytes`.
 * @param url http only
 */
export function fetchText(
  url: string,
  options: { token?: string; timeoutMs: number; maxBytes: number },
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
    const outgoing = request(url, { headers, agent: false, timeout: options.timeoutMs }, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > options.maxBytes)
          outgoing.destroy(new Error(`The answer is larger than ${options.maxBytes} bytes`));
        else chunks.push(chunk);
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }));
      answer.on('error', reject);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`No answer for ${options.timeoutMs / 1000} s`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
