import { Controller, Inject } from '@nestjs/common';
import { z } from 'zod';
import { HEALTH, type HealthMonitor } from '../health/monitor.ts';
import { Input, Route, route } from '../http/route.ts';
import { log } from '../observability/log.ts';
import { workflowExecutions } from '../observability/metrics.ts';
import { DATABASE, type Database } from '../store/database.ts';
import { workflowKeys, workflows } from './known.ts';
import { N8N, type N8n } from './n8n.ts';
import { createWorkflowRunsRepository, type WorkflowRunsRepository } from './repository.ts';

const tag = 'Workflows';
const key = z.enum(workflowKeys);
const workflowJson = z
  .object({
    key,
    name: z.string(),
    /** Published in n8n, as far as that can be seen. */
    active: z.boolean(),
    /** Whether it can be begun from here; the others wait for something to come. */
    runnable: z.boolean(),
    summary: z.string(),
    /** Executions of the last 90 days. */
    runs: z.object({ success: z.number(), error: z.number() }),
    lastRun: z
      .object({
        executionId: z.string(),
        status: z.enum(['success', 'error', 'running']),
        atMs: z.number(),
        message: z.string().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'Workflow' });

const report = route({
  method: 'post',
  path: 'v1/workflow-events',
  summary: 'What came of an execution; counted once, however often it is told',
  tag,
  access: 'workflow:report',
  body: z.strictObject({
    workflow: key,
    executionId: z.string().regex(/^[\w-]{1,64}$/),
    status: z.enum(['success', 'error']),
    message: z.string().max(500).optional(),
    atMs: z.number().int().min(0).max(8_640_000_000_000),
  }),
  answers: { 200: z.object({ counted: z.boolean() }) },
});
const list = route({
  method: 'get',
  path: 'v1/workflows',
  summary: 'The workflows of the stack, with what came of them',
  tag,
  access: 'person',
  answers: {
    200: z.object({ reachable: z.boolean(), configured: z.boolean(), items: z.array(workflowJson) }),
  },
});
const run = route({
  method: 'post',
  path: 'v1/workflows/:key/run',
  summary: 'Begin a workflow now',
  tag,
  access: 'owner',
  params: z.object({ key }),
  answers: { 202: z.object({ executionId: z.string() }) },
  problems: ['workflow-unavailable', 'workflow-not-runnable'],
});

@Controller()
export class WorkflowsController {
  readonly #n8n: N8n;
  readonly #health: HealthMonitor;
  readonly #runs: WorkflowRunsRepository;
  constructor(@Inject(N8N) n8n: N8n, @Inject(HEALTH) health: HealthMonitor, @Inject(DATABASE) database: Database) {
    this.#n8n = n8n;
    this.#health = health;
    this.#runs = createWorkflowRunsRepository(database);
  }

  @Route(report)
  async report(@Input() { body }: Input<typeof report>): Promise<unknown> {
    const counted = await this.#runs.record({ ...body, message: body.message || null });
    if (counted) {
      workflowExecutions.inc({ workflow: body.workflow, status: body.status });
      log[body.status === 'success' ? 'info' : 'warn']('workflow.ended', 'A workflow ended', {
        workflow: body.workflow,
        executionId: body.executionId,
        status: body.status,
      });
    }
    return { counted };
  }

  @Route(list)
  async list(): Promise<unknown> {
    const { configured } = this.#n8n;
    const reachable = configured && this.#health.checks.n8n.status === 'healthy';
    const [history, active] = await Promise.all([
      this.#runs.history(),
      Promise.all(
        workflowKeys.map((name) =>
          reachable ? this.#n8n.isPublished(name).catch(() => false) : Promise.resolve(false),
        ),
      ),
    ]);
    return {
      reachable,
      configured,
      items: workflowKeys.map((name, at) => {
        const { success = 0, error = 0, lastRun = null } = history.find((row) => row.workflow === name) ?? {};
        const { webhook: _, ...known } = workflows[name];
        return { key: name, ...known, active: active[at] === true, runs: { success, error }, lastRun };
      }),
    };
  }

  @Route(run)
  async run(@Input() { params }: Input<typeof run>): Promise<unknown> {
    const executionId = await this.#n8n.run(params.key);
    await this.#runs.began(params.key, executionId);
    return { executionId };
  }
}
