/** Each check of `.ci/checks` finds what it exists for, and accepts what is right. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkCycles, checkFolderCycles } from "../../.ci/checks/cycles.ts";
import { checkDeterminism, listEscapes } from "../../.ci/checks/determinism.ts";
import { checkDocuments } from "../../.ci/checks/documents.ts";
import { checkGenerated } from "../../.ci/checks/generated.ts";
import { checkImports } from "../../.ci/checks/imports.ts";
import { checkOutput } from "../../.ci/checks/output.ts";
import { checkSizes } from "../../.ci/checks/sizes.ts";
import type { Finding, SourceFile } from "../../.ci/checks/source.ts";

const file = (path: string, ...lines: string[]): SourceFile => ({ path, text: lines.join("\n") });
const places = (findings: Finding[]): string[] => findings.map(({ path, line }) => `${path}:${line}`);

const imports = suite("imports");

/** Whether one file may import another, by a plain import. */
function mayImport(from: string, specifier: string): boolean {
  return checkImports([file(from, `import { x } from "${specifier}";`)]).length === 0;
}

imports("protocol and kernels import nothing of ours from outside their folder", () => {
  assert.ok(mayImport("protocol/codec.ts", "./frame.ts"));
  assert.ok(mayImport("protocol/recording/writer.ts", "../frame.ts"));
  assert.not.ok(mayImport("protocol/codec.ts", "../actors/ports/clock.ts"));
  assert.ok(mayImport("actors/kernels/purity.ts", "./overlap.ts"));
  assert.not.ok(mayImport("actors/kernels/purity.ts", "../../protocol/frame.ts"));
  assert.not.ok(mayImport("actors/kernels/purity.ts", "../ports/clock.ts"));
});

imports("each layer of actors/ sees the layers below it and none above", () => {
  const layers = ["kernels", "detectors", "core", "log", "partition", "cluster"];
  for (const [above, upper] of layers.entries())
    for (const [below, lower] of layers.entries())
      assert.is(mayImport(`actors/${upper}/a.ts`, `../${lower}/b.ts`), below <= above, `${upper} → ${lower}`);
});

imports("ports see protocol only; journal, bus, feeds and workers see protocol and ports only", () => {
  assert.ok(mayImport("actors/ports/journal.ts", "../../protocol/block.ts"));
  assert.not.ok(mayImport("actors/ports/journal.ts", "../core/core.ts"));
  for (const folder of ["journal", "bus", "feeds", "workers"]) {
    assert.ok(mayImport(`actors/${folder}/a.ts`, "../ports/journal.ts"));
    assert.ok(mayImport(`actors/${folder}/a.ts`, "../../protocol/block.ts"));
    assert.not.ok(mayImport(`actors/${folder}/a.ts`, "../core/core.ts"));
    assert.not.ok(mayImport(`actors/${folder}/a.ts`, "../kernels/purity.ts"));
  }
});

imports("collab sees actors through its mod.ts, and only collab/live/ sees sim, through its mod.ts", () => {
  assert.ok(mayImport("collab/gateway/http.ts", "../../actors/mod.ts"));
  assert.not.ok(mayImport("collab/gateway/http.ts", "../../actors/core/core.ts"));
  assert.not.ok(mayImport("collab/gateway/http.ts", "../../sim/mod.ts"));
  assert.not.ok(mayImport("collab/gateway/http.ts", "../dashboard/main.tsx"));
  assert.ok(mayImport("collab/live/serve.ts", "../../sim/mod.ts"));
  assert.not.ok(mayImport("collab/live/serve.ts", "../../sim/recordings/replay/seek.ts"));
  assert.not.ok(mayImport("collab/live/serve.ts", "../dashboard/main.tsx"));
});

imports("charts see protocol only, the dashboard sees protocol and charts", () => {
  assert.ok(mayImport("collab/charts/line.ts", "../../protocol/frame.ts"));
  assert.not.ok(mayImport("collab/charts/line.ts", "../dashboard/model.ts"));
  assert.ok(mayImport("collab/dashboard/main.tsx", "../charts/line.ts"));
  assert.ok(mayImport("collab/dashboard/main.tsx", "../../protocol/frame.ts"));
  assert.not.ok(mayImport("collab/dashboard/main.tsx", "../gateway/ws.ts"));
  assert.not.ok(mayImport("collab/dashboard/main.tsx", "../../actors/mod.ts"));
});

imports("inside sim/, worlds know no recordings, and neither knows the simulator or the benchmarks", () => {
  assert.ok(mayImport("sim/recordings/a.ts", "../worlds/b.ts"));
  assert.ok(mayImport("sim/bench/a.ts", "../cluster/b.ts"));
  for (const folder of ["worlds", "recordings", "cluster"])
    assert.not.ok(mayImport(`sim/${folder}/a.ts`, "../bench/b.ts"), folder);
  for (const folder of ["worlds", "recordings"])
    assert.not.ok(mayImport(`sim/${folder}/a.ts`, "../cluster/b.ts"), folder);
});

