// runtime: either
// slow
/** A detector of somebody else, from its file through the running program: the example of docs/detectors.md. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownRuntime, ROOT } from "../../.ci/runtime.mjs";
import { run, runAll } from "../support/program-run.ts";
import { uniforms } from "../support/random-streams.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const folder = temporaryDirectory();
const table = join(folder, "pair.csv");
const recording = join(folder, "recording");
const example = join(ROOT, "docs", "examples", "gap.mjs");
/** The same with another number in it, under the same name. */
const edited = join(folder, "gap.mjs");

const ROWS = 600;
/** Rows in which the channels are apart. */
const [FROM, TO] = [400, 415];
const START_S = 1_700_000_000;

/** Lines of --json. */
let lines: Record<string, unknown>[];

test.before(async () => {
  const uniform = uniforms(5);
  const rows = Array.from({ length: ROWS }, (_, k) => {
    const common = uniform();
    const apart = k >= FROM && k < TO ? 30 : 0;
    return `${START_S + k},${common + uniform() + apart},${common + uniform()}`;
  });
  writeFileSync(table, ["time,left,right", ...rows].join("\n"));
  writeFileSync(edited, readFileSync(example, "utf8").replace(", 6)", ", 7)"));
  const feed = [
    "--feed",
    `file:${table}?group=pair`,
    "--once",
    "--port",
    "0",
    "--json",
    "--shadow",
    "--set",
    "incidents.persistence=5",
  ];
  const { code, stdout, stderr } = await run(["up", ...feed, "--record", recording, "--actor", example]);
  assert.is(code, 0, stderr);
  lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
});

test("the example has at most forty lines, without its header", () => {
  const code = readFileSync(example, "utf8").replace(/^\/\*\*.*?\*\/\n/s, "");
  assert.ok(code.trimEnd().split("\n").length <= 40);
});

test("what it finds is announced with begin and end, and a shadow derives the same", () => {
  const events = lines.filter(({ kind }) => String(kind).startsWith("gap."));
  assert.equal(
    events.map(({ kind, detail }) => [kind, (detail as { atUs: number }).atUs / 1e6 - START_S >= FROM]),
    [
      ["gap.found", true],
      ["gap.found-over", true],
    ],
  );
  assert.equal(events[0]!["channels"], ["left", "right"]);
  const shadow = lines.find(({ what }) => what === "shadow")!;
  assert.equal([shadow["differences"], shadow["complete"]], [0, true]);
});

test("its recording is replayed with the same file alone; without it, and with another, that is refused by name and hash", async () => {
  const [same, without, other] = await runAll([
    ["replay", recording, "--verify", "--actor", example],
    ["replay", recording, "--verify"],
    ["replay", recording, "--actor", edited],
  ]);
  assert.is(same!.code, 0, same!.stderr);
  assert.match(same!.stdout, /verified \d+ inputs/);
  for (const { code, stdout } of [without!, other!]) assert.equal([code, stdout], [2, ""]);
  assert.match(
    without!.stderr,
    /Cannot run the actor gap .*: it is that of gap\.mjs with SHA-256 [0-9a-f]{64}, and no --actor gives it; expected --actor gap\.mjs as it was then, or a new recording/,
  );
  assert.match(other!.stderr, /SHA-256 ([0-9a-f]{64}), and gap\.mjs that is given has (?!\1)[0-9a-f]{64};/);
});

test("what only reads a recording does without the file", async () => {
  const [inspected, verified] = await runAll([
    ["inspect", recording, "--json"],
    ["verify", recording],
  ]);
  assert.is(inspected!.code, 0, inspected!.stderr);
  assert.is(verified!.code, 0, verified!.stderr);
});

test("its settings are asked about in worker processes, and refused by its own schema", async () => {
  const [fewer, wrong] = await runAll([
    [
      "whatif",
      recording,
      "--at",
      String((START_S + FROM - 100) * 1e6),
      "--set",
      "gap.most=40",
      "--json",
    ].concat("--actor", example),
    ["up", "--once", "--actor", example, "--set", "gap.most=0", "--feed", `file:${table}`, "--port", "0"],
  ]);
  assert.is(fewer!.code, 0, fewer!.stderr);
  assert.match(fewer!.stdout, /gap\.found/);
  assert.is(wrong!.code, 2);
  assert.match(wrong!.stderr, /Cannot set gap\.most: "0"; expected a number ≥ 1/);
});

test("a recording without it is run with it, which tries it out, and everything else is verified", async () => {
  const plain = join(folder, "plain");
  const feed = ["--feed", `file:${table}?group=pair`, "--once", "--port", "0"];
  await run(["up", ...feed, "--record", plain, "--partitions", "2"]);
  const events = join(folder, "events.ndjson");
  const { code, stdout } = await run(["replay", plain, "--events", events, "--actor", example]);
  assert.is(code, 0, stdout);
  assert.match(readFileSync(events, "utf8"), '"gap.found"');
  const verified = await run(["replay", plain, "--verify", "--actor", example]);
  assert.is(verified.code, 3);
  assert.match(verified.stdout, "gap");
});

test("partitions in threads have it too", async () => {
  const feed = ["--feed", `file:${table}?group=pair`, "--once", "--port", "0", "--json"];
  const { code, stdout, stderr } = await run(["up", ...feed, "--partitions", "2", "--actor", example]);
  assert.is(code, 0, stderr);
  assert.match(stdout, '"gap.found"');
});

test("TypeScript is read where the runtime reads it, else what does is said", async () => {
  const typed = join(folder, "gap.ts");
  copyFileSync(example, typed);
  writeFileSync(typed, readFileSync(typed, "utf8").replace("const names =", "const names: string[] ="));
  const { code, stderr } = await run([
    "up",
    "--once",
    "--feed",
    `file:${table}`,
    "--port",
    "0",
    "--actor",
    typed,
  ]);
  if (ownRuntime().kind === "node" && code !== 0) {
    assert.is(code, 2);
    assert.match(
      stderr,
      /this runtime does not read TypeScript; expected Deno, Node 22\.18 or later, or JavaScript/,
    );
  } else assert.is(code, 0, stderr);
});

test.run();
