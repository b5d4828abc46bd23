// runtime: either
/** `up --record` on a recording that goes on, with a file that is not the one of before. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { run } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const folder = temporaryDirectory();
const path = join(folder, "prices.csv");
const record = join(folder, "recording");

function writeTable(rows: number, first: number): void {
  const lines = Array.from({ length: rows }, (_, row) =>
    [new Date(Date.UTC(2026, 0, 5) + row * 1000).toISOString(), first + (row % 7)].join(","),
  );
  writeFileSync(path, ["time,a", ...lines, ""].join("\n"));
}

const up = () =>
  run([
    "up",
    "--once",
    "--port",
    "0",
    "--json",
    "--feed",
    `file:${path}?group=g&speed=max`,
    "--record",
    record,
  ]);

test("a recorded file that is read again is known, and another one under its name is said", async () => {
  writeTable(600, 100);
  const [first, again] = [await up(), await up()];
  assert.is(first.code, 0, first.stderr);
  assert.is(again.code, 0, again.stderr);
  assert.not.match(again.stdout, /feed\.other-data/);

  writeTable(600, 200);
  const replaced = await up();
  assert.is(replaced.code, 0, replaced.stderr);
  assert.match(replaced.stdout, /"kind":"feed\.other-data","severity":"warning"/);
  assert.match(replaced.stdout, /prices\.csv sends other samples than before/);
  const { code, stdout } = await run(["replay", record, "--verify"]);
  assert.is(code, 0, stdout);
});

test.run();
