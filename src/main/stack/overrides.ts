/** What the person chose in the panel rather than in the file: ports that moved, and how many containers run. */
import type { ComposeProject, ComposeService } from '../compose/model.ts';

/** The model with other replica counts. Services that the file no longer has are passed over. */
export function withScale(model: ComposeProject, scale: Readonly<Record<string, number>>): ComposeProject {
  return withServices(model, (name, service) => {
    const replicas = Object.hasOwn(scale, name) ? scale[name] : undefined;
    return replicas === undefined ? service : { ...service, scale: replicas };
  });
}

/**
 * The model with moved ports. A key is a service (which publishes one port) or `service:PORT` with the port as the
 * file has it; a key that fits nothing any more is passed over, so that an edited file is not broken by an old choice.
 */
export function withPorts(model: ComposeProject, ports: Readonly<Record<string, number>>): ComposeProject {
  return withServices(model, (name, service) => {
    const published = service.ports ?? [];
    const single = published.filter((port) => isPort(port.published)).length === 1;
    const moved = published.map((port) => {
      if (!isPort(port.published)) return port;
      const chosen = own(ports, `${name}:${port.published}`) ?? (single ? own(ports, name) : undefined);
      return chosen === undefined ? port : { ...port, published: String(chosen) };
    });
    return moved.every((port, index) => port === published[index]) ? service : { ...service, ports: moved };
  });
}

/** The key of the port that `service` now publishes as `published`: by the file's own number where it has several. */
export function portKeyOf(
  declared: ComposeProject,
  ports: Readonly<Record<string, number>>,
  service: string,
  published: number,
): string {
  const all = (declared.services[service]?.ports ?? []).filter((port) => isPort(port.published));
  if (all.length <= 1) return service;
  const file = all.find((port) => own(ports, `${service}:${port.published}`) === published);
  return `${service}:${file?.published ?? published}`;
}

function withServices(
  model: ComposeProject,
  change: (name: string, service: ComposeService) => ComposeService,
): ComposeProject {
  const services = Object.fromEntries(
    Object.entries(model.services).map(([name, service]) => [name, change(name, service)]),
  );
  return { ...model, services };
}

const isPort = (text: string | undefined): boolean => /^\d+$/.test(text ?? '');

function own(record: Readonly<Record<string, number>>, key: string): number | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
