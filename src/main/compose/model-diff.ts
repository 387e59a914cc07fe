/** What changed between the model a container was made from and the one of now, in lines a person reads. */
import type { ComposeService } from './model.ts';

const outsideOfHash = new Set(['build', 'pull_policy', 'scale', 'depends_on', 'profiles']);
const secretName = /pass|secret|token|credential|api_?key|private_?key/i;
const maxLabelBytes = 32_768;
const maxLines = 30;

/** The service as text for its container's label; secrets in variables are masked. Empty when it would be too long. */
export function describeModel(service: ComposeService): string {
  const kept = Object.entries(service).filter(([key]) => !outsideOfHash.has(key) && !key.startsWith('x-'));
  const described = JSON.stringify(masked(Object.fromEntries(kept)));
  return described.length > maxLabelBytes ? '' : described;
}

function masked(value: unknown, name = ''): unknown {
  if (typeof value === 'string') {
    return secretName.test(name) && !/_FILE$/.test(name) ? '(hidden)' : hideSecrets(value);
  }
  if (Array.isArray(value)) return value.map((entry) => masked(entry));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, masked(entry, key)]));
}

/** Passwords in URLs and in options like `--password=x` or `TOKEN: x` hidden; all else as it is. Time is linear in the length. */
export function hideSecrets(text: string): string {
  return text
    .replace(/(:\/\/[^\s/:@"']{0,200}:)[^\s/@"']{1,500}@/g, '$1(hidden)@')
    .replace(
      /((?:pass|secret|token|credential|api_?key|private_?key)[\w-]{0,60}(?:=|: )"?)(?![/"(])[^\s",;]+/gi,
      '$1(hidden)',
    );
}

/** Lines like `environment.MAX_WORKERS: "1" -> "2"`. One line that says so when the old model is not known. */
export function modelDiff(before: string | undefined, after: string): string[] {
  const old = parse(before);
  const now = parse(after);
  if (old === null || now === null) return ['it was made from a file that Quayside did not see'];
  const flatOld = flatten(old);
  const flatNow = flatten(now);
  const paths = [...new Set([...flatOld.keys(), ...flatNow.keys()])].sort();
  const lines = paths.flatMap((path) => {
    const [was, is] = [flatOld.get(path), flatNow.get(path)];
    if (was === is) return [];
    return [`${path}: ${was ?? '(not set)'} -> ${is ?? '(not set)'}`];
  });
  if (lines.length === 0) return ['a value that is not shown changed'];
  return lines.length <= maxLines ? lines : [...lines.slice(0, maxLines), `and ${lines.length - maxLines} more`];
}

function parse(text: string | undefined): unknown {
  if (text === undefined || text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function flatten(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    for (const [key, entry] of Object.entries(value)) flatten(entry, path === '' ? key : `${path}.${key}`, into);
  } else if (value !== undefined) {
    into.set(path, JSON.stringify(value));
  }
  return into;
}
