import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { Settings } from '../config/settings.ts';
import { SETTINGS } from '../config/tokens.ts';
import { registry } from '../observability/metrics.ts';
import { HEALTH, type HealthMonitor } from './monitor.ts';

@Controller()
export class HealthController {
  readonly #health: HealthMonitor;
  readonly #version: string;
  constructor(@Inject(HEALTH) health: HealthMonitor, @Inject(SETTINGS) settings: Settings) {
    this.#health = health;
    this.#version = settings.APP_VERSION;
  }

  /** 503 until the start is over, from then on 200: `degraded` says that something it needs does not answer. */
  @Get('health')
  health(@Res() response: Response): void {
    const { checks, prepared, checkedAtMs } = this.#health;
    const healthy = prepared && Object.values(checks).every((check) => check.status === 'healthy');
    response.status(prepared ? 200 : 503).json({
      status: healthy ? 'healthy' : 'degraded',
      checks,
      uptime: Math.round(process.uptime()),
      version: this.#version,
      checkedAtMs,
    });
  }

  @Get('health/live')
  live(): unknown {
    return { status: 'healthy' };
  }

  /** 503 while nobody can be served: before the schema is there, or without database or vector store. */
  @Get('health/ready')
  ready(@Res() response: Response): void {
    const { checks, prepared } = this.#health;
    const ready = prepared && checks.database.status === 'healthy' && checks.qdrant.status === 'healthy';
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not-ready' });
  }

  @Get('metrics')
  async metrics(@Res() response: Response): Promise<void> {
    response.setHeader('Content-Type', registry.contentType);
    response.end(await registry.metrics());
  }
}
