// runtime: node
// slow
/** The mutation task on a small checkout of its own: what it changes, which tests it asks, and what it counts. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ROOT } from "../../.ci/runtime.mjs";
import { temporaryDirectory } from "../support/recorded-run.ts";
import type { Equivalent } from "./equivalent.ts";
import { EQUIVALENT } from "./equivalent.ts";
import { drawLot, mutated, mutationsOf } from "./mutants.ts";
import { type LotResult, runLot, staleEquivalents } from "./run.ts";
import { scoresOf, shareOf } from "./score.ts";
import { ImportGraph } from "./test-files.ts";

/** The text of every mutant of a source text. */
function mutantsOf(text: string): string[] {
  const file = { path: "a.ts", text };
  return mutationsOf(file).map((mutation) => mutated(file, mutation));
}

const OPERATORS: [source: string, mutants: string[]][] = [
  [
    "export const f = (a: number) => a < b;",
    ["a <= b", "a >= b"].map((x) => `export const f = (a: number) => ${x};`),
  ],
  ["x = a + b;", [";", "x = a - b;"]],
  ["x = a && !b;", [";", "x = a || !b;", "x = a && b;"]],
  ["if (a) b();", ["if (!(a)) b();", "if (a) ;"]],
  ["export const limit = 7;", ["export const limit = (7 + 1);"]],
  ["export const one = 1;", ["export const one = 0;"]],
  ["export const name = 'x';", ['export const name = "";']],
  ["export const shut = false;", ["export const shut = true;"]],
  ["for (;;) i++;", ["for (;;) ;", "for (;;) i--;"]],
  [
    'check(a < 3, "Expected less");',
    [
      ";",
      'check(a <= 3, "Expected less");',
      'check(a >= 3, "Expected less");',
      'check(a < (3 + 1), "Expected less");',
    ],
  ],
  ["if (a) throw new RangeError(`${n} is below ${5 - 3}`);", ["if (!(a)) throw", "if (a) ;"]],
];

for (const [source, expected] of OPERATORS)
  test(`mutants of: ${source}`, () => {
    const found = mutantsOf(source);
    assert.is(found.length, expected.length, found.join(" "));
    for (const [k, text] of found.entries())
      assert.ok(text.startsWith(expected[k]!), `${text} is ${expected[k]}`);
  });

test("types, imports and texts joined by plus have no mutants", () => {
  assert.equal(mutantsOf('import { a } from "./b.ts"; export type T = "x" | 3; interface I { n: 1 }'), []);
  assert.equal(
    mutantsOf("export const text = `a${b}` + c;").filter((text) => text.includes(" - ")),
    [],
  );
});

test("a lot depends on its seed alone, and a longer one begins with the shorter", () => {
  const mutations = mutationsOf({ path: "a.ts", text: "x = 1 + 2 * 3 - 4 / 5 + 6;".repeat(20) });
  const lot = drawLot(mutations, 7, 30);
  assert.equal(drawLot([...mutations].reverse(), 7, 30), lot);
  assert.equal(drawLot(mutations, 7, 10), lot.slice(0, 10));
  assert.not.equal(drawLot(mutations, 8, 30), lot);
});

test("test files are those that import the source as more than a type; its name, its folder and the distance order them", () => {
  const graph = new ImportGraph([
    { path: "actors/core/a.ts", text: "" },
    { path: "actors/core/b.ts", text: 'import "./a.ts";' },
    { path: "main.ts", text: 'import("./actors/core/b.ts");' },
    { path: "tests/support/program.ts", text: 'run("main.ts");' },
    { path: "tests/bus/near.test.ts", text: 'import "../../actors/core/a.ts";' },
    { path: "tests/other/long.test.ts", text: '// timeout: 600\nimport "../../actors/core/a.ts";' },
    { path: "tests/bus/types.test.ts", text: 'import type { A } from "../../actors/core/a.ts";' },
    { path: "tests/more/a.test.ts", text: 'import "../../actors/core/b.ts";' },
    { path: "tests/conformance/all.test.ts", text: 'import "../../actors/core/b.ts";' },
    { path: "tests/core/own.test.ts", text: 'import "../../actors/core/b.ts";' },
    { path: "tests/other/far.test.ts", text: 'import "../support/program.ts";' },
    { path: "tests/other/none.test.ts", text: 'import "../../actors/log/c.ts";' },
  ]);
  assert.equal(graph.testsOf("actors/core/a.ts"), [
    { path: "tests/more/a.test.ts", distance: 2, startsProgram: false },
    { path: "tests/conformance/all.test.ts", distance: 2, startsProgram: false },
    { path: "tests/core/own.test.ts", distance: 2, startsProgram: false },
    { path: "tests/bus/near.test.ts", distance: 1, startsProgram: false },
    { path: "tests/other/far.test.ts", distance: 4, startsProgram: true },
    { path: "tests/other/long.test.ts", distance: 1, startsProgram: false },
  ]);
});

