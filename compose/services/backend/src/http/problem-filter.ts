/** Every failure of a request leaves as problem+json; through OpenAI's door as its clients read it. */
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { Request, Response } from 'express';
import { MulterError } from 'multer';
import { log } from '../observability/log.ts';
import { errorBody, isOpenAiPath } from '../openai/wire.ts';
import { BackendProblem, toBackendProblem } from './problem.ts';
import { requestIdOf } from './request-id.ts';

/** Errors of Express's own parsers and of Nest's router, in our words. */
export function fromHttp(error: unknown): BackendProblem {
  if (error instanceof BackendProblem) return error;
  if (error instanceof MulterError) {
    if (error.code === 'LIMIT_FILE_SIZE')
      return new BackendProblem(
        'file-too-large',
        'The document is larger than this environment takes. Split it and add the parts.',
      );
    return new BackendProblem('validation-failed', 'Send one file in the field named "file".', {
      errors: [{ pointer: `/${error.field ?? 'file'}`, code: error.code, message: error.message }],
    });
  }
  const type = (error as { type?: unknown } | null)?.type;
  if (type === 'entity.too.large') return new BackendProblem('body-too-large', 'The body has more than 1 MB.');
  // Nest has turned this one into its own by the time it comes here.
  if (error instanceof HttpException && error.getStatus() === 413 && error.message === 'File too large')
    return new BackendProblem(
      'file-too-large',
      'The document is larger than this environment takes. Split it and add the parts.',
    );
  const status = error instanceof HttpException ? error.getStatus() : Number((error as { status?: unknown })?.status);
  if (status === 404) return new BackendProblem('not-found', 'Nothing answers at this address.');
  if (status === 405) return new BackendProblem('method-not-allowed', 'This address does not take that method.');
  if (status === 413) return new BackendProblem('body-too-large', 'The body is too large.');
  if (status === 415) return new BackendProblem('unsupported-media-type', 'Send JSON, or a form for files.');
  if (status >= 400 && status < 500) return new BackendProblem('bad-request', 'The request does not fit.');
  return toBackendProblem(error);
}

@Catch()
export class ProblemFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    sendProblem(request, response, error);
  }
}

/** Answers with the problem unless an answer is already on its way. Failures of our own (5xx) are logged. */
export function sendProblem(request: Request, response: Response, error: unknown): void {
  const problem = fromHttp(error);
  const requestId = requestIdOf(request);
  if (problem.status >= 500)
    log.error(
      'request.failed',
      problem.code,
      { requestId, route: request.route?.path ?? null },
      problem.cause ?? problem,
    );
  if (response.headersSent) {
    response.end();
    return;
  }
  if (problem.retryAfter !== undefined) response.setHeader('Retry-After', String(problem.retryAfter));
  if (problem.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  if (isOpenAiPath(request.path)) {
    response.status(problem.status).json(errorBody(problem));
    return;
  }
  response
    .status(problem.status)
    .setHeader('Content-Type', 'application/problem+json')
    .end(JSON.stringify(problem.details(requestId, request.path)));
}
