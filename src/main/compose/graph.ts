/** The order among services: cycles are told before anything is done, tasks run as soon as what they wait for allows. */
import { ProblemError, problem } from '../../shared/model/problem.ts';

/** Name to the names it depends on. Names outside the graph are ignored. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/** @throws {ProblemError} `compose-invalid` with the path of the cycle: "a -> b -> a". */
export function assertNoCycle(graph: Graph): void {
  const done = new Set<string>();
  const path: string[] = [];
  function visit(name: string): void {
    if (done.has(name) || !graph.has(name)) return;
    const at = path.indexOf(name);
    if (at >= 0) {
      const cycle = [...path.slice(at), name].join(' -> ');
      throw new ProblemError(
        problem('compose-invalid', 'Services wait for each other', `dependency cycle detected: ${cycle}`, {
          evidence: [cycle],
          remedies: [{ action: 'advice', label: `Remove one depends_on of ${name}` }],
          service: name,
        }),
      );
    }
    path.push(name);
    for (const dependency of graph.get(name) ?? []) visit(dependency);
    path.pop();
    done.add(name);
  }
  for (const name of graph.keys()) visit(name);
}

/** The names and all they depend on, however far. */
export function withDependencies(graph: Graph, names: Iterable<string>): Set<string> {
  const found = new Set<string>();
  const queue = [...names];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (found.has(next) || !graph.has(next)) continue;
    found.add(next);
    queue.push(...(graph.get(next) ?? []));
  }
  return found;
}

/** Dependents in place of dependencies: the order in which things stop. */
export function reverse(graph: Graph): Map<string, string[]> {
  const turned = new Map<string, string[]>([...graph.keys()].map((name) => [name, []]));
  for (const [name, dependencies] of graph) for (const dependency of dependencies) turned.get(dependency)?.push(name);
  return turned;
}

/**
 * Runs one task per name, each as soon as the tasks of its dependencies have ended, in parallel otherwise. A failed
 * task does not keep the others from running; all have settled when this rejects with the first failure.
 */
export async function runInOrder(graph: Graph, task: (name: string) => Promise<void>): Promise<void> {
  assertNoCycle(graph);
  const started = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  const run = (name: string): Promise<void> => {
    const known = started.get(name);
    if (known !== undefined) return known;
    const dependencies = (graph.get(name) ?? []).filter((dependency) => graph.has(dependency)).map(run);
    const own = Promise.all(dependencies)
      .then(() => task(name))
      .catch((error: unknown) => {
        failures.push(error);
      });
    started.set(name, own);
    return own;
  };
  await Promise.all([...graph.keys()].map(run));
  if (failures.length > 0) throw failures[0];
}
