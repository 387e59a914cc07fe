/** The whole report in one sentence, and which application check speaks of which service. */
import type { ApplicationCheck, HealthReport, ServiceHealth } from '../../../shared/model/health.ts';
import { count } from '../../ui/format.ts';

/** The backend's own names for what it depends on, by service. */
const checkOf: Readonly<Record<string, readonly string[]>> = {
  postgres: ['database', 'postgres', 'postgresql'],
  redis: ['redis', 'cache'],
  qdrant: ['qdrant', 'vectors'],
  nlp: ['nlp', 'embedding'],
};

export function checkFor(service: string, checks: readonly ApplicationCheck[]): ApplicationCheck | null {
  const names = checkOf[service] ?? [service];
  return checks.find((check) => names.includes(check.name)) ?? null;
}

/** Checks that no listed service owns (a language model, for one). */
export function otherChecks(services: readonly string[], checks: readonly ApplicationCheck[]): ApplicationCheck[] {
  const owned = new Set(services.map((service) => checkFor(service, checks)?.name));
  return checks.filter((check) => !owned.has(check.name));
}

function trouble(service: ServiceHealth): string | null {
  if (service.oomKilled) return `${service.service} ran out of memory`;
  if (service.state === 'restarting') return `${service.service} keeps restarting`;
  if (service.state !== 'running') return `${service.service} does not run`;
  if (service.health === 'unhealthy') return `the healthcheck of ${service.service} fails`;
  return null;
}

/** "All 5 services run, pass their healthchecks and answer the backend." or what is wrong, most basic layer first. */
export function healthSentence(report: HealthReport): string {
  const troubles = report.services.map(trouble).filter((words) => words !== null);
  for (const check of report.application.checks) {
    if (check.status === 'down') troubles.push(`the backend cannot reach ${check.name}`);
    else if (check.status === 'degraded') troubles.push(`${check.name} is slow or limited`);
  }
  if (troubles.length > 0) {
    const [first = '', ...rest] = troubles.slice(0, 3);
    const more = troubles.length > 3 ? `, and ${count(troubles.length - 3, 'more thing')}` : '';
    return `${first.charAt(0).toUpperCase()}${first.slice(1)}${rest.length > 0 ? `, ${rest.join(', ')}` : ''}${more}.`;
  }
  if (report.services.some((service) => service.health === 'starting')) return 'First healthchecks are under way.';
  if (report.application.status === 'unknown') {
    return `${count(report.services.length, 'container')} run. The backend has not been asked yet.`;
  }
  if (report.overall !== 'healthy') return report.application.detail ?? 'Something is not as it should be.';
  return `All ${count(report.services.length, 'service')} run, pass their healthchecks and answer the backend.`;
}
