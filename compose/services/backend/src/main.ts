import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule, createParts } from './app.module.ts';
import { AccessGuard } from './auth/guard.ts';
import { readLayers } from './config/layers.ts';
import { readSettings } from './config/settings.ts';
import { gate } from './http/gate.ts';
import { readJson } from './http/json-body.ts';
import { ProblemFilter } from './http/problem-filter.ts';
import { configureLog, log, nestLogger, setLogLevel } from './observability/log.ts';
import { prepare } from './prepare.ts';

/** In-flight answers get this long after SIGTERM; Docker's own patience is 10 s. */
const graceMs = 8000;

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
  const closing = new AbortController();

  const stop = async (signal: string): Promise<void> => {
    if (closing.signal.aborted) return;
    log.info('stop', 'Stopping', { signal });
    closing.abort();
    setTimeout(() => process.exit(1), graceMs).unref();
    parts.health.close();
    await parts.runs.close();
    await parts.sourceWatch.close();
    await parts.worker.close();
    parts.extractor.close();
    const server = app.getHttpServer() as import('node:http').Server;
    server.closeAllConnections();
    await app.close();
    await parts.bus.close();
    parts.redis.disconnect();
    await parts.database.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal));

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
