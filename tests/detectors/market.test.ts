// runtime: either
/**
 * Detectors on recorded markets. The tests print the findings and assert only properties of every run. On one runtime: tests/conformance
 * compares the bits of such runs.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { collapse } from "../../actors/detectors/collapse/detector.ts";
import { estimator } from "../../actors/detectors/estimator/detector.ts";
import type { StateMessage } from "../../protocol/messages.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { frameOf, groupOf } from "../support/rows.ts";
import { shared, skipWithoutData } from "../support/shared.ts";

const MINUTE_US = 60_000_000;

function table(path: string): string[][] {
  const text = gunzipSync(readFileSync(path)).toString();
  return text
    .trim()
    .split("\n")
    .map((line) => line.split(","));
}

test("collapse detector announces the crash of 2021-05-19 in one-minute crypto closes", () => {
  const warm = shared("market/B_crypto_1m/warmup_close_1m.csv.gz");
  const bars = shared("market/B_crypto_1m/bars_1m.csv.gz");
  if (warm === null || bars === null) return skipWithoutData();
  const [head, ...closes] = table(warm);
  const symbols = head!.slice(1);
  const rows: [number, Float64Array][] = closes.map((row) => [
    Number(row[0]) * 1e6,
    Float64Array.from(row.slice(1), Number),
  ]);
  for (const [ts, symbol, , , , close] of table(bars).slice(1)) {
    const time = Number(ts) * 1e6;
    if (rows[rows.length - 1]![0] !== time)
      rows.push([time, new Float64Array(symbols.length).fill(Number.NaN)]);
    rows[rows.length - 1]![1][symbols.indexOf(symbol!)] = Number(close);
  }
  const group = groupOf(symbols.length, {
    everyUs: MINUTE_US,
    innovation: "logReturn",
    channels: symbols.map((name) => ({ name, title: "", unit: "USDT" })),
  });
  const actor = new ActorHarness(collapse, { collapse: { falseAlarmsPerDay: 1 } }, group);
  for (const [time, values] of rows) actor.rows([values], () => time);

  const from = Date.UTC(2021, 4, 19, 12, 43) * 1000;
  const to = Date.UTC(2021, 4, 19, 13, 10) * 1000;
  const declared = actor.events.filter(({ kind }) => kind === "collapse.declared");
  const inside = declared.find(({ timeUs }) => timeUs >= from && timeUs <= to);
  const days = (rows[rows.length - 1]![0] - rows[0]![0]) / 86_400e6;
  const rest = declared.filter((event) => event !== inside).length / days;
  const chance = 1 - Math.exp((-rest * (to - from)) / 86_400e6);
  console.log(
    `  2021-05-19 12:43-13:10: ${inside ? `announced ${((inside.timeUs - from) / MINUTE_US).toFixed(0)} min after its beginning` : "not announced"}; ` +
      `${rest.toFixed(2)} alarms a day in the rest; chance of a hit at that rate ${(100 * chance).toFixed(1)} %`,
  );
  assert.is(actor.kinds()[0], "collapse.calibrated");
  assert.ok(inside, "the collapse of 2021-05-19 is announced while it lasts");
  for (const { detail } of declared)
    assert.ok(Number(detail!["logM"]) >= Math.log(Number(detail!["A"])) - 1e-9);
});

test("estimator runs on 250,170 asynchronous trades of five equities", () => {
  const path = shared("market/A_equity_ticks/trades.csv.gz");
  if (path === null) return skipWithoutData();
  const [head, ...ticks] = table(path);
  const at = (name: string) => head!.indexOf(name);
  const symbols = [...new Set(ticks.map((tick) => tick[at("symbol")]!))].sort();
  const group = groupOf(symbols.length, {
    sampling: "ticks",
    innovation: "logReturn",
    channels: symbols.map((name) => ({ name, title: "", unit: "USD" })),
  });
  const actor = new ActorHarness(estimator, {}, group);
  for (let k = 0; k < ticks.length; k += 256) {
    actor.feed(
      frameOf(
        ticks
          .slice(k, k + 256)
          .map(
            (tick) =>
              [
                1000 * Number(tick[at("ts_ms")]),
                symbols.indexOf(tick[at("symbol")]!),
                Number(tick[at("price")]),
              ] as const,
          ),
      ),
    );
  }
  for (const { timeUs, title } of actor.events)
    console.log(`  ${new Date(timeUs / 1000).toISOString()} ${title}`);
  const state = actor.publish(1e16) as StateMessage;
  console.log(`  ${symbols.join(" ")}: ${JSON.stringify(state.measures)}`);
  assert.ok(state.measures["omega0"]! > 0);
  assert.ok(state.measures["purity"]! > 0 && state.measures["purity"]! <= 1);
});

test.run();