imports("sim sees the mod.ts files of actors/, and only its benchmarks see the files in the folders", () => {
  for (const folder of ["worlds", "recordings", "cluster"]) {
    assert.ok(mayImport(`sim/${folder}/a.ts`, "../../actors/core/mod.ts"), folder);
    assert.ok(mayImport(`sim/${folder}/a.ts`, "../../actors/ports/journal.ts"), folder);
    assert.not.ok(mayImport(`sim/${folder}/a.ts`, "../../actors/core/core.ts"), folder);
  }
  assert.ok(mayImport("sim/bench/a.ts", "../../actors/core/core.ts"));
});

imports("nothing below the simulator imports it, nor does the product import its tests", () => {
  assert.not.ok(mayImport("actors/system.ts", "../sim/mod.ts"));
  assert.not.ok(mayImport("protocol/codec.ts", "../sim/mod.ts"));
  assert.not.ok(mayImport("sim/recordings/seek.ts", "../../tests/support/clock.ts"));
});

imports("main.ts sees the composition root and the three mod.ts only", () => {
  assert.ok(mayImport("main.ts", "./collab/live/up-command.ts"));
  assert.ok(mayImport("main.ts", "./sim/recordings/replay/command.ts"));
  assert.not.ok(mayImport("main.ts", "./collab/gateway/gateway.ts"));
  assert.not.ok(mayImport("main.ts", "./actors/core/core.ts"));
});

imports("every form of import is seen, in .tsx too", () => {
  const forms = [
    'import type { X } from "../../actors/mod.ts";',
    'import "../../actors/mod.ts";',
    'export { x } from "../../actors/mod.ts";',
    'export * from "../../actors/mod.ts";',
    'export type { X } from "../../actors/mod.ts";',
    'const x = await import("../../actors/mod.ts");',
    "const x = await import(`../../actors/mod.ts`);",
    'type X = import("../../actors/mod.ts").X;',
    'const w = new Worker(new URL("../../actors/mod.ts", import.meta.url));',
  ];
  for (const form of forms)
    assert.equal(
      places(checkImports([file("collab/dashboard/a.tsx", "<b />;", form)])),
      ["collab/dashboard/a.tsx:2"],
      form,
    );
});

imports("a computed import is a finding outside tests", () => {
  assert.is(checkImports([file("main.ts", "await import(name);")]).length, 1);
  assert.is(checkImports([file("tests/a.ts", "await import(name);")]).length, 0);
});

imports("a file in a folder without a row is a finding, inside actors/, collab/ and sim/ too", () => {
  for (const path of ["helpers/a.ts", "actors/helpers/a.ts", "collab/helpers/a.ts", "sim/helpers/a.ts"])
    assert.is(checkImports([file(path, "")]).length, 1, path);
  assert.is(checkImports([file("actors/a.ts", "")]).length, 0);
});

imports.run();

const cycles = suite("cycles");

cycles("a chain and a diamond are no cycle", () => {
  const files = [
    file("a.ts", 'import "./b.ts"; import "./c.ts";'),
    file("b.ts", 'import "./d.ts";'),
    file("c.ts", 'import "./d.ts";'),
    file("d.ts", 'import "node:fs"; import "ws";'),
  ];
  assert.equal(checkCycles(files), []);
});

cycles("a cycle through a type-only import and a re-export is named with its way", () => {
  const files = [
    file("x/c.ts", 'export * from "../a.ts";'),
    file("a.ts", 'import type { B } from "./b.ts";'),
    file("b.ts", 'import "./x/c.ts";'),
    file("outside.ts", 'import "./a.ts";'),
  ];
  const [finding, ...more] = checkCycles(files);
  assert.is(finding?.message, "import cycle: a.ts → b.ts → x/c.ts → a.ts");
  assert.is(more.length, 0);
});

cycles("a file that imports itself is a cycle", () => {
  assert.is(checkCycles([file("a.ts", 'import "./a.ts";')]).length, 1);
});

cycles("two cycles are two findings", () => {
  const pair = (a: string, b: string) => [
    file(`${a}.ts`, `import "./${b}.ts";`),
    file(`${b}.ts`, `import "./${a}.ts";`),
  ];
  assert.is(checkCycles([...pair("a", "b"), ...pair("c", "d")]).length, 2);
});

