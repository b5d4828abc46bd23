/**
 * No import cycles, type-only imports included: files that need each other are one idea in two places.
 * Strongly connected components (Tarjan, 1972); each is reported once, by a cycle through its first file.
 */
import { type Finding, importsOf, type SourceFile } from "./source.ts";

export function checkCycles(files: readonly SourceFile[]): Finding[] {
  const paths = new Set(files.map(({ path }) => path));
  const edges = new Map<string, string[]>();
  for (const file of files) {
    const targets = importsOf(file).filter(({ ours, target }) => ours && paths.has(target));
    edges.set(file.path, [...new Set(targets.map(({ target }) => target))]);
  }
  return components(edges)
    .filter((component) => component.length > 1 || edges.get(component[0]!)?.includes(component[0]!))
    .map((component) => {
      const first = component.sort((a, b) => (a < b ? -1 : 1))[0]!;
      return { path: first, line: 1, message: `import cycle: ${cycleFrom(first, edges).join(" → ")}` };
    });
}

/** Tarjan's algorithm; recursion is as deep as the longest chain of imports. */
function components(edges: Map<string, string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (path: string) => {
    index.set(path, index.size);
    low.set(path, index.get(path)!);
    stack.push(path);
    for (const next of edges.get(path) ?? []) {
      if (!index.has(next)) visit(next);
      else if (!stack.includes(next)) continue;
      low.set(path, Math.min(low.get(path)!, low.get(next)!));
    }
    if (low.get(path) === index.get(path)) found.push(stack.splice(stack.indexOf(path)));
  };
  for (const path of edges.keys()) if (!index.has(path)) visit(path);
  return found;
}

/** A shortest way from a file back to itself, by breadth. */
function cycleFrom(start: string, edges: Map<string, string[]>): string[] {
  const ways: string[][] = [[start]];
  const seen = new Set<string>();
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    for (const next of edges.get(way.at(-1)!) ?? []) {
      if (next === start) return [...way, start];
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return [start];
}
