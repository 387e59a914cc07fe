/** A secret from a file or from standard input: never from an argument, which every process of the machine can read. */
import { open } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { ProblemError, problem } from '../../shared/model/problem.ts';

const maxBytes = 4096;

/** @param from a path, or `-` for standard input. @throws {ProblemError} `file-missing`, `usage` */
export async function readSecretFrom(from: string): Promise<string> {
  const given = from === '-' ? await text(process.stdin) : await contentsOf(from);
  const secret = given.replace(/\r?\n$/, '');
  if (secret !== '' && secret.length <= maxBytes && !/[\r\n\0]/.test(secret)) return secret;
  throw new ProblemError(
    problem(
      'usage',
      'There is no usable secret in it',
      from === '-' ? 'Standard input held no single line.' : `${from} holds no single line.`,
      { remedies: [{ action: 'advice', label: 'Give one line with the secret and nothing else' }] },
    ),
  );
}

async function contentsOf(path: string): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(maxBytes + 2), 0, maxBytes + 2, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'There is no such file.' : `It cannot be opened (${String(code)}).`;
    throw new ProblemError(
      problem('file-missing', `${path} cannot be read`, why, {
        remedies: [{ action: 'advice', label: 'Give the path of a file that you can read, or - for standard input' }],
      }),
    );
  }
}
