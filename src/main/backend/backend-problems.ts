/** Failures of documents, questions and the backend in a person's words. Mapped here, once. */
import { type Problem, ProblemError, problem, type Remedy } from '../../shared/model/problem.ts';

const retry: Remedy = { action: 'retry', label: 'Try again' };
const health: Remedy = { action: 'open-page', label: 'Look at Health', page: 'health' };
const settings: Remedy = { action: 'open-page', label: 'Open the settings', page: 'settings' };
const advice = (label: string): Remedy => ({ action: 'advice', label });

interface Words {
  readonly code: string;
  readonly title: string;
  readonly remedies: readonly Remedy[];
}

/** The backend's codes: ours, a title, what to do. The cause is the backend's own sentence. */
const known: Readonly<Record<string, Words>> = {
  'file-empty': {
    code: 'document-empty',
    title: 'The file is empty',
    remedies: [advice('Save it again, then add it')],
  },
  'no-text': {
    code: 'document-empty',
    title: 'The document holds no text',
    remedies: [advice('Add a document with text in it')],
  },
  'file-too-large': {
    code: 'document-too-large',
    title: 'The file is larger than 50 MB',
    remedies: [advice('Split it and add the parts')],
  },
  'unsupported-type': {
    code: 'document-unsupported',
    title: 'This kind of file cannot be added',
    remedies: [advice('Save it as PDF, Word (.docx), Markdown, text, HTML or CSV, then add it')],
  },
  'password-required': {
    code: 'document-password',
    title: 'The document is locked with a password',
    remedies: [advice('Save a copy without a password, then add it')],
  },
  'pdf-corrupt': {
    code: 'document-corrupt',
    title: 'The PDF is damaged',
    remedies: [advice('Export or download it again, then add it')],
  },
  'docx-corrupt': {
    code: 'document-corrupt',
    title: 'The Word document is damaged',
    remedies: [advice('Open and save it again in Word, then add it')],
  },
  'csv-invalid': {
    code: 'document-corrupt',
    title: 'The table cannot be read',
    remedies: [advice('Mend the line that is named, then add it')],
  },
  'no-text-layer': {
    code: 'document-no-text-layer',
    title: 'The PDF holds pictures, not text',
    remedies: [advice('Run it through text recognition (OCR), then add the result')],
  },
  'resource-limit': {
    code: 'document-resource-limit',
    title: 'The document needs too much time or memory to read',
    remedies: [advice('Split it into smaller documents')],
  },
  'empty-question': {
    code: 'question-empty',
    title: 'The question is empty',
    remedies: [advice('Write a question first')],
  },
  'question-too-long': {
    code: 'question-too-long',
    title: 'The question is longer than 8,000 characters',
    remedies: [advice('Shorten it; longer texts can be added as a document')],
  },
  'embedding-unavailable': {
    code: 'embedding-unavailable',
    title: 'The nlp service does not answer',
    remedies: [retry, health],
  },
  'vector-store-unavailable': {
    code: 'vector-store-unavailable',
    title: 'Qdrant does not answer',
    remedies: [retry, health],
  },
  'database-unavailable': {
    code: 'database-unavailable',
    title: 'PostgreSQL does not answer',
    remedies: [retry, health],
  },
  'index-mismatch': {
    code: 'index-mismatch',
    title: 'Qdrant does not hold what was written to it',
    remedies: [retry, health],
  },
  'provider-auth': { code: 'provider-auth', title: 'The language model service refused the key', remedies: [settings] },
  'provider-not-configured': {
    code: 'provider-not-configured',
    title: 'The language model service is not set up',
    remedies: [settings],
  },
  'provider-unreachable': {
    code: 'provider-unreachable',
    title: 'The language model service cannot be reached',
    remedies: [retry, settings],
  },
  'provider-rate-limited': {
    code: 'provider-rate-limited',
    title: 'The language model service asks to wait',
    remedies: [retry],
  },
  'provider-timeout': {
    code: 'provider-timeout',
    title: 'The language model service took too long',
    remedies: [retry, settings],
  },
  'provider-error': { code: 'provider-error', title: 'The language model service failed', remedies: [retry, settings] },
  'context-overflow': {
    code: 'context-overflow',
    title: 'The question and its sources are too long for the model',
    remedies: [advice('Ask something shorter, or begin a new conversation'), settings],
  },
  'model-not-found': { code: 'model-not-found', title: 'The service does not know this model', remedies: [settings] },
  'not-found': { code: 'not-found', title: 'It is not there any more', remedies: [] },
  forbidden: { code: 'forbidden', title: 'This is not allowed with this account', remedies: [] },
  'kb-read-only': { code: 'kb-read-only', title: 'This knowledge base may only be read', remedies: [] },
  'kb-default': { code: 'kb-default', title: 'The default knowledge base stays as it is', remedies: [] },
  'name-taken': {
    code: 'name-taken',
    title: 'There is already one of this name',
    remedies: [advice('Choose another name')],
  },
  'validation-failed': {
    code: 'input-refused',
    title: 'Something that was entered does not fit',
    remedies: [advice('Correct it, then try again')],
  },
  'precondition-failed': {
    code: 'changed-meanwhile',
    title: 'It was changed meanwhile',
    remedies: [advice('Look at how it is now, then change it again')],
  },
  'config-locked': {
    code: 'config-locked',
    title: 'This setting is fixed elsewhere',
    remedies: [advice('Change it where it is fixed: on the command line or in the environment of the backend')],
  },
  'source-exists': { code: 'source-exists', title: 'There is already such a source', remedies: [] },
  'source-unavailable': {
    code: 'source-unavailable',
    title: 'The folder is not there',
    remedies: [advice('Check that the folder exists and can be read'), retry],
  },
  'source-unreachable': { code: 'source-unreachable', title: 'The page cannot be reached', remedies: [retry] },
  'url-not-allowed': {
    code: 'url-not-allowed',
    title: 'This address may not be read',
    remedies: [advice('Give the address of a public page')],
  },
  'folder-not-allowed': { code: 'folder-not-allowed', title: 'This folder may not be read', remedies: [] },
  'too-many-changes': {
    code: 'too-many-changes',
    title: 'Too many files changed at once',
    remedies: [advice('Look at the folder; if all is as it should be, let the sync go on')],
  },
  'last-owner': {
    code: 'last-owner',
    title: 'There has to be an owner',
    remedies: [advice('Make somebody else an owner first')],
  },
  'job-final': { code: 'job-final', title: 'It has already ended', remedies: [] },
  'rate-limited': { code: 'rate-limited', title: 'Too many requests at once', remedies: [retry] },
  'embedding-change-running': {
    code: 'embedding-change-running',
    title: 'A change of the model is already under way',
    remedies: [advice('Wait until it is through, or cancel it')],
  },
  'embedding-model-unknown': {
    code: 'embedding-model-unknown',
    title: 'There is no such embedding model',
    remedies: [advice('Choose one of those that are listed')],
  },
  'embedding-no-undo': { code: 'embedding-no-undo', title: 'There is nothing to go back to', remedies: [] },
  'workflow-unavailable': {
    code: 'workflow-unavailable',
    title: 'n8n does not answer',
    remedies: [advice('Switch n8n on and start the stack, or wait until n8n is up'), health],
  },
  unauthorized: {
    code: 'backend-token-refused',
    title: 'The backend does not accept this panel’s token',
    remedies: [{ action: 'start-stack', label: 'Start the stack again' }],
  },
};