const SOURCE = `export function clamp(x: number, most: number, seen: (x: number) => void): number {
  let steps = 0;
  while (x > most) {
    x--;
    seen(x);
    steps += 0;
  }
  return x;
}
`;

/** Where the number does not fall it waits for ever: an endless loop would burn the time that a mutant has. */
const NEAR = `import { test } from "uvu";
import * as assert from "uvu/assert";
import { clamp } from "../../protocol/clamp.ts";
const nothing = new Int32Array(new SharedArrayBuffer(4));
const seen = (x: number) => void (x >= 9 && Atomics.wait(nothing, 0, 0));
test("stays below", () => assert.is(clamp(9, 5, seen), 5));
test.run();
`;

/** It fails without a mutant, so it can find none. */
const BROKEN = `import "../../protocol/clamp.ts";
throw new Error("broken");
`;

test("mutants that a test notices are caught, a hanging one too; others survive or are listed", async () => {
  const root = checkout({
    "protocol/clamp.ts": SOURCE,
    "tests/protocol/clamp.test.ts": NEAR,
    "tests/protocol/broken.test.ts": BROKEN,
  });
  const listed: Equivalent = {
    path: "protocol/clamp.ts",
    line: "let steps = 0;",
    original: "0",
    replacement: "(0 + 1)",
    reason: "nothing reads it",
  };
  const results = await runLot({
    root,
    places: ["protocol"],
    seed: 1,
    size: 100,
    testsMax: 5,
    jobs: 1,
    equivalent: [listed, { ...listed, line: "let steps = 1;" }],
  });
  const ends = new Map(results.map((result) => [`${result.before} → ${result.after}`, endOf(result)]));
  assert.equal(ends.get("while (x > most) { → while (x >= most) {"), "caught");
  assert.equal(ends.get("while (x > most) { → while (x <= most) {"), "caught");
  assert.equal(ends.get("x--; → x++;"), "hangs");
  assert.equal(ends.get("steps += 0; → steps -= 0;"), "survived");
  assert.equal(ends.get("let steps = 0; → let steps = (0 + 1);"), "equivalent");
  assert.ok(results.every(({ caught }) => caught === null || caught.test === "tests/protocol/clamp.test.ts"));
  const [score] = scoresOf(results);
  assert.equal([score?.folder, score?.drawn, score?.equivalent], ["protocol", results.length, 1]);
  assert.is(shareOf(results), score!.caught / (results.length - 1));
  assert.equal(staleEquivalents(root, [listed, { ...listed, line: "let steps = 1;" }]), [
    { ...listed, line: "let steps = 1;" },
  ]);
  assert.equal(readdirSync(join(root, ".tools", "mutation")), [], "no copy is left");
});

test("every mutation that is listed as equivalent has a reason", () => {
  for (const { path, reason } of EQUIVALENT) assert.ok(reason.length > 20, path);
});

function endOf({ caught, equivalent }: LotResult): string {
  if (equivalent !== null) return "equivalent";
  return caught === null ? "survived" : caught.hangs ? "hangs" : "caught";
}

/** A repository with these files and what running a test file needs. */
function checkout(files: Record<string, string>): string {
  const root = temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  for (const path of ["package.json", "tsconfig.json", "tests/support/run-file.ts"]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    cpSync(join(ROOT, path), join(root, path));
  }
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  writeFileSync(join(root, ".gitignore"), "node_modules\n.tools\n");
  execFileSync("git", ["init", "-q"], { cwd: root });
  return root;
}

test.run();
