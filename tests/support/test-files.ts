/**
 * Which files are tests, and what the comments in their first lines ask for:
 *
 *     // requires: chromium      skipped and reported where the program is missing
 *     // runtime: node           on this runtime only
 *     // runtime: either         on one of them, Deno where it is: no file, process or socket of it differs between them, or another file
 *                                tests on both what differs
 *     // slow                    before the others, so that none of the long ones is left when all others are through
 *     // serial                  alone, after all others, because it measures time
 *     // timeout: 300            seconds, in place of TIMEOUT_S
 *
 * A test is `tests/….test.ts` or `.test.tsx`. What looks like a test or a directive and is none would not run as its author meant: it is
 * reported as a problem, and the run fails.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { ROOT } from "../../.ci/runtime.mjs";
import { nearestTo } from "../../protocol/closest-name.ts";
import { isProgramName } from "./programs.ts";

export interface Directives {
  requires: string[];
  /** Each runtime if undefined. */
  runtime: "node" | "deno" | "either" | undefined;
  serial: boolean;
  slow: boolean;
  timeoutS: number;
}

/** A file that takes longer hangs: usual files take seconds, and on a machine under load minutes. */
const TIMEOUT_S = 300;

/** Directives are in the first lines, so that the text of a test is never one. */
const DIRECTIVE_LINES = 10;

/** What each directive takes after its colon, in the words of an error; none without a colon. */
const VALUES: Readonly<Record<string, string>> = {
  requires: "names of programs (tests/support/programs.ts)",
  runtime: "node, deno or either",
  serial: "",
  slow: "",
  timeout: "a whole number of seconds",
};

/** Folders that hold no source of ours, anywhere. */
const FOREIGN = new Set(["node_modules", "dist", "coverage"]);

/** What `up --record recordings/…` leaves: at the root only, for tests and sources of recordings lie in folders of this name. */
const RECORDINGS = join(ROOT, "recordings");

/** Cases of the runner's own tests: they are run by name only. */
const FIXTURES = "tests/ci/fixtures/";

const TEST = /\.test\.tsx?$/;
/** Names that other runners take for tests. */
const LIKE_A_TEST = /(^|[._])(tests?|specs?)\.[cm]?[jt]sx?$/i;

export interface TestFiles {
  /** Paths relative to the root, in a total order, with "/" on every platform. */
  files: string[];
  /** What would not run, each with its file. */
  problems: string[];
}

/** The tests in a folder of the root; with `elsewhere` also the files outside it that look like tests. */
export function findTests(folder: string, elsewhere: readonly string[] = []): TestFiles {
  const inside = sourcesIn(folder);
  const files = inside.filter((path) => TEST.test(path));
  const misnamed = inside.filter(
    (path) => !TEST.test(path) && (LIKE_A_TEST.test(basename(path)) || runsSuite(path)),
  );
  const outside = elsewhere.flatMap(sourcesIn).filter((path) => LIKE_A_TEST.test(basename(path)));
  return {
    files,
    problems: [
      ...misnamed.map((path) => `${path} is not run: the name of a test ends in .test.ts`),
      ...outside.map((path) => `${path} is not run: tests are in ${folder}/`),
    ],
  };
}

/** What the file asks for, and each line that looks like a directive and is none. */
export function directivesOf(path: string): { directives: Directives; problems: string[] } {
  const directives: Directives = {
    requires: [],
    runtime: undefined,
    serial: false,
    slow: false,
    timeoutS: TIMEOUT_S,
  };
  const problems: string[] = [];
  for (const [k, line] of read(path).split("\n").entries()) {
    const problem = k < DIRECTIVE_LINES ? readDirective(line, directives) : lateDirective(line);
    if (problem !== null) problems.push(`${path}:${k + 1} ${line.trim()}: expected ${problem}`);
  }
  return { directives, problems };
}

/** Takes a directive into `into`; returns what is expected where the line is a wrong one. */
function readDirective(line: string, into: Directives): string | null {
  const written = /^\s*\/\/+\s*([a-z-]+)\s*([:=]?)\s*(.*?)\s*$/i.exec(line);
  if (written === null) return otherComment(line);
  const [, name = "", mark = "", value = ""] = written;
  if (!Object.hasOwn(VALUES, name) || line !== canonical(name, value)) return misspelt(name, mark, value);
  switch (name) {
    case "serial":
    case "slow":
      into[name] = true;
      return null;
    case "requires":
      into.requires = value.split(/[ ,]+/);
      return into.requires.every(isProgramName) ? null : VALUES["requires"]!;
    case "runtime":
      if (value !== "node" && value !== "deno" && value !== "either") return VALUES["runtime"]!;
      into.runtime = value;
      return null;
    default:
      into.timeoutS = Number(value);
      return /^[1-9]\d*$/.test(value) ? null : VALUES["timeout"]!;
  }
}

/** In a comment of another form a directive is not read. */
function otherComment(line: string): string | null {
  const name = /^\s*\/?\*+\s*(requires|runtime|timeout)\s*[:=]/i.exec(line)?.[1]?.toLowerCase();
  return name === undefined ? null : `// ${name}: ${VALUES[name]}`;
}

function canonical(name: string, value: string): string {
  return VALUES[name] === "" ? `// ${name}` : `// ${name}: ${value}`;
}

/** A comment is taken for a wrong directive if it is a word near to one, alone or with a value; other comments are text. */
function misspelt(name: string, mark: string, value: string): string | null {
  const names = Object.keys(VALUES);
  const meant = names.find((known) => known === name.toLowerCase()) ?? nearestTo(name, names)[0];
  const short = mark !== "" || value === "" || /^[\w-]+$/.test(value);
  if (meant === undefined || !short) return null;
  return canonical(meant, VALUES[meant]!);
}

function lateDirective(line: string): string | null {
  return /^\/\/ (requires|runtime|timeout): \S+$|^\/\/ (serial|slow)$/.test(line)
    ? `it in the first ${DIRECTIVE_LINES} lines`
    : null;
}

/** Whether the file queues a suite when it is imported. */
function runsSuite(path: string): boolean {
  const text = read(path);
  return /from "uvu"/.test(text) && /^\w+\.run\(\)/m.test(text);
}

function sourcesIn(folder: string): string[] {
  const found: string[] = [];
  const visit = (place: string): void => {
    for (const entry of readdirSync(place, { withFileTypes: true })) {
      const path = join(place, entry.name);
      if (entry.isDirectory() && !FOREIGN.has(entry.name) && path !== RECORDINGS) visit(path);
      else if (/\.[cm]?[jt]sx?$/.test(entry.name)) found.push(relative(ROOT, path).split(sep).join("/"));
    }
  };
  if (existsSync(join(ROOT, folder))) visit(join(ROOT, folder));
  return found.filter((path) => !path.startsWith(FIXTURES)).sort((a, b) => (a < b ? -1 : 1));
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
