// runtime: either
// slow
/** `inspect`: what it says about a recording, and that damage is told with its place. */
import { cpSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { run, start } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { START_S, walkFile } from "../support/walk-table.ts";

const ROWS = 1_600;
const SEGMENT = "0000000001.seg";
const folder = temporaryDirectory();
const recording = join(folder, "recording");
let made: { inputs: number; events: number };

test.before(async () => {
  const table = walkFile(join(folder, "walk.csv"), ROWS);
  const { stdout } = await run([
    ...["up", "--feed", `file:${table}`, "--once", "--port", "0", "--json"],
    ...["--record", recording],
  ]);
  made = JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as typeof made;
});

test("inspect lists incidents, and nothing of what the detectors found beside them", async () => {
  const { code, stdout } = await run(["inspect", recording, "--incidents", "--json"]);
  assert.is(code, 0);
  const kinds = stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { kind: string }).kind);
  assert.ok(kinds.every((kind) => kind.startsWith("incident.")));
});

test("inspect sums a recording up, for people and for programs", async () => {
  const { code, stdout } = await run(["inspect", recording]);
  assert.is(code, 0);
  assert.match(stdout, new RegExp(`^recording +${recording}$`, "m"));
  assert.match(stdout, new RegExp(`^inputs +1 to ${made.inputs}$`, "m"));
  assert.match(stdout, /^from +2023-11-14T22:1/m);
  assert.match(stdout, new RegExp(`^to +${new Date((START_S + ROWS - 1) * 1000).toISOString()}$`, "m"));
  assert.match(stdout, /^writer +none$/m);
  assert.match(stdout, /^damage +none$/m);

  const json = await run(["inspect", recording, "--json"]);
  const summary = JSON.parse(json.stdout) as Record<string, unknown>;
  assert.is(summary["partition"], "p0");
  assert.is(summary["lastSequence"], made.inputs);
  assert.equal(summary["damage"], []);
});

test("inspect lists blocks without a gap, the recorded events, and the channels", async () => {
  const rows = async <T>(what: string) => {
    const { code, stdout } = await run(["inspect", recording, what, "--json"]);
    assert.is(code, 0);
    const lines = stdout.trimEnd().split("\n");
    const plain = await run(["inspect", recording, what]);
    assert.is(plain.stdout.trimEnd().split("\n").length, lines.length);
    return lines.map((line) => JSON.parse(line) as T);
  };
  let last = 0;
  const blocks = await rows<{ number: number; firstSequence: number; lastSequence: number }>("--blocks");
  for (const [k, { number, firstSequence, lastSequence }] of blocks.entries()) {
    assert.equal([number, firstSequence], [k + 1, last + 1]);
    last = lastSequence;
  }
  assert.is(last, made.inputs);
  const events = await rows<{ sequence: number }>("--events");
  assert.equal(
    events.map(({ sequence }) => sequence),
    Array.from({ length: made.events }, (_, k) => k + 1),
  );
  const channels = await rows<{ group: string; name: string }>("--channels");
  assert.equal(
    channels.map(({ group, name }) => `${group}/${name}`),
    ["walk/c1", "walk/c2", "walk/c3"],
  );
});

test("inspect names damage with file and offset, goes on behind it, and ends with 1", async () => {
  const damaged = join(folder, "damaged");
  cpSync(recording, damaged, { recursive: true });
  const bytes = readFileSync(join(damaged, SEGMENT));
  const flipped = Math.floor(bytes.length / 3);
  bytes[flipped]! ^= 1;
  writeFileSync(join(damaged, SEGMENT), bytes);
  const { code, stdout, stderr } = await run(["inspect", damaged, "--blocks"]);
  assert.is(code, 1);
  const [, offset, length] =
    new RegExp(`damaged: ${SEGMENT} at byte (\\d+), (\\d+) bytes: `).exec(stderr) ?? [];
  assert.ok(Number(offset) <= flipped && flipped < Number(offset) + Number(length), stderr);
  assert.match(stdout, new RegExp(`^\\d+\\t\\d+-${made.inputs}\\t`, "m"));
});

test("inspect calls an unfinished write at the end what it is: no damage", async () => {
  const torn = join(folder, "torn");
  cpSync(recording, torn, { recursive: true });
  truncateSync(join(torn, SEGMENT), readFileSync(join(torn, SEGMENT)).length - 7);
  const { code, stderr } = await run(["inspect", torn]);
  assert.is(code, 0);
  assert.match(stderr, new RegExp(`unfinished write at the end of ${SEGMENT}, byte \\d+: \\d+ bytes`));
});

test("inspect of a recording that is being written names its writer", async () => {
  const record = join(folder, "live");
  const writer = start(["up", "--feed", "walk?rate=1000", "--record", record, "--port", "0", "--json"]);
  await writer.line("event");
  const { code, stdout } = await run(["inspect", record]);
  assert.is(code, 0);
  assert.match(stdout, new RegExp(`^writer +process ${writer.pid} `, "m"));
  writer.kill("SIGINT");
  await writer.ended;
});

test("inspect whose reader goes away ends in silence", async () => {
  const listing = start(["inspect", recording, "--blocks"]);
  listing.closeOutput();
  const { code, stderr } = await listing.ended;
  assert.equal([code, stderr], [0, ""]);
});

test("inspect of a folder without a recording says so and ends with 2", async () => {
  const { code, stdout, stderr } = await run(["inspect", temporaryDirectory()]);
  assert.is(code, 2);
  assert.is(stdout, "");
  assert.match(stderr, "holds no segment file");
});

test.run();
