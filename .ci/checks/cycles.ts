/**
 * No cycles of imports, type-only imports included: files or folders that need each other are one idea in two places.
 * Strongly connected components (Tarjan, 1972); each is reported once, by a shortest cycle through its first member.
 */
import { posix } from "node:path";
import { type Finding, importsOf, liesIn, type SourceFile } from "./source.ts";

/** The program. Tests and `.ci/` are no layers, so their folders may know each other. */
const PRODUCT = ["protocol/", "actors/", "collab/", "sim/", "main.ts"];

/** Files that import each other, directly or through others. */
export function checkCycles(files: readonly SourceFile[]): Finding[] {
  const graph: Graph = new Map(files.map(({ path }) => [path, new Map()]));
  for (const { from, to, line } of importsBetween(files)) addEdge(graph, from, to, { path: from, line });
  return cyclesOf(graph, "import cycle");
}

/** Folders of the product whose files import each other. A folder and one inside it are two folders. */
export function checkFolderCycles(files: readonly SourceFile[]): Finding[] {
  const product = files.filter(({ path }) => PRODUCT.some((place) => liesIn(path, place)));
  const graph: Graph = new Map(product.map(({ path }) => [posix.dirname(path), new Map()]));
  for (const { from, to, line } of importsBetween(product)) {
    const [folder, other] = [posix.dirname(from), posix.dirname(to)];
    if (folder !== other) addEdge(graph, folder, other, { path: from, line });
  }
  return cyclesOf(graph, "folder cycle");
}

interface Place {
  path: string;
  line: number;
}

/** Edges by their start and end, each with the first import that makes it. */
type Graph = Map<string, Map<string, Place>>;

function importsBetween(files: readonly SourceFile[]): { from: string; to: string; line: number }[] {
  const paths = new Set(files.map(({ path }) => path));
  return files.flatMap((file) =>
    importsOf(file)
      .filter(({ ours, target }) => ours && paths.has(target))
      .map(({ target, line }) => ({ from: file.path, to: target, line })),
  );
}

function addEdge(graph: Graph, from: string, to: string, place: Place): void {
  const edges = graph.get(from);
  if (edges?.has(to) === false) edges.set(to, place);
}

function cyclesOf(graph: Graph, what: string): Finding[] {
  return components(graph)
    .filter((component) => component.length > 1 || graph.get(component[0]!)?.has(component[0]!))
    .map((component) => {
      const first = component.sort((a, b) => (a < b ? -1 : 1))[0]!;
      const cycle = cycleFrom(first, graph);
      const { path, line } = graph.get(first)!.get(cycle[1]!)!;
      return { path, line, message: `${what}: ${cycle.join(" → ")}` };
    });
}

/** Tarjan's algorithm; recursion is as deep as the longest chain of edges. */
function components(graph: Graph): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (node: string) => {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    stack.push(node);
    for (const next of graph.get(node)?.keys() ?? []) {
      if (!index.has(next)) visit(next);
      else if (!stack.includes(next)) continue;
      low.set(node, Math.min(low.get(node)!, low.get(next)!));
    }
    if (low.get(node) === index.get(node)) found.push(stack.splice(stack.indexOf(node)));
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return found;
}

/** A shortest path from a node back to itself, breadth first. */
function cycleFrom(start: string, graph: Graph): string[] {
  const paths: string[][] = [[start]];
  const seen = new Set<string>();
  for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
    for (const next of graph.get(path.at(-1)!)?.keys() ?? []) {
      if (next === start) return [...path, start];
      if (seen.has(next)) continue;
      seen.add(next);
      paths.push([...path, next]);
    }
  }
  return [start];
}