/** A failure by the backend's code and sentence. Evidence never holds more than code and request id. */
export function backendProblem(code: string, detail: string, evidence: readonly string[] = []): Problem {
  const words = known[code];
  const safe = /^[a-z][a-z0-9-]{1,63}$/.test(code) ? code : 'backend-failed';
  return problem(words?.code ?? safe, words?.title ?? 'The backend could not do this', detail, {
    evidence,
    remedies: words?.remedies ?? [retry],
    service: 'backend',
  });
}

/** The panel's word for a document's failure. */
export function documentCode(code: string): string {
  return known[code]?.code ?? code;
}

/** The stack runs a backend of a time before what was asked of it. */
export function olderBackend(): ProblemError {
  return new ProblemError(
    problem(
      'backend-older',
      'This backend is older than the panel',
      'The stack was started by an earlier version of Quayside, whose backend cannot do this yet.',
      { remedies: [{ action: 'start-stack', label: 'Start the stack again' }], service: 'backend' },
    ),
  );
}

export function stackNotRunning(
  why = 'Documents and answers come from the backend, and it is not running.',
): ProblemError {
  return new ProblemError(
    problem('stack-not-running', 'The stack is not running', why, {
      remedies: [{ action: 'start-stack', label: 'Start the stack' }],
    }),
  );
}

/** What the socket said, as a Problem. */
export function connectionProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' || code === 'ENOTFOUND')
    return stackNotRunning('Nothing answers where the backend should be.');
  const said = error instanceof Error ? error.message : String(error);
  return new ProblemError(
    problem(
      'backend-not-answering',
      'The backend does not answer',
      'The connection to the backend broke or stayed silent.',
      {
        evidence: [said],
        remedies: [retry, health],
        service: 'backend',
      },
    ),
    { cause: error },
  );
}
