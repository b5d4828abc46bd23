// runtime: node
// slow
/**
 * One recording, one final hash: recordings of several feeds, each made on one runtime, are verified on all of them.
 * It starts the other runtimes itself, so it need not run on each.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { finalState } from "../support/final-state.ts";
import { run } from "../support/program-run.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";
import { type Runtime, runtimes } from "../support/runtimes.ts";
import { shared, skipWithoutData } from "../support/shared.ts";

const all = runtimes();
const folder = temporaryDirectory();

interface Stopped {
  inputs: number;
  samples: number;
  events: number;
  hash: string;
}

const LONG = process.env["EIGENWATCH_LONG"] === "1";
/** Samples that warm up every actor and pass a checkpoint (65,536). */
const SAMPLES = LONG ? 320_000 : 70_400;
/** Rows of tables of reference data, which warm up every actor too; whole tables with --long. */
const ROWS = LONG ? 320_000 : 24_000;

let recordings = 0;

/** The first rows of a table of reference data, one sample in each, under its name, and how many there are. */
function firstRows(table: string): { path: string; rows: number } {
  const lines = gunzipSync(readFileSync(table))
    .toString()
    .trimEnd()
    .split("\n")
    .slice(0, ROWS + 1);
  const path = join(folder, basename(table, ".gz"));
  writeFileSync(path, `${lines.join("\n")}\n`);
  return { path, rows: lines.length - 1 };
}

/** Makes a recording of a feed on a runtime. */
async function recordOn(runtime: Runtime, feed: string): Promise<{ directory: string; stopped: Stopped }> {
  const directory = join(folder, String(++recordings));
  const args = ["up", "--feed", feed, "--once", "--record", directory, "--port", "0", "--json"];
  const { code, stdout, stderr } = await run(args, { runtime });
  assert.is(code, 0, stderr);
  return { directory, stopped: JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as Stopped };
}

async function verifyOnAll(directory: string, { inputs, events, hash }: Stopped): Promise<void> {
  for (const runtime of all) {
    const { code, stdout, stderr } = await run(["replay", directory, "--verify"], { runtime });
    assert.is(code, 0, `${runtime.name}: ${stdout}${stderr}`);
    assert.match(stdout, `verified ${inputs} inputs, ${events} events, final hash ${hash}\n`, runtime.name);
  }
}

/** Each feed on another runtime, so that all of them have written. */
const maker = (k: number): Runtime => all[k % all.length]!;

test(`a walk recorded on ${maker(0).name} verifies on ${all.map(({ name }) => name).join(", ")}`, async () => {
  const seconds = SAMPLES / 16_000;
  const walk = `walk?channels=16&rate=max&duration=${seconds}s&seed=5`;
  const { directory, stopped } = await recordOn(maker(0), walk);
  assert.is(stopped.samples, SAMPLES);
  await verifyOnAll(directory, stopped);
  const { fields, states } = await finalState(directory);
  const actors = new Set([...fields.keys()].map((key) => key.split(".")[0]));
  assert.equal([...actors].sort(), [
    "walk/anomaly",
    "walk/arrivals",
    "walk/collapse",
    "walk/estimator",
    "walk/front",
  ]);
  // A state each 50 ms of logical time.
  assert.ok(states.length > 10 * seconds, `${states.length} states`);
});

test(`one-minute bars recorded on ${maker(1).name} verifies on all runtimes`, async () => {
  const bars = shared("market/B_crypto_1m/bars_1m.csv.gz");
  if (bars === null) return skipWithoutData();
  const { path, rows } = firstRows(bars);
  const { directory, stopped } = await recordOn(maker(1), `file:${path}?value=close`);
  assert.is(stopped.samples, rows);
  await verifyOnAll(directory, stopped);
});

test(`trades of five instruments recorded on ${maker(2).name} give states of a tick-driven estimator, and verify on all runtimes`, async () => {
  const trades = shared("market/A_equity_ticks/trades.csv.gz");
  if (trades === null) return skipWithoutData();
  const { path, rows } = firstRows(trades);
  const { directory, stopped } = await recordOn(maker(2), `file:${path}`);
  assert.is(stopped.samples, rows);
  await verifyOnAll(directory, stopped);
  const { fields, states } = await finalState(directory);
  assert.ok(fields.has("trades/estimator.control"));
  const warm = states.filter(({ n, measures }) => n === 5 && (measures["purity"] ?? 0) > 0);
  assert.ok(warm.length > 50, `${warm.length} states`);
  for (const { measures } of warm) {
    const purity = measures["purity"]!;
    assert.ok(purity >= 0.2 - 1e-9 && purity <= 1 + 1e-9, `purity ${purity}`);
  }
});

test("every runtime finds the same in the same file", async () => {
  const feed = "walk?channels=4&rate=max&duration=3s&seed=11";
  const [first, ...others] = await Promise.all(
    all.map(async (runtime) => finalState((await recordOn(runtime, feed)).directory)),
  );
  assert.ok(first!.events.length > 0);
  for (const [k, other] of others.entries()) {
    const { name } = all[k + 1]!;
    assert.equal(other.events, first!.events, name);
    assert.equal([...other.fields.keys()], [...first!.fields.keys()], name);
    for (const [key, value] of first!.fields) assert.equal(other.fields.get(key), value, `${name} ${key}`);
  }
});

test.run();