cycles("folders whose files import each other are a cycle, though no files are", () => {
  const files = [
    file("actors/a/one.ts", 'import type { Two } from "../b/two.ts";'),
    file("actors/a/three.ts"),
    file("actors/b/two.ts"),
    file("actors/b/four.ts", "", 'import "../a/three.ts";'),
  ];
  assert.equal(checkCycles(files), []);
  const [finding, ...more] = checkFolderCycles(files);
  assert.is(finding?.message, "folder cycle: actors/a → actors/b → actors/a");
  assert.equal(places([finding!]), ["actors/a/one.ts:1"]);
  assert.is(more.length, 0);
});

cycles("a folder and one inside it are two folders, and a longer way round is a cycle", () => {
  const nested = [
    file("sim/a/mod.ts", 'import "./in/one.ts";'),
    file("sim/a/in/one.ts", 'import "../two.ts";'),
    file("sim/a/two.ts"),
  ];
  assert.is(checkFolderCycles(nested)[0]?.message, "folder cycle: sim/a → sim/a/in → sim/a");
  const long = ["a", "b", "c"].flatMap((name, k, names) => [
    file(`sim/${name}/from.ts`, `import "../${names[(k + 1) % 3]}/to.ts";`),
    file(`sim/${name}/to.ts`),
  ]);
  assert.is(checkFolderCycles(long)[0]?.message, "folder cycle: sim/a → sim/b → sim/c → sim/a");
});

cycles("folders that are used one way, and folders of tests, are no finding", () => {
  assert.equal(checkFolderCycles([file("sim/a/x.ts", 'import "../b/y.ts";'), file("sim/b/y.ts")]), []);
  const tests = [
    file("tests/a/x.ts", 'import "../b/y.ts";'),
    file("tests/b/y.ts"),
    file("tests/b/z.ts", 'import "../a/w.ts";'),
    file("tests/a/w.ts"),
  ];
  assert.equal(checkFolderCycles(tests), []);
});

cycles.run();

const determinism = suite("determinism");

/** Number of findings in one line of core code. */
const inCore = (line: string): number => checkDeterminism([file("actors/core/a.ts", line)]).length;

determinism("clock, randomness, timers, promises and the machine are findings", () => {
  const lines = [
    "const t = Date.now();",
    "const t = new Date();",
    "const t = performance.now();",
    "const t = Temporal.Now;",
    "const r = Math.random();",
    "const id = crypto.randomUUID();",
    "setTimeout(f, 1);",
    "queueMicrotask(f);",
    "const p = Promise.resolve();",
    "async function f() {}",
    "const f = async () => 1;",
    "class A { async f() {} }",
    "const e = process.env;",
    "const e = Deno.env;",
    "const g = globalThis;",
    "console.log(1);",
    "fetch(url);",
    "const w = new WeakRef(x);",
    'import { cpus } from "node:os";',
    "const n = new Intl.NumberFormat();",
    "const c = a.localeCompare(b);",
    "const c = a.normalize();",
    'const c = a["normalize"]();',
    "const c = a.toLocaleString();",
    "const f = { Date };",
  ];
  for (const line of lines) assert.is(inCore(line), 1, line);
});

determinism("await, for await and dynamic import are findings", () => {
  assert.ok(inCore("async function f() { await g(); }") >= 1);
  assert.ok(inCore("async function f() { for await (const x of y) g(x); }") >= 1);
  assert.ok(inCore('const m = import("x");') >= 1);
});

determinism("inexact mathematics is a finding however it is written", () => {
  const lines = [
    "const y = Math.exp(x);",
    'const y = Math["sin"](x);',
    "const y = Math[name](x);",
    "const M = Math;",
    "const { exp } = Math;",
    "const y = x ** 2;",
    "x **= 2;",
    "const y = xs.map(Math.log);",
  ];
  for (const line of lines) assert.is(inCore(line), 1, line);
});

determinism("exact mathematics, types, members and keys of the same names pass", () => {
  const lines = [
    "const y = Math.sqrt(Math.abs(x)) + Math.PI;",
    "function f(p: Promise<Date>): Date { return p; }",
    "interface Date { performance: Promise<number> }",
    "type T = ReturnType<typeof Date.now>;",
    "const y = { Date: 1, process: 2 }.Date;",
    "const y = monitor.performance.process;",
    "class A { fetch() {} Date = 1; }",
    "const text = 'Math.random() at Date.now()'; // Date.now()",
    "const y = normalize(vector);",
    'import exp from "@stdlib/math-base-special-exp";',
  ];
  for (const line of lines) assert.is(inCore(line), 0, line);
});

determinism("only core-side folders are looked at", () => {
  const line = "const t = Date.now();";
  const core = [
    "protocol/a.ts",
    "actors/core/a.ts",
    "actors/kernels/a.ts",
    "actors/detectors/a.ts",
    "sim/worlds/a.ts",
  ];
  for (const path of core) assert.is(checkDeterminism([file(path, line)]).length, 1, path);
  for (const path of ["actors/feeds/a.ts", "sim/bench/a.ts", "collab/a.ts", "main.ts"])
    assert.is(checkDeterminism([file(path, line)]).length, 0, path);
});

