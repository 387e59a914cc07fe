/**
 * A Compose file's text as data, with the place of every key kept for messages.
 * Bounded: file size, nesting, and how much anchors may expand; whatever the text, the end is data or a Problem.
 */
import { isAlias, isMap, isPair, isScalar, isSeq, type Node } from 'yaml';
import type { Budget } from './budget.ts';
import { composeProblem, type KeyPath, type Locate, type SourcePlace } from './compose-problem.ts';
import { parseYaml } from './yaml-documents.ts';
import { type Dict, dict, isDict, plainScalar, type Value } from './yaml-value.ts';

export const maxFileBytes = 1 << 20;
const maxDepth = 64;

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
export function parseLayers(file: string, text: string, budget: Budget): Layer[] {
  const { documents, place } = parseYaml(file, text, budget);
  const layers: Layer[] = [];
  for (const document of documents) {
    if (document.contents === null) continue;
    const placeOf = (node: Node | null | undefined) => (node?.range == null ? undefined : place(node.range[0]));
    const reader = new Reader(placeOf, budget);
    const tree = reader.read(document.contents, []);
    if (tree === null) continue;
    if (!isDict(tree)) {
      throw composeProblem(
        'the top of a Compose file is a mapping',
        'Start with a key such as `services:`.',
        placeOf(document.contents),
      );
    }
    const locate: Locate = (path) => locateIn(document.contents, path, place);
    layers.push({ file, tree, resets: reader.resets, overrides: reader.overrides, locate });
  }
  return layers;
}

class Reader {
  readonly resets: KeyPath[] = [];
  readonly overrides: KeyPath[] = [];
  private readonly place: (node: Node | null | undefined) => SourcePlace | undefined;
  private readonly anchors = new Map<string, Node>();
  private readonly open = new Set<Node>();
  private readonly budget: Budget;

  constructor(place: (node: Node | null | undefined) => SourcePlace | undefined, budget: Budget) {
    this.place = place;
    this.budget = budget;
  }

  read(node: Node | null | undefined, path: KeyPath): Value {
    if (node === null || node === undefined) return null;
    this.budget('values');
    if (path.length > maxDepth) {
      const right = `Keep it within ${maxDepth} levels.`;
      throw composeProblem('the file is nested too deeply', right, this.place(node));
    }
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
