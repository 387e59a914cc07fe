/** `volumes:` of a service in short syntax, expanded as Compose does. */
import { type Dict, dict } from './yaml-value.ts';

/** @returns the long form, or a sentence that says what is wrong. */
export function parseMount(spec: string): Dict | string {
  if (spec === '') return 'a volume cannot be empty';
  const mount = dict();
  if (spec.length <= 2) {
    mount.type = 'volume';
    mount.target = spec;
    return mount;
  }
  const sections = split(spec);
  if (sections.includes('')) return 'there is nothing between two colons';
  if (sections.length > 3) return 'there are too many colons';
  const [source, target, options] = sections.length === 1 ? [undefined, sections[0], undefined] : sections;
  if (source !== undefined) mount.source = source;
  mount.target = target ?? '';
  const bind = dict();
  for (const option of options?.split(',') ?? []) {
    if (option === 'ro') mount.read_only = true;
    else if (option === 'nocopy') mount.volume = dict([['nocopy', true]]);
    else if (option === 'z' || option === 'Z') bind.selinux = option;
    else if (/^r?(private|shared|slave)$/.test(option)) bind.propagation = option;
  }
  if (source !== undefined && isFilePath(source)) {
    mount.type = 'bind';
    bind.create_host_path = true;
    mount.bind = bind;
  } else {
    mount.type = 'volume';
    if (Object.keys(bind).length > 0) mount.bind = bind;
    mount.volume ??= dict();
  }
  return mount;
}

/** Splits at colons; one letter before a colon is a Windows drive, not a section. */
function split(spec: string): string[] {
  const sections: string[] = [];
  let section = '';
  for (const char of spec) {
    if (char === ':' && !/^\p{L}$/u.test(section)) {
      sections.push(section);
      section = '';
    } else section += char;
  }
  sections.push(section);
  return sections;
}

/** Whether a source names a place on the host rather than a volume. */
function isFilePath(source: string): boolean {
  return /^[./~]/.test(source) || isWindowsPath(source);
}

/** `c:\data`, `c:/data`. */
export function isWindowsPath(source: string): boolean {
  return /^\p{L}:/u.test(source) || source.startsWith('\\\\');
}