determinism("a line excused with a reason passes and is listed", () => {
  const files = [file("actors/core/a.ts", "", "const t = Date.now(); // det-ok: printed, never folded")];
  assert.equal(checkDeterminism(files), []);
  assert.equal(listEscapes(files), [{ path: "actors/core/a.ts", line: 2, reason: "printed, never folded" }]);
});

determinism("an excuse without a reason, on another line, or for nothing is a finding", () => {
  assert.is(inCore("const t = Date.now(); // det-ok"), 1);
  assert.is(inCore("const t = Date.now(); // det-ok:"), 1);
  assert.is(inCore("const t = 1; // det-ok: nothing here"), 1);
  const split = file("actors/core/a.ts", "// det-ok: the line below", "const t = Date.now();");
  assert.equal(places(checkDeterminism([split])), ["actors/core/a.ts:2", "actors/core/a.ts:1"]);
});

determinism.run();

const documents = suite("documents");

const present = new Set([
  "README.md",
  "actors",
  "actors/core",
  "actors/core/core.ts",
  "docs/a.md",
  "protocol/PROTOCOL.md",
]);
const exists = (path: string): boolean => present.has(path.replace(/\/$/, ""));
const inReadme = (...lines: string[]): Finding[] => checkDocuments([file("README.md", ...lines)], exists);

documents("links to files and headings that do not exist are findings", () => {
  assert.equal(inReadme("# The house", "[a](docs/a.md) [b](#the-house) [c](https://example.org/x)"), []);
  assert.is(inReadme("[a](docs/b.md)").length, 1);
  assert.is(inReadme("[a](#no-such-heading)").length, 1);
});

documents("links are read from the folder of their document", () => {
  assert.is(checkDocuments([file("docs/a.md", "[up](../README.md)")], exists).length, 0);
  assert.is(checkDocuments([file("docs/a.md", "[up](README.md)")], exists).length, 1);
});

documents("paths in backticks that do not exist are findings", () => {
  assert.equal(inReadme("`actors/core/core.ts` and `actors/core/`"), []);
  assert.equal(places(inReadme("", "see `actors/core/gone.ts`")), ["README.md:2"]);
  assert.is(inReadme("`actors/gone/`").length, 1);
});

documents("paths of others, build output and code blocks are accepted", () => {
  assert.equal(inReadme("`text/html` `a/b` `npm start` `dist/eigenwatch.mjs` `ρ/σ`"), []);
  assert.equal(inReadme("```", "`gone.ts` [a](gone.md)", "```"), []);
});

documents("commands of README's table that main.ts lacks are findings", () => {
  const readme = file(
    "README.md",
    "| command | does |",
    "|---|---|",
    "| `up [--feed SPEC]` | runs |",
    "| `fly` | flies |",
  );
  const main = file("main.ts", "up: {");
  assert.equal(places(checkDocuments([readme, main], exists)), ["README.md:4"]);
  assert.equal(checkDocuments([readme], exists), []);
});

documents.run();

const output = suite("output");

output(
  "a file that writes to standard output or error itself is a finding, unless it is the terminal",
  () => {
    const writes = ["const line = name;", "process.stdout.write(line);", "process.stderr.write(line);"];
    const at = (path: string) => places(checkOutput([file(path, ...writes)]));
    assert.equal(at("sim/recordings/diff/command.ts"), [
      "sim/recordings/diff/command.ts:2",
      "sim/recordings/diff/command.ts:3",
    ]);
    assert.is(at("main.ts").length, 2);
    for (const path of ["actors/command-line/terminal.ts", "sim/bench/detect.ts", "tests/program/up.test.ts"])
      assert.equal(at(path), []);
  },
);

output.run();

const sizes = suite("sizes");

sizes("a file of more than 1 MB under version control is a finding", () => {
  const files = [
    { path: "main.ts", bytes: 1_000_000 },
    { path: "other-program.whl", bytes: 1_000_001 },
  ];
  assert.equal(places(checkSizes(files)), ["other-program.whl:1"]);
});

sizes.run();

const generated = suite("generated");

generated("a generated document that differs or is missing is a finding at its first different line", () => {
  assert.equal(checkGenerated("docs/a.md", "one\ntwo\n", "one\ntwo\n"), []);
  assert.equal(places(checkGenerated("docs/a.md", "one\ntwo\n", "one\n2\n")), ["docs/a.md:2"]);
  assert.equal(places(checkGenerated("docs/a.md", "one\n", "one\nmore\n")), ["docs/a.md:2"]);
  assert.equal(places(checkGenerated("docs/a.md", "one\n", null)), ["docs/a.md:1"]);
});

generated.run();
