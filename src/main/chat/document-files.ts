/** From what the person dropped to the files that will be sent: folders opened, hopeless files named before a byte moves. */
import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ProblemError, problem, type Remedy } from '../../shared/model/problem.ts';

export const maxFileBytes = 50 * 1024 * 1024;
/** Files of one ingestion; more are better added in parts, where progress can be followed. */
export const maxFiles = 1000;
const maxDepth = 24;
const supported = /\.(md|markdown|txt|text|html?|xhtml|pdf|docx|csv|tsv)$/i;

export interface FileToSend {
  readonly path: string;
  /** What the document is known by: the file's name, or its place within the dropped folder. */
  readonly name: string;
  readonly bytes: number;
  /** Why it will not be sent. */
  readonly refused: ProblemError | null;
}

const fault = (code: string, title: string, cause: string, remedies: readonly Remedy[]): ProblemError =>
  new ProblemError(problem(code, title, cause, { remedies }));

function refusalOf(name: string, bytes: number): ProblemError | null {
  if (bytes === 0)
    return fault('document-empty', 'The file is empty', `${name} holds nothing.`, [
      { action: 'advice', label: 'Save it again, then add it' },
    ]);
  if (bytes > maxFileBytes)
    return fault(
      'document-too-large',
      'The file is larger than 50 MB',
      `${name} has ${Math.ceil(bytes / 1024 / 1024)} MB; a document may have up to 50 MB.`,
      [{ action: 'advice', label: 'Split it and add the parts' }],
    );
  return null;
}

function unreadable(name: string, error: unknown): ProblemError {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 'ENOENT')
    return fault('document-missing', 'The file is not there', `${name} was moved or deleted.`, [
      { action: 'advice', label: 'Check the path, then add it again' },
    ]);
  if (code === 'EACCES' || code === 'EPERM')
    return fault('document-unreadable', 'The file may not be read', `This account has no permission to read ${name}.`, [
      { action: 'advice', label: 'Give yourself permission to read it, or copy it to another folder' },
    ]);
  return fault('document-unreadable', 'The file cannot be read', `Reading ${name} failed: ${String(code ?? error)}.`, [
    { action: 'retry', label: 'Try again' },
  ]);
}

/** Supported files below a folder, by name. Hidden entries and links are left out: a link could lead anywhere. */
async function below(folder: string, prefix: string, depth: number, found: FileToSend[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (found.length > maxFiles) return;
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    const name = `${prefix}/${entry.name}`;
    if (entry.isDirectory() && depth < maxDepth)
      await below(path, name, depth + 1, found).catch((error: unknown) => {
        found.push({ path, name, bytes: 0, refused: unreadable(name, error) });
      });
    if (!entry.isFile() || !supported.test(entry.name)) continue;
    try {
      const { size } = await lstat(path);
      found.push({ path, name, bytes: size, refused: refusalOf(name, size) });
    } catch (error) {
      found.push({ path, name, bytes: 0, refused: unreadable(name, error) });
    }
  }
}

/** @throws {ProblemError} `documents-too-many` */
export async function filesToSend(offered: readonly { path: string; name: string }[]): Promise<FileToSend[]> {
  const files: FileToSend[] = [];
  for (const { path, name: given } of offered) {
    const name = given === '' ? basename(path) : given;
    try {
      const info = await stat(path);
      if (info.isDirectory()) {
        const inside: FileToSend[] = [];
        await below(path, name, 0, inside);
        if (inside.length === 0)
          files.push({
            path,
            name,
            bytes: 0,
            refused: fault(
              'document-folder-empty',
              'Nothing in this folder can be added',
              `${name} holds no PDF, Word, HTML, Markdown, CSV or text file.`,
              [{ action: 'advice', label: 'Choose another folder' }],
            ),
          });
        files.push(...inside);
      } else if (info.isFile()) files.push({ path, name, bytes: info.size, refused: refusalOf(name, info.size) });
      else
        files.push({
          path,
          name,
          bytes: 0,
          refused: fault('document-unsupported', 'This is not a file', `${name} is a device or a socket.`, []),
        });
    } catch (error) {
      files.push({ path, name, bytes: 0, refused: unreadable(name, error) });
    }
  }
  if (files.length > maxFiles)
    throw fault('documents-too-many', 'Too many files at once', `Up to ${maxFiles} files can be added at once.`, [
      { action: 'advice', label: 'Add the folder in parts' },
    ]);
  return files;
}
