/**
 * A lot of mutations, each put into a copy of the tree and given to the test files nearest to it until one fails.
 *
 *   mutations ─► [copy with one of them ─► nearest test files in turn] × jobs ─► caught by which │ survived
 *
 * A mutation that is listed as equivalent is drawn like any other and counted apart.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { SourceFile } from "../../.ci/checks/source.ts";
import { ownRuntime } from "../../.ci/runtime.mjs";
import type { Equivalent } from "./equivalent.ts";
import { drawLot, type Mutation, mutated, mutationsOf } from "./mutants.ts";
import { ImportGraph, type TestFile } from "./test-files.ts";
import { type Catch, TreeCopy } from "./tree-copy.ts";

export interface LotRequest {
  /** The checkout. */
  readonly root: string;
  /** Files and folders, relative to the root. */
  readonly places: readonly string[];
  readonly seed: number;
  /** Mutations to draw. */
  readonly size: number;
  /** Most test files for one mutation. */
  readonly testsMax: number;
  readonly jobs: number;
  readonly equivalent: readonly Equivalent[];
  /** Ends the run after what is done. */
  readonly signal?: AbortSignal;
  done?(result: LotResult): void;
}

export interface LotResult {
  readonly mutation: Mutation;
  /** The line of the source, before and after. */
  readonly before: string;
  readonly after: string;
  /** Null: it survived. */
  readonly caught: Catch | null;
  /** Why it cannot be seen, where it is listed. */
  readonly equivalent: string | null;
  /** Test files that reach the source. */
  readonly reachable: number;
}

/** What was done of the lot, in its order. */
export async function runLot(request: LotRequest): Promise<LotResult[]> {
  const { root, jobs, signal } = request;
  const paths = treePaths(root);
  const files = paths.filter(isCode).map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
  const graph = new ImportGraph(files);
  const lot = drawLot(sourcesIn(files, request.places).flatMap(mutationsOf), request.seed, request.size);
  const results: LotResult[] = [];
  const waiting = [...lot.entries()];
  const folder = join(root, ".tools", "mutation", String(process.pid));
  const shared = { runtime: ownRuntime(), controls: new Map<string, number | null>(), signal };
  const work = async (job: number): Promise<void> => {
    mkdirSync(join(folder, String(job)), { recursive: true });
    const copy = new TreeCopy(root, join(folder, String(job)), paths, shared);
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, mutation] = next;
      const file = files.find(({ path }) => path === mutation.path)!;
      const result = await judge(request, copy, graph, file, mutation);
      if (signal?.aborted) break;
      results[index] = result;
      request.done?.(result);
    }
    copy.close();
  };
  try {
    await Promise.all(Array.from({ length: Math.min(jobs, lot.length) }, (_, job) => work(job)));
    return results.filter((result) => result !== undefined);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function judge(
  { testsMax, equivalent }: LotRequest,
  copy: TreeCopy,
  graph: ImportGraph,
  file: SourceFile,
  mutation: Mutation,
): Promise<LotResult> {
  const text = mutated(file, mutation);
  const [before, after] = [lineOf(file.text, mutation.start), lineOf(text, mutation.start)];
  const tests = graph.testsOf(file.path);
  const reason = reasonOf(equivalent, mutation, before);
  const nearest = isProse(mutation) ? proseFirst(tests, testsMax) : tests.slice(0, testsMax);
  const caught = reason === null ? await copy.firstToFail(file.path, text, nearest) : null;
  return { mutation, before, after, caught, equivalent: reason, reachable: tests.length };
}

/** Words for people: the documents that are made from the program hold many of them. */
function isProse({ original }: Mutation): boolean {
  return /^["'`].*\s/s.test(original);
}

const OF_DOCUMENTS = "tests/ci/generated.test.ts";

function proseFirst(tests: readonly TestFile[], most: number): TestFile[] {
  const isFirst = ({ path }: TestFile) => path === OF_DOCUMENTS;
  return [...tests.filter(isFirst), ...tests.filter((test) => !isFirst(test))].slice(0, most);
}

function reasonOf(equivalent: readonly Equivalent[], mutation: Mutation, before: string): string | null {
  const { path, original, replacement } = mutation;
  const listed = equivalent.find(
    (each) =>
      each.path === path &&
      each.line === before &&
      each.original === original &&
      each.replacement === replacement,
  );
  return listed?.reason ?? null;
}

/** Listed mutations that the sources no longer have. */
export function staleEquivalents(root: string, equivalent: readonly Equivalent[]): Equivalent[] {
  return equivalent.filter((each) => {
    if (!existsSync(join(root, each.path))) return true;
    const file = { path: each.path, text: readFileSync(join(root, each.path), "utf8") };
    return !mutationsOf(file).some(
      (mutation) => reasonOf([each], mutation, lineOf(file.text, mutation.start)) !== null,
    );
  });
}

/** The line in which the character at `offset` stands, without its indentation. */
function lineOf(text: string, offset: number): string {
  const end = text.indexOf("\n", offset);
  return text.slice(text.lastIndexOf("\n", offset - 1) + 1, end < 0 ? undefined : end).trim();
}

function sourcesIn(files: readonly SourceFile[], places: readonly string[]): SourceFile[] {
  const isIn = (path: string) => places.some((place) => path === place || path.startsWith(`${place}/`));
  return files.filter(({ path }) => !path.startsWith("tests/") && !path.startsWith(".ci/") && isIn(path));
}

/** Everything of the working tree that git does not ignore, also what is not committed. */
function treePaths(root: string): string[] {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  return [...new Set(listed.split("\0"))]
    .filter((path) => path !== "" && existsSync(join(root, path)))
    .sort();
}

function isCode(path: string): boolean {
  return /\.tsx?$/.test(path) && !path.endsWith(".d.ts");
}
