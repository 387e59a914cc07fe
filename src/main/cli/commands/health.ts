import type { HealthReport } from '../../../shared/model/health.ts';
import { redactHealth } from '../../handlers.ts';
import { type Command, existingStack } from '../command.ts';
import { exit } from '../exit-code.ts';
import { clip, table } from '../format.ts';
import { printable } from '../printable.ts';

export const health: Command = {
  name: 'health',
  usage: '',
  summary: 'container, healthcheck and application, layer by layer',
  help: ['Exit code 1 when it is not healthy. With --json: the whole report, with the output of each probe.'],
  options: {},
  positionals: { min: 0, max: 0 },
  async run(context) {
    const { core, terminal } = context;
    await existingStack(context);
    const report = redactHealth(await core.health.get(), core.redact);
    if (terminal.json) await terminal.document(report);
    else await terminal.print(reportText(report, terminal.columns));
    return report.overall === 'healthy' ? exit.done : exit.failed;
  },
};

function reportText(report: HealthReport, columns: number): string {
  const services = report.services.map((service) => {
    const probe = service.probes.at(-1)?.output.trim().split('\n').at(-1) ?? '';
    const state = service.state === 'exited' ? `exited (${service.exitCode ?? '?'})` : service.state;
    return [service.service, service.oomKilled ? `${state}, out of memory` : state, service.health, probe];
  });
  const { application } = report;
  const checks = application.checks.map((check) => [
    `  ${check.name}`,
    check.status,
    check.latencyMs === null ? '' : `${Math.round(check.latencyMs)} ms`,
    check.detail ?? '',
  ]);
  const lines = [
    `Overall: ${report.overall}`,
    '',
    table([['SERVICE', 'CONTAINER', 'HEALTHCHECK', 'LAST PROBE'], ...services]),
    '',
    `Application: ${application.status}${application.detail === null ? '' : ` (${application.detail})`}`,
    table(checks),
  ];
  return lines
    .join('\n')
    .split('\n')
    .map((line) => clip(printable(line, false), columns))
    .join('\n')
    .trimEnd();
}
