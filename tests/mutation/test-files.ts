/**
 * Which test files can notice a change of a source file, those that concern it most first.
 *
 *   source ◄─imports─ source ◄─imports─ test file        distance 2
 *
 * In tests/support/ a text that is the path of a file ("main.ts") counts as an import: so the tests that start the program are found. A
 * type that is imported is no import: at run time nothing of it is left.
 */
import { posix } from "node:path";
import { importsOf, type Node, parse, type SourceFile, walk } from "../../.ci/checks/source.ts";

export interface TestFile {
  readonly path: string;
  /** Imports between the source and the test file. */
  readonly distance: number;
  /** It needs the built program. */
  readonly startsProgram: boolean;
}

/** What a process of the program begins with, and what starts one without importing it. */
const PROGRAM_SOURCES = ["main.ts", "actors/workers/own-program.ts"];

/** Directives of tests that take long. */
const LONG = /^\/\/ (timeout:|serial$)/m;

/** Its tests fold whole recordings, so they concern whatever they reach in actors/ and protocol/. */
const BROAD = "conformance";

export class ImportGraph {
  private readonly importers = new Map<string, string[]>();
  private readonly programStarters: ReadonlySet<string>;
  /** Their directives give them more time than others have, or the machine for themselves. */
  private readonly long: ReadonlySet<string>;

  constructor(files: readonly SourceFile[]) {
    const paths = new Set(files.map(({ path }) => path));
    for (const file of files)
      for (const target of targetsOf(file, paths))
        this.importers.set(target, [...(this.importers.get(target) ?? []), file.path]);
    this.long = new Set(files.filter(({ text }) => LONG.test(text)).map(({ path }) => path));
    this.programStarters = new Set(
      PROGRAM_SOURCES.flatMap((source) => [...this.distancesFrom(source).keys()]),
    );
  }

  /**
   * Test files that reach the source, by distance. Those of its own folder come first at a distance up to one more, those with its name or
   * that of its folder at a distance up to three more, those that start the program two later, and long ones of other folders last.
   */
  testsOf(source: string): TestFile[] {
    const names = source.replace(/\.tsx?$/, "").split("/");
    const folders = [...names.slice(0, -1), BROAD];
    const rank = ({ path, distance, startsProgram }: TestFile) => {
      const [, folder = "", ...rest] = path.split("/");
      const isOwn = folders.includes(folder);
      const isNamed = names.includes(rest.at(-1)?.replace(".test.ts", "") ?? "");
      // Tests that start the program take seconds, long ones minutes, others mostly less than a second.
      const later = (startsProgram ? 4 : 0) + (this.long.has(path) && !isOwn ? 20 : 0);
      return 2 * distance - (isOwn ? 3 : 0) - (isNamed ? 4 : 0) + later;
    };
    return [...this.distancesFrom(source)]
      .filter(([path]) => path.endsWith(".test.ts"))
      .map(([path, distance]) => ({ path, distance, startsProgram: this.programStarters.has(path) }))
      .sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
  }

  /** Of all files that reach the source. */
  private distancesFrom(source: string): Map<string, number> {
    const distances = new Map([[source, 0]]);
    for (const [path, distance] of distances)
      for (const importer of this.importers.get(path) ?? [])
        if (!distances.has(importer)) distances.set(importer, distance + 1);
    return distances;
  }
}

function targetsOf(file: SourceFile, paths: ReadonlySet<string>): Set<string> {
  const targets = new Set<string>();
  for (const { target, ours, typeOnly } of importsOf(file)) if (ours && !typeOnly) targets.add(target);
  if (!file.path.startsWith("tests/support/")) return targets;
  walk(parse(file).program as unknown as Node, (node, _parent, key) => {
    if (key === "source") return;
    const text = node.type === "Literal" && typeof node["value"] === "string" ? node["value"] : "";
    if (!text.endsWith(".ts")) return;
    for (const path of [text, posix.join(posix.dirname(file.path), text)])
      if (paths.has(path)) targets.add(path);
  });
  return targets;
}
