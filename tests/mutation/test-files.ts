/**
 * Which test files can notice a change of a source file, the nearest first.
 *
 *   source ◄─imports─ source ◄─imports─ test file        distance 2
 *
 * In tests/support/ a text that is the path of a file ("main.ts") counts as an import: so the tests that start the program are found.
 */
import { posix } from "node:path";
import { importsOf, type Node, parse, type SourceFile, walk } from "../../.ci/checks/source.ts";

export interface TestFile {
  readonly path: string;
  /** Imports between the source and the test file. */
  readonly distance: number;
}

export class ImportGraph {
  private readonly importers = new Map<string, string[]>();

  constructor(files: readonly SourceFile[]) {
    const paths = new Set(files.map(({ path }) => path));
    for (const file of files)
      for (const target of targetsOf(file, paths))
        this.importers.set(target, [...(this.importers.get(target) ?? []), file.path]);
  }

  /** Test files that reach the source, by distance. Those of its own folder come first at a distance up to one more. */
  testsOf(source: string): TestFile[] {
    const distances = new Map([[source, 0]]);
    for (const [path, distance] of distances)
      for (const importer of this.importers.get(path) ?? [])
        if (!distances.has(importer)) distances.set(importer, distance + 1);
    const folders = source.split("/").slice(0, -1);
    const isOwn = ({ path }: TestFile) => folders.includes(path.split("/")[1] ?? "");
    const rank = (file: TestFile) => 2 * file.distance - (isOwn(file) ? 3 : 0);
    return [...distances]
      .filter(([path]) => path.endsWith(".test.ts"))
      .map(([path, distance]) => ({ path, distance }))
      .sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
  }
}

function targetsOf(file: SourceFile, paths: ReadonlySet<string>): Set<string> {
  const targets = new Set<string>();
  for (const { target, ours } of importsOf(file)) if (ours) targets.add(target);
  if (!file.path.startsWith("tests/support/")) return targets;
  walk(parse(file).program as unknown as Node, (node) => {
    const text = node.type === "Literal" && typeof node["value"] === "string" ? node["value"] : "";
    if (!text.endsWith(".ts")) return;
    for (const path of [text, posix.join(posix.dirname(file.path), text)])
      if (paths.has(path)) targets.add(path);
  });
  return targets;
}
