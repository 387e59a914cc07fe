/**
 * A Compose file's text as data, with the place of every key kept for messages.
 * Bounded: file size, nesting, and how much anchors may expand; whatever the text, the end is data or a Problem.
 */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
} from 'yaml';
import { composeProblem, type KeyPath, type Locate, type SourcePlace } from './compose-problem.ts';
import { type Dict, dict, isDict, plainScalar, type Value } from './yaml-value.ts';

export const maxFileBytes = 1 << 20;
const maxDepth = 64;
const maxNodes = 200_000;

/** One YAML document of a file. */
export interface Layer {
  readonly file: string;
  readonly tree: Dict;
  /** Paths tagged `!reset`: dropped here and from everything merged before. */
  readonly resets: readonly KeyPath[];
  /** Paths tagged `!override`: replace what was merged before. */
  readonly overrides: readonly KeyPath[];
  readonly locate: Locate;
}

/** Parses every document of a file. Empty documents are left out. @throws ProblemError `compose-invalid`. */
export function parseLayers(file: string, text: string): Layer[] {
  if (text.length > maxFileBytes) {
    throw composeProblem(
      `${file} is larger than 1 MiB`,
      'Split it into several files, or check that it is the right one.',
      undefined,
    );
  }
  const lines = new LineCounter();
  assertShallow(file, text);
  const documents = parse(file, text, lines);
  const layers: Layer[] = [];
  for (const document of documents) {
    const locate: Locate = (path) => locateIn(document.contents, path, (offset) => placeAt(file, text, lines, offset));
    const first = document.errors[0];
    if (first !== undefined) {
      const what = first.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? 'The YAML is not valid';
      throw composeProblem(
        `this is not valid YAML: ${what.replace(/\.$/, '')}`,
        'Check the indentation, quotes and brackets around this place.',
        placeAt(file, text, lines, first.pos[0]),
      );
    }
    if (document.contents === null) continue;
    const place = (node: Node | null | undefined): SourcePlace | undefined =>
      node?.range == null ? undefined : placeAt(file, text, lines, node.range[0]);
    const reader = new Reader(place);
    const tree = reader.read(document.contents, []);
    if (tree === null) continue;
    if (!isDict(tree)) {
      throw composeProblem(
        'the top of a Compose file is a mapping',
        'Start with a key such as `services:`.',
        place(document.contents),
      );
    }
    layers.push({ file, tree, resets: reader.resets, overrides: reader.overrides, locate });
  }
  return layers;
}

function parse(file: string, text: string, lines: LineCounter): Document[] {
  try {
    // Failsafe: every scalar stays text, so that it can be typed as Go's YAML does.
    const parsed = parseAllDocuments(text, {
      schema: 'failsafe',
      lineCounter: lines,
      uniqueKeys: false,
      keepSourceTokens: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    return Array.isArray(parsed) ? (parsed as Document[]) : [];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw composeProblem(
      `${file} is not valid YAML`,
      'Check that it is a Compose file; it could not be read.',
      undefined,
    );
  }
}

/** Refuses nesting that would overflow the parser's stack, before it is tried. */
function assertShallow(file: string, text: string): void {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 91 || code === 123) depth++;
    else if ((code === 93 || code === 125) && depth > 0) depth--;
    else if (code === 10) {
      // Block nesting shows as indentation or as a run of dashes.
      const run = /^[ \-?:]*/.exec(text.slice(index + 1, index + 1 + 2 * 512))?.[0] ?? '';
      if (run.length >= 2 * 512 && text.slice(index + 1).trimStart() !== '') {
        if (/[-?:]/.test(run)) throw tooDeep(file);
      }
    }
    if (depth > 512) throw tooDeep(file);
  }
}

function tooDeep(file: string, place?: SourcePlace): Error {
  return composeProblem(`${file} is nested too deeply`, `Keep it within ${maxDepth} levels.`, place);
}

class Reader {
  readonly resets: KeyPath[] = [];
  readonly overrides: KeyPath[] = [];
  private readonly place: (node: Node | null | undefined) => SourcePlace | undefined;
  private readonly anchors = new Map<string, Node>();
  private readonly open = new Set<Node>();
  private nodes = 0;

  constructor(place: (node: Node | null | undefined) => SourcePlace | undefined) {
    this.place = place;
  }

  read(node: Node | null | undefined, path: KeyPath): Value {
    if (node === null || node === undefined) return null;
    if (++this.nodes > maxNodes) {
      throw composeProblem(
        'anchors expand to more than 200,000 values',
        'Use fewer aliases of aliases.',
        this.place(node),
        path,
      );
    }
    if (path.length > maxDepth) throw tooDeep('The Compose file', this.place(node));
    if (isAlias(node)) return this.alias(node, path);
    if ('anchor' in node && typeof node.anchor === 'string') this.anchors.set(node.anchor, node);
    if (node.tag === '!override') this.overrides.push(path);
    if (isScalar(node)) return this.scalar(node, path);
    this.open.add(node);
    try {
      if (isSeq(node)) return this.list(node.items as Node[], path);
      if (isMap(node)) return this.map(node.items as unknown[], path, node);
    } finally {
      this.open.delete(node);
    }
    throw composeProblem('this YAML is not a value', 'Write a text, a list or a mapping here.', this.place(node), path);
  }

