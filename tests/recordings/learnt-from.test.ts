// runtime: either
/** `up --learnt-from`: a new recording that begins with what an older one has learnt. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { run } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const folder = temporaryDirectory();
const at = (name: string): string => join(folder, name);
const OLD = at("may");

/** Rows of noise about a level, a second apart. */
function table(name: string, columns: readonly string[], fromRow: number, rows: number): string {
  let state = 12345 + fromRow;
  const noise = (): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
  const lines = Array.from({ length: rows }, (_, row) => {
    const time = new Date(Date.UTC(2026, 0, 5) + (fromRow + row) * 1000).toISOString();
    return [time, ...columns.map(() => (100 + noise() + noise() + noise()).toFixed(4))].join(",");
  });
  writeFileSync(at(name), [["time", ...columns].join(","), ...lines, ""].join("\n"));
  return `file:${at(name)}?group=rack&speed=max`;
}

const up = (feed: string, record: string, ...more: string[]) =>
  run(["up", "--once", "--port", "0", "--json", "--feed", feed, "--record", record, ...more]);

test.before(async () => {
  const { code, stderr } = await up(table("may.csv", ["a", "b"], 0, 700), OLD);
  assert.is(code, 0, stderr);
});

test("a recording that begins with what another has learnt is not calibrated again, verifies, and names its parent", async () => {
  const record = at("june");
  const june = table("june.csv", ["a", "b"], 700, 200);
  const begun = await up(june, record, "--learnt-from", OLD);
  assert.is(begun.code, 0, begun.stderr);
  assert.match(begun.stdout, /"kind":"session\.opened"|"what":"stopped"/);
  assert.not.match(begun.stdout, /collapse\.calibrated/);
  const [alone, verified, inspected, events] = await Promise.all([
    up(june, at("alone"), "--set", "collapse.calibrationRows=100"),
    run(["replay", record, "--verify"]),
    run(["inspect", record]),
    run(["inspect", record, "--events"]),
  ]);
  assert.match(alone.stdout, /collapse\.calibrated/, "which a recording of its own is");
  assert.is(verified.code, 0, verified.stdout + verified.stderr);
  assert.match(inspected.stdout, /branch of +\S+may behind block \d+/);
  assert.match(events.stdout, /begins with what .*may had learnt until 2026-01-05/);
});

test("it goes on when it is started again in the same way, and is refused in the folder of another", async () => {
  const record = at("july");
  const feed = table("july.csv", ["a", "b"], 700, 50);
  assert.is((await up(feed, record, "--learnt-from", OLD)).code, 0);
  const again = await up(feed, record, "--learnt-from", OLD);
  assert.is(again.code, 0, again.stderr);
  assert.match(again.stdout + again.stderr, /goes on; it began with what/);
  const other = await up(feed, OLD, "--learnt-from", record);
  assert.is(other.code, 2, other.stdout);
  assert.match(other.stderr, /may exists; expected a new folder/);
});

test("what does not fit is refused with what differs: settings, channels, no recording, no folder", async () => {
  const feed = table("august.csv", ["a", "b"], 700, 50);
  const settings = await up(feed, at("x1"), "--learnt-from", OLD, "--set", "collapse.falseAlarmsPerDay=2");
  assert.is(settings.code, 2);
  assert.match(settings.stderr, /collapse\.falseAlarmsPerDay is 1 there and 2 here/);
  const wider = table("wider.csv", ["a", "c"], 700, 50);
  const channels = await up(wider, at("x2"), "--learnt-from", OLD);
  assert.is(channels.code, 1);
  assert.match(channels.stdout + channels.stderr, /group rack as .*: it is declared without b, with c/);
  const nothing = await up(feed, at("x3"), "--learnt-from", at("nothing"));
  assert.ok(nothing.code !== 0);
  assert.match(nothing.stderr, /nothing/);
  const memory = await run(["up", "--once", "--feed", feed, "--learnt-from", OLD]);
  assert.is(memory.code, 2);
  assert.match(memory.stderr, /expected --record DIR/);
});

test.run();
