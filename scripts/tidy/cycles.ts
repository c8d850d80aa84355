/**
 * Import cycles: none. Imports of types only are gone at run time and do not count; which way they may
 * point is for layers.ts to say. Each cycle is reported once, at the file that comes first by name.
 */
import { importsOf, isCode, type Problem, resolveImport, type SourceFile } from './source.ts';

type Graph = Map<string, string[]>;

function graphOf(files: readonly SourceFile[]): Graph {
  const graph: Graph = new Map(files.filter(({ path }) => isCode(path)).map(({ path }) => [path, []]));
  for (const file of files) {
    for (const { specifier, typeOnly } of graph.has(file.path) ? importsOf(file) : []) {
      const target = resolveImport(file.path, specifier);
      if (!typeOnly && target !== undefined && graph.has(target)) graph.get(file.path)?.push(target);
    }
  }
  return graph;
}

/** The shortest way along imports from `start` back to itself, or undefined. */
function cycleThrough(graph: Graph, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const path of queue) {
    for (const next of graph.get(path) ?? []) {
      if (next === start) {
        const cycle = [start];
        for (let at = path; at !== start; at = cameFrom.get(at) as string) cycle.splice(1, 0, at);
        return cycle;
      }
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, path);
      queue.push(next);
    }
  }
  return undefined;
}

export function checkCycles(files: readonly SourceFile[]): Problem[] {
  const graph = graphOf(files);
  const reported = new Set<string>();
  const problems: Problem[] = [];
  for (const path of [...graph.keys()].sort()) {
    const cycle = cycleThrough(graph, path);
    if (cycle === undefined) continue;
    const key = [...cycle].sort().join(' ');
    if (reported.has(key)) continue;
    reported.add(key);
    problems.push({ rule: 'cycles', path, line: 0, message: `import cycle: ${[...cycle, path].join(' -> ')}` });
  }
  return problems;
}
