import { Controller, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import { z } from 'zod';
import type { Settings } from '../config/settings.ts';
import { SETTINGS } from '../config/tokens.ts';
import { Route, route } from '../http/route.ts';
import { registry } from '../observability/metrics.ts';
import { HEALTH, type HealthMonitor, isFine } from './monitor.ts';

const tag = 'Health';
const check = z.object({
  status: z.enum(['healthy', 'degraded', 'down', 'unknown', 'off']),
  latencyMs: z.number().nullable(),
  error: z.string().optional(),
});
const healthJson = z
  .object({
    status: z.enum(['healthy', 'degraded']),
    checks: z.record(z.string(), check),
    uptime: z.number(),
    version: z.string(),
    checkedAtMs: z.number().nullable(),
  })
  .meta({ id: 'Health' });
const readyJson = z.object({ status: z.enum(['ready', 'not-ready']) });
const health = route({
  method: 'get',
  path: 'health',
  summary: 'Everything the backend needs, one by one; 503 until the start is over',
  tag,
  access: 'open',
  answers: { 200: healthJson, 503: healthJson },
});
const live = route({
  method: 'get',
  path: 'health/live',
  summary: 'The process answers',
  tag,
  access: 'open',
  answers: { 200: z.object({ status: z.literal('healthy') }) },
});
const ready = route({
  method: 'get',
  path: 'health/ready',
  summary: 'Questions can be served',
  tag,
  access: 'open',
  answers: { 200: readyJson, 503: readyJson },
});
const metrics = route({
  method: 'get',
  path: 'metrics',
  summary: 'Figures for Prometheus',
  tag,
  access: 'metrics:read',
  answers: { 200: null },
  raw: 'text/plain',
});

@Controller()
export class HealthController {
  readonly #health: HealthMonitor;
  readonly #version: string;
  constructor(@Inject(HEALTH) health: HealthMonitor, @Inject(SETTINGS) settings: Settings) {
    this.#health = health;
    this.#version = settings.APP_VERSION;
  }

  /** 503 until the start is over, from then on 200: `degraded` says that something it needs does not answer. */
  @Route(health)
  health(@Res() response: Response): void {
    const { checks, prepared, checkedAtMs } = this.#health;
    const healthy = prepared && Object.values(checks).every(isFine);
    response.status(prepared ? 200 : 503).json({
      status: healthy ? 'healthy' : 'degraded',
      checks,
      uptime: Math.round(process.uptime()),
      version: this.#version,
      checkedAtMs,
    });
  }

  @Route(live)
  live(): unknown {
    return { status: 'healthy' };
  }

  /** 503 while nobody can be served: before the schema is there, or without database or vector store. */
  @Route(ready)
  ready(@Res() response: Response): void {
    const { checks, prepared } = this.#health;
    const ready = prepared && checks.database.status === 'healthy' && checks.qdrant.status === 'healthy';
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not-ready' });
  }

  @Route(metrics)
  async metrics(@Res() response: Response): Promise<void> {
    response.setHeader('Content-Type', registry.contentType);
    response.end(await registry.metrics());
  }
}
