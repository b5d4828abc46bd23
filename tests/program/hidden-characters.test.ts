// runtime: either
// slow
/** Names that would print lines of their own, move the cursor or turn text around: each command prints them as escapes, by the same code on each runtime. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Ended, run } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { START_S, walkCsv } from "../support/walk-table.ts";

const ROWS = 400;
const FAKE = "2026-01-01T00:00:00.000Z  critical  the disk is full";
const NAMES = [`a\n${FAKE}`, "b\u001b[2J\u001b[31mred\u009b1m\u007f", "c\u202egnp.exe\u2066\u2028d"];
/** Everything that must not reach a terminal; line feeds and tabs are the program's own. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what the test looks for
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

const folder = temporaryDirectory();
const table = join(folder, "walk.csv");
const recording = join(folder, "recording");
const branch = join(folder, "branch");
let recorded: Ended;

test.before(async () => {
  const [, ...rows] = walkCsv(ROWS).split("\n");
  // Values that no walk reaches: events that name each channel.
  for (const [k] of NAMES.entries()) spike(rows, 200 + 40 * k, k);
  const header = `time,${NAMES.map((name) => `"${name}"`).join(",")}`;
  writeFileSync(table, [header, ...rows].join("\n"));
  const up = ["up", "--feed", `file:${table}`, "--once", "--port", "0"];
  recorded = await run([...up, "--evidence", "--record", recording]);
  assert.is(recorded.code, 0, recorded.stderr);
});

function spike(rows: string[], row: number, column: number): void {
  const cells = rows[row]!.split(",");
  cells[1 + column] = "1e6";
  rows[row] = cells.join(",");
}

function checkVisible({ stdout, stderr }: Ended, command: string): void {
  for (const output of [stdout, stderr]) {
    assert.not(HIDDEN.test(output), `${command} prints ${JSON.stringify(HIDDEN.exec(output)?.[0])}`);
    assert.not(output.split("\n").includes(FAKE), `${command} prints a line of its own: ${output}`);
  }
}

test("the events that up prints name channels with escapes for what is not seen", () => {
  checkVisible(recorded, "up");
  assert.match(recorded.stdout, "a\\n2026");
  assert.match(recorded.stdout, "b\\u001b[2J");
  assert.match(recorded.stdout, "c\\u202egnp.exe\\u2066\\u2028d");
});

test("commands over a recording print its names with escapes", async () => {
  const at = new Date((START_S + 190) * 1000).toISOString();
  const commands: [code: number, command: string[]][] = [
    [0, ["inspect", recording]],
    [0, ["inspect", recording, "--events"]],
    [0, ["replay", recording, "--verify", "--events", "-"]],
    [0, ["whatif", recording, "--at", at, "--drop", NAMES[0]!, "--to", branch]],
    [1, ["diff", recording, branch]],
    [0, ["verify", recording]],
  ];
  for (const [code, command] of commands) {
    const ended = await run(command);
    checkVisible(ended, command.join(" "));
    assert.is(ended.code, code, ended.stderr);
  }
  const step = await run(["replay", recording, "--step"], { stdin: "e\n".repeat(12) });
  checkVisible(step, "replay --step");
  const channels = await run(["inspect", recording, "--channels"]);
  assert.is(channels.stdout.trimEnd().split("\n").length, NAMES.length, channels.stdout);
});

test("JSON keeps the names, with escapes of JSON", async () => {
  for (const what of ["--channels", "--events"]) {
    const json = await run(["inspect", recording, what, "--json"]);
    checkVisible(json, `inspect ${what} --json`);
    const rows = json.stdout.trimEnd().split("\n");
    const parsed = rows.map((row) => JSON.parse(row) as { title: string });
    for (const name of NAMES)
      assert.ok(
        parsed.some(({ title }) => title.includes(name)),
        `${what} names ${JSON.stringify(name)}`,
      );
  }
  for (const command of [
    ["up", "--feed", `file:${table}`, "--once", "--port", "0", "--json"],
    ["diff", recording, branch, "--json"],
  ]) {
    const json = await run(command);
    checkVisible(json, command.join(" "));
    for (const line of json.stdout.trimEnd().split("\n")) JSON.parse(line);
  }
});

test("the cells of a table that detect cannot read are quoted with escapes", async () => {
  const bad = join(folder, "bad.csv");
  writeFileSync(bad, `time,x\n1,2\n"2\n${FAKE}",3\n3,\u001b[31m4\n4,\u202e5\n5,6\n`);
  for (const out of ["csv", "ndjson"])
    checkVisible(await run(["detect", bad, "--detector", "anomaly", "--out", out]), `detect --out ${out}`);
});

test("errors quote their input with escapes", async () => {
  for (const command of [
    ["inspect", `${folder}/no\u001b[2Jthing`],
    ["up", "--set", "co\u202ellapse.x=1", "--port", "0"],
    ["whatif", recording, "--at", "\u009b2J"],
    ["inspect", "--no\u001b[2Jthing"],
  ]) {
    const ended = await run(command);
    checkVisible(ended, command.join(" "));
    assert.is.not(ended.code, 0);
    assert.match(ended.stderr, /\\u(001b|202e|009b)/, command.join(" "));
  }
});

test.run();