  private list(items: readonly Node[], path: KeyPath): Value[] {
    const kept = items.filter((item) => item?.tag !== '!reset');
    return kept.map((item, index) => this.read(item, [...path, index]));
  }

  private alias(node: Node & { source: string }, path: KeyPath): Value {
    const target = this.anchors.get(node.source);
    if (target === undefined) {
      throw composeProblem(
        `the alias *${node.source} has no anchor before it`,
        `Define &${node.source} above this line.`,
        this.place(node),
        path,
      );
    }
    if (this.open.has(target)) {
      throw composeProblem(
        `the alias *${node.source} holds itself`,
        'An anchor cannot be used within its own value.',
        this.place(node),
        path,
      );
    }
    return this.read(target, path);
  }

  private map(items: readonly unknown[], path: KeyPath, node: Node): Dict {
    const own = dict();
    const merges: Dict[] = [];
    for (const pair of items) {
      if (!isPair(pair)) continue;
      const keyNode = pair.key as Node | null;
      if (isScalar(keyNode) && keyNode.type === 'PLAIN' && keyNode.value === '<<') {
        this.mergeKey(pair.value as Node | null, path, merges);
        continue;
      }
      const key = this.key(keyNode, path, node);
      if (key in own) {
        throw composeProblem(
          `\`${key}\` is given twice`,
          'Keep one of the two; the same key may stand once in a mapping.',
          this.place(keyNode),
          [...path, key],
        );
      }
      const valueNode = pair.value as Node | null;
      if (valueNode?.tag === '!reset') this.resets.push([...path, key]);
      else own[key] = this.read(valueNode, [...path, key]);
    }
    if (merges.length === 0) return own;
    // Own keys win over merged ones, earlier merges over later ones.
    for (const merged of merges) {
      for (const key of Object.keys(merged)) if (!(key in own)) own[key] = merged[key] as Value;
    }
    return own;
  }

  private mergeKey(node: Node | null, path: KeyPath, merges: Dict[]): void {
    const value = this.read(node, path);
    for (const part of Array.isArray(value) ? value : [value]) {
      if (!isDict(part)) {
        throw composeProblem(
          '`<<` merges mappings only',
          'Point it at an anchor of a mapping, or at a list of them.',
          this.place(node),
          path,
        );
      }
      merges.push(part);
    }
  }

  private key(node: Node | null, path: KeyPath, map: Node): string {
    const resolved = isAlias(node) ? this.anchors.get(node.source) : node;
    const value = isScalar(resolved) ? this.scalar(resolved, path) : undefined;
    if (typeof value === 'string') return value;
    const written = isScalar(resolved) && typeof resolved.value === 'string' ? resolved.value : '';
    throw composeProblem(
      written === '' ? 'a key is missing or is not a text' : `the key ${written} is not a text`,
      written === '' ? 'Write `key: value`.' : `Put it in quotes: "${written}".`,
      this.place(node) ?? this.place(map),
      path,
    );
  }

  private scalar(node: Node & { value: unknown; type?: string | undefined }, path: KeyPath): Value {
    const text = typeof node.value === 'string' ? node.value : '';
    const tag = node.tag;
    if (tag === '!!str' || tag === 'tag:yaml.org,2002:str') return text;
    if (node.type !== undefined && node.type !== 'PLAIN') return text;
    if (tag?.startsWith('!') === true && tag !== '!override' && !tag.startsWith('!!')) return text;
    const value = plainScalar(text);
    if (typeof value === 'string' && /^\d{4}-\d{1,2}-\d{1,2}([Tt ]|$)/.test(value) && isDate(value)) {
      throw composeProblem(`${text} is read as a date`, `Put it in quotes: "${text}".`, this.place(node), path);
    }
    return value;
  }
}

function isDate(text: string): boolean {
  return /^\d{4}-\d\d?-\d\d?([Tt ]+\d\d?:\d\d:\d\d(\.\d+)?\s*(Z|[+-]\d\d(:?\d\d)?)?)?$/.test(text);
}

/** Walks the tree as far as the path goes; the last key that was found is the place. */
function locateIn(
  contents: Node | null,
  path: KeyPath,
  placeOf: (offset: number) => SourcePlace,
): SourcePlace | undefined {
  let node: unknown = contents;
  let offset: number | undefined;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number') {
      const item = node.items[part] as Node | undefined;
      if (item === undefined) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return offset === undefined ? undefined : placeOf(offset);
}

function placeAt(file: string, text: string, lines: LineCounter, offset: number): SourcePlace {
  const { line, col } = lines.linePos(Math.min(offset, text.length));
  const start = lines.lineStarts[Math.max(0, line - 1)] ?? 0;
  const end = text.indexOf('\n', start);
  const whole = text.slice(start, Math.min(end === -1 ? text.length : end, start + 4096));
  return { file, line: Math.max(1, line), column: Math.max(1, col), text: whole };
}
