/** `ports:` in short syntax, expanded as Compose does. */
import { type Dict, dict, isDict, isList } from './yaml-value.ts';

/** @returns the entries in long form, or a sentence that says what is wrong. */
export function parsePort(spec: string): Dict[] | string {
  const slash = spec.lastIndexOf('/');
  const protocol = (slash === -1 ? 'tcp' : spec.slice(slash + 1)).toLowerCase() || 'tcp';
  if (!/^(tcp|udp|sctp)$/.test(protocol)) return 'the protocol is tcp, udp or sctp';
  const parts = (slash === -1 ? spec : spec.slice(0, slash)).split(':');
  const container = parts.pop() ?? '';
  const host = parts.pop() ?? '';
  const written = parts.join(':');
  const address = written.replace(/^\[(.*)\]$/, '$1');
  if (container === '') return 'the port of the container is missing';
  if (written !== '' && !isAddress(written)) {
    return `${JSON.stringify(written.slice(0, 60))} is not an IP address (IPv6 stands in [brackets])`;
  }
  const target = parseRange(container);
  if (target === undefined) return 'the port of the container is a number from 1 to 65535, or a range';
  const published = host === '' ? undefined : parseRange(host);
  if (host !== '' && published === undefined) return 'the port of the host is a number up to 65535, or a range';
  const count = target.end - target.start;
  if (published !== undefined && published.end - published.start !== count && count !== 0) {
    return 'both ranges must be of the same length';
  }
  const made: Dict[] = [];
  for (let index = 0; index <= count; index++) {
    made.push(
      dict([
        ['mode', 'ingress'],
        ['host_ip', address],
        ['target', target.start + index],
        ['published', publishedAt(published, count, index)],
        ['protocol', protocol],
      ]),
    );
  }
  // Compose sorts a range by its text, so 100 stands before 80.
  if (made.length === 1) return made;
  const texts = new Map(made.map((port) => [port, `${port.target}/`]));
  return made.sort((a, b) => ((texts.get(a) ?? '') < (texts.get(b) ?? '') ? -1 : 1));
}

function publishedAt(range: { start: number; end: number } | undefined, count: number, index: number): string {
  if (range === undefined) return '';
  // One container port and a range of the host: the engine picks a free one.
  if (count === 0 && range.end !== range.start) return `${range.start}-${range.end}`;
  return String(range.start + index);
}

/** "80" or "80-90"; at most 65535. */
export function parseRange(text: string): { start: number; end: number } | undefined {
  const match = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(text);
  if (match === null) return undefined;
  const start = Number(match[1]);
  const end = match[2] === undefined ? start : Number(match[2]);
  return end >= start && end <= 65535 ? { start, end } : undefined;
}

function isAddress(text: string): boolean {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return text.split('.').every((part) => Number(part) <= 255);
  return /^\[[0-9a-fA-F:.]{2,45}\]$/.test(text) && text.includes(':');
}

/** How many ports a checked file would publish, without expanding them. */
export function countPorts(file: Dict): number {
  let count = 0;
  const services = isDict(file.services) ? file.services : dict();
  for (const name of Object.keys(services)) {
    const service = services[name];
    const ports = isDict(service) && isList(service.ports) ? service.ports : [];
    for (const port of ports) {
      const range = typeof port === 'string' ? /(\d{1,5})-(\d{1,5})(?:\/\w*)?$/.exec(port) : null;
      count += range === null ? 1 : Math.max(1, Number(range[2]) - Number(range[1]) + 1);
    }
  }
  return count;
}
