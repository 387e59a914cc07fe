import 'reflect-metadata';
import type { Server, ServerResponse } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule, createParts } from './app.module.ts';
import { AccessGuard } from './auth/guard.ts';
import { readLayers } from './config/layers.ts';
import { readSettings } from './config/settings.ts';
import { answerClientError } from './http/client-error.ts';
import { gate } from './http/gate.ts';
import { readJson } from './http/json-body.ts';
import { ProblemFilter } from './http/problem-filter.ts';
import { configureLog, log, nestLogger, setLogLevel } from './observability/log.ts';
import { prepare } from './prepare.ts';
import { windDown } from './wind-down.ts';

/** An end that takes longer is cut short: a little before the stack's own patience (`stop_grace_period`, 15 s). */
const graceMs = 14_000;

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  configureLog({ version: settings.APP_VERSION, env: settings.QUAYSIDE_ENV });
  const parts = createParts(settings, readLayers(process.argv.slice(2), process.env));
  setLogLevel(parts.config.values()['log.level']);
  parts.config.onChange((now) => setLogLevel(now['log.level']));
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(parts), {
    logger: nestLogger,
    bodyParser: false,
    abortOnError: false,
  });
  app.disable('x-powered-by');
  const closing = new AbortController();
  app.use((_request: unknown, response: ServerResponse, next: () => void) => {
    if (closing.signal.aborted) response.setHeader('Connection', 'close');
    next();
  });
  app.use(
    gate({
      authenticate: parts.auth.authenticate,
      hosts: settings.ALLOWED_HOSTS.split(',').map((host) => host.trim()),
    }),
  );
  app.useBodyParser('raw', { type: 'application/json', limit: '1mb' });
  app.use(readJson);
  app.useGlobalFilters(new ProblemFilter());
  app.useGlobalGuards(new AccessGuard(parts.auth.limits, parts.config.values));
  (app.getHttpServer() as Server).on('clientError', answerClientError);
  const stop = async (signal: string): Promise<void> => {
    if (closing.signal.aborted) return;
    log.info('stop', 'Stopping', { signal });
    closing.abort();
    setTimeout(() => {
      log.error('stop.late', 'Something would not end');
      process.exit(1);
    }, graceMs).unref();
    await windDown(parts, app.getHttpServer() as Server);
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));

  await app.listen(settings.PORT, '0.0.0.0');
  log.info('start', 'Listening', { port: settings.PORT });
  parts.health.start();
  await prepare(parts, closing.signal).catch((error: unknown) => {
    if (!closing.signal.aborted) throw error;
  });
}

process.on('unhandledRejection', (error) => log.error('unhandled', 'A rejection nobody waited for', {}, error));
main().catch((error: unknown) => {
  log.error('start.failed', 'The backend could not start', {}, error);
  process.exitCode = 1;
  setTimeout(() => process.exit(1), 100).unref();
});
