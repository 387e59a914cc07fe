/** Failures as RFC 9457 problem details: a code for programs, a sentence for people, never an upstream body or a stack. */
const titles = {
  'malformed-json': [400, 'The request is not valid JSON'],
  'bad-request': [400, 'The request does not fit'],
  unauthorized: [401, 'The token is missing or wrong'],
  'login-failed': [401, 'E-mail address or password is wrong'],
  'session-invalid': [401, 'The session has ended'],
  forbidden: [403, 'This is not allowed with these credentials'],
  'kb-read-only': [403, 'This knowledge base may only be read'],
  'host-not-allowed': [403, 'Requests under this host name or origin are not taken'],
  'not-found': [404, 'There is no such thing here'],
  'method-not-allowed': [405, 'That cannot be done here'],
  'config-locked': [409, 'This setting is fixed elsewhere'],
  'name-taken': [409, 'There is already one of this name'],
  'kb-default': [409, 'The default knowledge base stays'],
  'last-owner': [409, 'There has to be an owner'],
  'idempotency-running': [409, 'The first request with this key is still being worked on'],
  'precondition-failed': [412, 'It was changed meanwhile'],
  'idempotency-mismatch': [422, 'This key was used for another request'],
  'rate-limited': [429, 'Too many requests'],
  'session-store-unavailable': [503, 'Sessions cannot be read right now'],
  'job-final': [409, 'The job has already ended'],
  'run-not-resumable': [410, 'The events of this answer are gone'],
  'file-too-large': [413, 'The file is too large'],
  'question-too-long': [413, 'The question is longer than 8,000 characters'],
  'body-too-large': [413, 'The request is too large'],
  'unsupported-type': [415, 'This kind of file is not supported'],
  'unsupported-media-type': [415, 'This kind of request body is not supported'],
  'event-id-invalid': [416, 'There is no such event'],
  'head-too-long': [431, 'The head of the request is too long'],
  'validation-failed': [422, 'Some fields do not fit'],
  'empty-question': [422, 'The question is empty'],
  'file-empty': [422, 'The file is empty'],
  'file-missing': [422, 'No file was sent'],
  'password-required': [422, 'The document asks for a password'],
  'pdf-corrupt': [422, 'The PDF is damaged'],
  'docx-corrupt': [422, 'The Word document is damaged'],
  'csv-invalid': [422, 'The table cannot be read'],
  'no-text-layer': [422, 'The PDF holds no text, only pictures of it'],
  'no-text': [422, 'The document holds no text'],
  'resource-limit': [422, 'The document needs too much memory or time to read'],
  'url-not-allowed': [422, 'This address may not be read'],
  'folder-not-allowed': [422, 'This folder may not be read'],
  'source-unavailable': [422, 'The folder is not there'],
  'too-many-changes': [409, 'Too many files changed at once'],
  'source-exists': [409, 'There is already such a source'],
  'source-unreachable': [502, 'The page cannot be reached'],
  'too-many-uploads': [429, 'Too many files at once'],
  internal: [500, 'Something went wrong in the backend'],
  'embedding-profile-mismatch': [500, 'What is searched was made with another embedding model'],
  'index-mismatch': [500, 'The vector store does not hold what was written'],
  'provider-error': [502, 'The language model service failed'],
  'provider-auth': [502, 'The language model service refused the key'],
  'provider-unreachable': [502, 'The language model service cannot be reached'],
  'model-not-found': [422, 'The language model service does not know this model'],
  'context-overflow': [422, 'The question and its sources are too long for the model'],
  'provider-not-configured': [422, 'The language model service is not set up'],
  'provider-rate-limited': [503, 'The language model service asks to wait'],
  'database-unavailable': [503, 'The database does not answer'],
  'embedding-change-running': [409, 'The embedding model is being changed'],
  'embedding-no-undo': [409, 'There is nothing to go back to'],
  'embedding-model-unknown': [422, 'This embedding model cannot be used'],
  'embedding-unavailable': [503, 'The embedding service does not answer'],
  'vector-store-unavailable': [503, 'The vector store does not answer'],
  'workflow-not-runnable': [409, 'This workflow cannot be begun from here'],
  'workflow-unavailable': [503, 'The workflow cannot be begun right now'],
  'shutting-down': [503, 'The backend is being stopped'],
  'provider-timeout': [504, 'The language model service took too long'],
} as const satisfies Record<string, readonly [number, string]>;
export type ProblemCode = keyof typeof titles;

export interface FieldError {
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  readonly requestId?: string;
  readonly instance?: string;
  readonly errors?: readonly FieldError[];
  readonly retryAfter?: number;
}

interface More {
  readonly errors?: readonly FieldError[];
  readonly retryAfter?: number;
  readonly away?: boolean;
  readonly cause?: unknown;
}

/** Failures of ours that another attempt may not meet: vectors are written again, a service is replaced by the right one. */
const mayPass: readonly ProblemCode[] = ['index-mismatch', 'embedding-profile-mismatch'];

/** What every layer throws for a failure that has a name. `retryable` says whether the same call may succeed later. */
export class BackendProblem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfter: number | undefined;
  /** Another service cannot be reached at all, which says nothing about what it was asked. */
  readonly away: boolean;
  constructor(code: ProblemCode, detail: string, more: More = {}) {
    super(detail, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'BackendProblem';
    this.code = code;
    this.status = titles[code][0];
    this.errors = more.errors;
    this.retryAfter = more.retryAfter;
    this.away = more.away === true;
  }
  get retryable(): boolean {
    return this.status === 503 || this.status === 504 || mayPass.includes(this.code);
  }
  details(requestId?: string, instance?: string): ProblemDetails {
    return {
      type: `urn:rag:problem:${this.code}`,
      title: titles[this.code][1],
      status: this.status,
      detail: this.message,
      code: this.code,
      ...(requestId === undefined ? {} : { requestId }),
      ...(instance === undefined ? {} : { instance }),
      ...(this.errors === undefined ? {} : { errors: this.errors }),
      ...(this.retryAfter === undefined ? {} : { retryAfter: this.retryAfter }),
    };
  }
}

const databaseDown = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EPIPE']);

/** Any thrown value as a problem. What has no name becomes `internal`, whose words say nothing of the inside. */
export function toBackendProblem(error: unknown): BackendProblem {
  if (error instanceof BackendProblem) return error;
  const code = (error as { code?: unknown } | null)?.code;
  const message = error instanceof Error ? error.message : '';
  const ofPostgres = typeof code === 'string' && (/^(08|57P|53)/.test(code) || databaseDown.has(code));
  if (ofPostgres || /Connection terminated|timeout exceeded when trying to connect/.test(message))
    return new BackendProblem('database-unavailable', 'The database does not answer. Try again in a moment.', {
      cause: error,
      retryAfter: 5,
      away: true,
    });
  return new BackendProblem('internal', 'The backend met a failure it did not foresee; its log says more.', {
    cause: error,
  });
}
