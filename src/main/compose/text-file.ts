/** Reading a small text file, with a Problem for everything that can go wrong. */
import { open } from 'node:fs/promises';
import { composeProblem, type KeyPath, type SourcePlace } from './compose-problem.ts';

/**
 * @param what names the kind of file in messages: "Compose file", "env file".
 * @param place and path say where the file was named, if in another file.
 * @throws ProblemError `compose-invalid` when it is missing, unreadable, not a file, too large or not text.
 */
export async function readText(
  file: string,
  maxBytes: number,
  what: string,
  place?: SourcePlace,
  path: KeyPath = [],
): Promise<string> {
  try {
    const handle = await open(file, 'r');
    try {
      const facts = await handle.stat();
      if (!facts.isFile()) {
        throw composeProblem(`the ${what} ${file} is not a file`, 'Name a file, not a folder.', place, path);
      }
      // One byte more than allowed tells a file that is too large, whatever its size was a moment ago.
      const buffer = Buffer.alloc(Math.min(facts.size, maxBytes) + 1);
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
      if (facts.size > maxBytes || bytesRead > maxBytes) {
        throw composeProblem(
          `the ${what} ${file} is larger than ${Math.floor(maxBytes / 1024)} KiB`,
          'Check that it is the right file, or split it.',
          place,
          path,
        );
      }
      const content = buffer.subarray(0, bytesRead);
      if (content.includes(0)) {
        throw composeProblem(`the ${what} ${file} is not text`, 'Save it as UTF-8 text.', place, path);
      }
      return content.toString('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === undefined) throw error;
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    throw composeProblem(
      missing ? `the ${what} ${file} does not exist` : `the ${what} ${file} cannot be read (${code})`,
      missing ? 'Check the path; create the file if it should be there.' : 'Check who may read it.',
      place,
      path,
    );
  }
}
