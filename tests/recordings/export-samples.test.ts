// runtime: either
/** `record export` to CSV and Parquet: the samples of a stretch of time, with the names of their channels. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { SYSTEM } from "../../actors/system.ts";
import { run } from "../support/program-run.ts";
import { record, temporaryDirectory } from "../support/recorded-run.ts";

const START_MS = Date.UTC(2026, 0, 2, 3);
const ROWS = 300;
/** Read before the end of the stretch, so that the names of channels come from a snapshot or from before it. */
const [FROM_ROW, UNTIL_ROW] = [100, 200];

const folder = temporaryDirectory();
const recording = join(folder, "recording");

const timeOf = (row: number) => new Date(START_MS + row * 1_000).toISOString();
const valuesOf = (row: number) => [Math.sin(row), -row / 8];

test.before(async () => {
  const table = join(folder, "shop.csv");
  const lines = Array.from({ length: ROWS }, (_, row) => [timeOf(row), ...valuesOf(row)].join(","));
  writeFileSync(table, ["time,=load,disk", ...lines].join("\n"));
  await record({ definitions: SYSTEM, feeds: [`file:${table}?group=shop`], directory: recording });
});

test("the samples of a stretch of time come as CSV, the first moment included and the last not", async () => {
  const to = join(folder, "part.csv");
  const { code, stderr, stdout } = await exported(to, [
    "--from",
    timeOf(FROM_ROW),
    "--until",
    timeOf(UNTIL_ROW),
  ]);
  assert.is(code, 0, stderr);
  assert.is((JSON.parse(stdout) as { samples: number }).samples, 2 * (UNTIL_ROW - FROM_ROW));
  const [head, ...rows] = readFileSync(to, "utf8").trimEnd().split("\n");
  assert.is(head, "time,group,channel,unit,value,size");
  // A spreadsheet computes nothing from a name.
  const [load, disk] = valuesOf(FROM_ROW);
  assert.equal(rows.slice(0, 2), [
    `${timeOf(FROM_ROW)},shop,'=load,,${load},`,
    `${timeOf(FROM_ROW)},shop,disk,,${disk},`,
  ]);
  assert.is(rows.length, 2 * (UNTIL_ROW - FROM_ROW));
  assert.match(rows.at(-1)!, new RegExp(`^${timeOf(UNTIL_ROW - 1)},`));
});

test("the whole recording comes as Parquet, with times, values bit for bit, and names", async () => {
  const to = join(folder, "all.parquet");
  const { code, stderr } = await exported(to, []);
  assert.is(code, 0, stderr);
  const bytes = readFileSync(to);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  assert.is(Number(parquetMetadata(file).num_rows), 2 * ROWS);
  const found = await parquetReadObjects({ file });
  const expected = Array.from({ length: ROWS }, (_, row) =>
    ["=load", "disk"].map((channel, c) => ({
      time: new Date(START_MS + row * 1_000),
      group: "shop",
      channel,
      unit: "",
      value: valuesOf(row)[c],
      size: null,
    })),
  );
  assert.equal(found, expected.flat());
});

test("a part of a recording is no MCAP file, and a stretch that ends before it begins is refused; nothing is written", async () => {
  const place = temporaryDirectory();
  for (const [name, flags, message] of [
    ["a.mcap", ["--from", timeOf(0)], /expected a file that ends in \.csv or \.parquet/],
    ["a.csv", ["--from", timeOf(2), "--until", timeOf(1)], /--until is not after --from/],
  ] as const) {
    const { code, stderr } = await exported(join(place, name), [...flags]);
    assert.is(code, 2);
    assert.match(stderr, message);
  }
  assert.equal(readdirSync(place), []);
});

function exported(to: string, flags: readonly string[]) {
  return run(["record", "export", recording, "--to", to, "--json", ...flags]);
}

test.run();
