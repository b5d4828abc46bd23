// slow
/** `up` over a file, to its end: what it prints, what it leaves, and that one recording has one session. */
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type OutputLine, run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { walkFile } from "../support/walk-table.ts";

const ROWS = 1_600;
const folder = temporaryDirectory();
const table = walkFile(join(folder, "walk.csv"), ROWS);

test("up --once reads a file to its end, prints its events and totals, and leaves a recording that verifies", async () => {
  const record = join(folder, "once");
  const args = ["up", "--feed", `file:${table}`, "--once", "--record", record, "--port", "0", "--json"];
  const { code, stdout, stderr } = await run(args);
  assert.is(code, 0, stderr);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as OutputLine);
  assert.is(lines[0]!.what, "listening");
  assert.is(lines[0]!["recording"], record);
  const events = lines.filter(({ what }) => what === "event");
  assert.equal(
    events.map(({ sequence }) => sequence),
    events.map((_, k) => k + 1),
  );
  const kinds = events.map(({ kind }) => kind);
  assert.ok(kinds.includes("coherence.warmed") && kinds.includes("collapse.declared"), String(kinds));
  assert.is(kinds.at(-1), "feed.ended");
  const stopped = lines.at(-1)!;
  assert.is(stopped.what, "stopped");
  assert.is(stopped["samples"], 3 * ROWS);
  assert.is(stopped["events"], events.length);
  assert.equal(stopped["failedFeeds"], []);

  const verified = await run(["replay", record, "--verify"]);
  assert.is(verified.code, 0, verified.stderr);
  const { inputs, hash } = stopped;
  assert.match(verified.stdout, `verified ${inputs} inputs, ${events.length} events, final hash ${hash}\n`);
});

test("up --once with a file that is not there names it and ends with 1", async () => {
  const missing = join(folder, "nothing.csv");
  const { code, stdout, stderr } = await run(["up", "--feed", `file:${missing}`, "--once", "--port", "0"]);
  assert.is(code, 1);
  assert.match(stderr, `feed failed: file:nothing.csv: Cannot read ${missing}: there is no such file`);
  assert.not.match(stdout, "1970");
});

test("up --once ends with its file while a live feed runs too", async () => {
  const feeds = ["--feed", "walk?rate=1000", "--feed", `file:${table}`];
  const { code, stdout, stderr } = await run(["up", ...feeds, "--once", "--port", "0", "--json"]);
  assert.is(code, 0, stderr);
  assert.match(stdout, `Feed file:walk.csv ended: ${ROWS} rows`);
});

test("up of a second session on one recording is refused, and the first goes on", async () => {
  const record = join(folder, "shared");
  const first = start(["up", "--feed", "walk?rate=1000", "--record", record, "--port", "0", "--json"]);
  await first.line("listening");
  const second = await run(["up", "--feed", "walk?rate=1000", "--record", record, "--port", "0"]);
  assert.is(second.code, 2);
  assert.match(second.stderr, record);
  assert.match(second.stderr, `process ${first.pid}`);
  first.kill("SIGTERM");
  const { code } = await first.ended;
  assert.is(code, 0);
  const { code: verified, stdout } = await run(["replay", record, "--verify"]);
  assert.is(verified, 0, stdout);
});

test("up whose output nobody reads any more closes its recording and ends", async () => {
  const record = join(folder, "unread");
  const program = start([
    "up",
    "--feed",
    `file:${table}?speed=400`,
    "--record",
    record,
    "--port",
    "0",
    "--json",
  ]);
  await program.line("listening");
  program.closeOutput();
  assert.is((await program.ended).code, 0);
  const { code, stdout } = await run(["inspect", record]);
  assert.is(code, 0);
  assert.match(stdout, /writer +none/);
});

test.run();
