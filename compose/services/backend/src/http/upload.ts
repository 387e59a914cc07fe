/** One file out of a form, held in memory, cut off as soon as it is too large. */
import type { Request, Response } from 'express';
import multer, { MulterError, memoryStorage } from 'multer';
import { BackendProblem } from './problem.ts';

export interface ReceivedFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** What a form may have around its file. */
const aroundBytes = 64 * 1024;
/** How long what still comes is read, unseen, so that the sender gets to see the answer. */
const lingerMs = 3000;

/**
 * Calls back as soon as more has come than is taken, and cuts the sender off once it was answered: multer itself waits
 * for the end, which need not come.
 */
function whenTooLarge(request: Request, response: Response, maxBytes: number, refuse: () => void): void {
  let came = 0;
  const count = (chunk: Buffer): void => {
    came += chunk.length;
    if (came <= maxBytes + aroundBytes) return;
    request.off('data', count);
    response.setHeader('Connection', 'close');
    response.once('finish', () => {
      request.unpipe().resume();
      setTimeout(() => request.destroy(), lingerMs).unref();
    });
    refuse();
  };
  request.on('data', count);
}

/** Text fields of the form end up in `request.body`. @throws {BackendProblem} `file-missing`, `file-too-large`, `bad-request` */
export async function receiveFile(request: Request, response: Response, maxBytes: number): Promise<ReceivedFile> {
  const receive = multer({
    storage: memoryStorage(),
    limits: { fileSize: maxBytes, files: 1, fields: 8, fieldSize: 4000, parts: 12 },
    // Browsers and the panel send names in UTF-8.
    defParamCharset: 'utf8',
  } as never).single('file');
  await new Promise<void>((resolve, reject) => {
    receive(request, response, (error: unknown) => {
      if (error == null) resolve();
      else if (error instanceof MulterError) reject(error);
      else reject(new BackendProblem('bad-request', 'The form is not well formed, or broke off.', { cause: error }));
    });
    whenTooLarge(request, response, maxBytes, () => reject(new MulterError('LIMIT_FILE_SIZE', 'file')));
  });
  const { file } = request;
  if (file === undefined) throw new BackendProblem('file-missing', 'Send the file in the field named "file".');
  return { name: file.originalname, bytes: file.buffer };
}
