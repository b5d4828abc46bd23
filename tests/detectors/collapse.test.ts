// runtime: either
// slow
/**
 * The collapse detector: its rate of false alarms and its delays, held against theory and a reference table. On one runtime, for its bits are
 * the same on each (tests/conformance/recordings.test.ts).
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { StandaloneActor } from "../../actors/core/standalone-actor.ts";
import { CollapseDetector, collapse } from "../../actors/detectors/collapse/detector.ts";
import type { Signal } from "../../actors/ports/detector.ts";
import { parseSettings } from "../../protocol/settings.ts";
import { normals, uniforms } from "../support/random-streams.ts";
import { groupOf, InnovationBatch } from "../support/rows.ts";
import { CHANNELS, type Change, CollapseRun, delayOf, QUIET_ROWS, ROWS_WATCHED } from "./collapse-runs.ts";

const LONG = process.env["EIGENWATCH_LONG"] === "1";
/** Null rows in all, half of them for each threshold. */
const NULL_ROWS = LONG ? 1_000_000 : 100_000;

for (const guaranteed of [500, 2000]) {
  test(`collapse detector keeps ${guaranteed} rows between false alarms on independent Gaussian rows`, () => {
    const run = new CollapseRun(guaranteed, 0, 11);
    let watched = 0;
    for (let k = 0; k < NULL_ROWS / 2; k++) {
      const before = run.machine.value;
      run.step();
      // Only rows on which an alarm could have been raised count.
      if (before !== "warming") watched++;
    }
    const alarms = Math.max(1, run.heard("declared"));
    const realised = watched / alarms;
    console.log(
      `  A = ${guaranteed}: ${alarms} alarms in ${watched} watched rows, ARL ${realised.toFixed(0)}`,
    );
    assert.ok(realised >= guaranteed, `ARL ${realised} below ${guaranteed}`);
  });
}

/** Mean delays of the reference table (R-SR) with 500 and 2,000 guaranteed rows between false alarms. */
const TABLE: [Change, number, number][] = [
  ["corr up", 500, 28.8],
  ["corr up", 2000, 40.1],
  ["block", 500, 14.1],
  ["block", 2000, 18.6],
];

for (const [change, guaranteed, expected] of TABLE) {
  test(`collapse detector with A = ${guaranteed} finds a ${change} change within 1.5 times ${expected} rows`, () => {
    const runs = LONG ? 200 : 50;
    const all = Array.from({ length: runs }, (_, k) => delayOf(change, guaranteed, 1000 + 7 * k));
    // The delay is that of runs without a false alarm before the change (Pollak's conditional delay). Those are most runs, and all end.
    const delays = all.filter((delay) => delay !== null);
    const falseAlarms = runs - delays.length;
    const most = (runs * QUIET_ROWS) / guaranteed;
    assert.ok(
      falseAlarms <= most,
      `${falseAlarms} of ${runs} runs began with a false alarm; at most ${most}`,
    );
    const missed = delays.filter((delay) => delay === ROWS_WATCHED).length;
    assert.is(missed, 0, `${missed} changes not found`);
    const mean = delays.reduce((sum, d) => sum + d, 0) / delays.length;
    console.log(
      `  ${change} at ${guaranteed}: ${mean.toFixed(1)} rows over ${delays.length} runs (table ${expected})`,
    );
    assert.ok(mean <= 1.5 * expected, `mean delay ${mean}`);
  });
}

test("a regime that comes back while another is learnt needs no learning, and the next change is found", () => {
  const run = new CollapseRun(2000, 0, 21);
  for (let k = 0; k < 500 + QUIET_ROWS; k++) run.step();
  for (let k = 0; k < 150; k++) run.step("loud");
  assert.is(run.machine.value, "relearning");
  for (let k = 0; k < 150; k++) run.step();
  assert.is(run.machine.value, "tracking");
  assert.is(run.heard("returned"), 1);
  assert.is(run.heard("calibrated"), 1, "the old baseline holds again");
  const before = run.heard("declared");
  for (let k = 0; k < 30; k++) run.step("loud");
  assert.is(run.heard("declared"), before + 1);
});

test("a regime that lasts is learnt, whatever kind of change began it, and not taken for the one before", () => {
  for (const change of ["corr up", "block", "mean", "loud"] as const) {
    const run = new CollapseRun(2000, 0, 22);
    for (let k = 0; k < 500 + QUIET_ROWS; k++) run.step();
    for (let k = 0; k < 1500 && run.heard("calibrated") < 2; k++) run.step(change);
    assert.is(run.heard("returned"), 0, change);
    assert.is(run.heard("calibrated"), 2, change);
  }
});

test("collapse detector voids its guarantee within 2,000 AR(1) rows with φ = 0.3", () => {
  const run = new CollapseRun(2000, 0, 5);
  const state = new Float64Array(CHANNELS);
  let rows = 0;
  while (run.heard("dependent") === 0 && rows < 2000) {
    run.stepDependent(0.3, state);
    rows++;
  }
  assert.ok(rows < 2000, "no void in 2,000 rows");
  const signal = run.signals.find((signal) => signal.type === "dependent")!;
  assert.ok((signal["lag1"] as number) > 0.1);
});

test("collapse detector marks a collapse declared on dependent rows as without guarantee", () => {
  const run = new CollapseRun(2000, 0, 6);
  const state = new Float64Array(CHANNELS);
  for (let k = 0; k < 2500; k++) run.stepDependent(0.3, state);
  for (let k = 0; k < 600 && run.heard("declared") === 0; k++) run.step("block");
  const declared = run.events.find(({ kind }) => kind === "collapse.declared");
  assert.is(declared?.detail?.["guarantee"], "void");
});

test("collapse detector keeps its guarantee on independent rows, and knows that it does after as many rows as it promises between alarms", () => {
  const run = new CollapseRun(2000, 0, 7);
  for (let k = 0; k < 500 + 1900; k++) run.step();
  assert.equal([run.heard("confirmed"), run.heard("declared")], [0, 0]);
  for (let k = 0; k < 100; k++) run.step();
  assert.is(run.heard("confirmed"), 1);
  const confirmed = run.events.find(({ kind }) => kind === "collapse.guarantee-holds")!;
  assert.match(confirmed.title, /no alarms in 19\d\d rows/);
  for (let k = 0; k < 3500; k++) run.step();
  assert.equal([run.heard("dependent"), run.heard("confirmed")], [0, 1]);
});

test("collapse detector reports kind, evidence and states of a block change", () => {
  const run = new CollapseRun(2000, 0, 8);
  for (let k = 0; k < 900; k++) run.step();
  while (run.heard("declared") === 0) run.step("block");
  const signal = run.signals.find((signal) => signal.type === "declared")!;
  assert.ok((signal["logM"] as number) >= Math.log(2000));
  assert.is(signal["threshold"], 2000);
  const declared = run.events.find(({ kind }) => kind === "collapse.declared");
  assert.is(declared?.detail?.["guarantee"], "unknown", "400 rows are too few to know");
  const told =
    /collapsed: [^;]+; c\d+ moves by (-?[\d.]+ to )?-?[\d.]+ a row \(usual: -[\d.]+ to [\d.]+\); \d+ rows after its onset/;
  assert.match(declared!.title, told);
  assert.ok((signal["fidelity"] as number) >= 0 && (signal["fidelity"] as number) < 1);
  assert.ok((signal["pointerOverlap"] as number) <= 1);
  assert.is((signal["channels"] as string[]).length, 5);
});

test("collapse detector estimates the onset of a block change within 15 rows (median of eleven runs)", () => {
  const errors = Array.from({ length: 11 }, (_, k) => {
    const run = new CollapseRun(2000, 0, 300 + k);
    for (let row = 0; row < 900; row++) run.step();
    const seen = run.heard("declared");
    const firstUs = run.now + 1_000_000;
    while (run.heard("declared") === seen) run.step("block");
    const signal = run.signals.filter((signal) => signal.type === "declared").pop()!;
    return Math.abs((signal["onsetUs"] as number) - firstUs) / 1_000_000;
  }).sort((a, b) => a - b);
  assert.ok(errors[5]! <= 15, `median error ${errors[5]} rows`);
});

test("collapse detector learns a lasting change as normal and declares the next one", () => {
  const run = new CollapseRun(20_000, 0, 9);
  for (let k = 0; k < 900; k++) run.step();
  for (let k = 0; k < 1500; k++) run.step("block");
  assert.is(run.heard("declared"), 1);
  assert.is(run.heard("persists"), 1);
  assert.is(run.heard("calibrated"), 2);
  for (let k = 0; k < 300 && run.heard("declared") < 2; k++) run.step();
  assert.is(run.heard("declared"), 2);
});

test("collapse detector keeps its false-alarm rate after relearning a regime", () => {
  for (const change of ["block", "loud"] as const) {
    let alarms = 0;
    let rows = 0;
    for (let seed = 1000; seed < 1060; seed++) {
      const run = new CollapseRun(500, 0, seed);
      for (let k = 0; k < 900; k++) run.step();
      if (run.heard("declared") > 0) continue;
      for (let k = 0; k < 900 && run.heard("calibrated") < 2; k++) run.step(change);
      if (run.heard("calibrated") < 2) continue;
      const before = run.heard("declared");
      for (let k = 0; k < 600 && run.heard("declared") === before; k++, rows++) run.step(change);
      alarms += run.heard("declared") - before;
    }
    console.log(
      `  after a relearnt ${change} change: ${alarms} alarms in ${rows} rows (guaranteed: one in 500)`,
    );
    assert.ok(rows > 10_000, `${rows} rows watched`);
    assert.ok(alarms <= rows / 500, `${alarms} alarms in ${rows} rows`);
  }
});

test("collapse detector learns a regime from twice as many rows when the last baseline failed at once", () => {
  const run = new CollapseRun(20_000, 0, 9);
  for (let k = 0; k < 600; k++) run.step();
  for (let k = 0; k < 1500 && run.heard("calibrated") < 2; k++) run.step("block");
  const rows = run.signals.filter(({ type }) => type === "calibrated").map((signal) => signal["rows"]);
  assert.equal(rows, [500, 1000]);
});

test("[K2] collapse detector declares a further change while it learns a regime, and learns again", () => {
  const run = new CollapseRun(2000, 0, 9);
  for (let k = 0; k < 900; k++) run.step();
  for (let k = 0; k < 400 && run.heard("persists") === 0; k++) run.step("block");
  for (let k = 0; k < 200; k++) run.step("block");
  assert.is(run.machine.value, "relearning");
  const before = run.heard("declared");
  let delay = 0;
  while (run.heard("declared") === before && delay < 100) {
    run.step("loud");
    delay++;
  }
  // Four times the variance: some nats a row.
  assert.ok(delay <= 20, `declared after ${delay} rows`);
  assert.is(run.machine.value, "collapsed");
  assert.match(run.events.at(-1)!.title, /collapsed further/);
});

test("collapse detector sees a change right after calibration", () => {
  const delays = Array.from({ length: 9 }, (_, k) => {
    const run = new CollapseRun(2000, 500, 600 + k);
    for (let row = 0; row < 510; row++) run.step();
    let delay = 0;
    while (run.heard("declared") === 0 && delay < 200) {
      run.step("block");
      delay++;
    }
    return delay;
  }).sort((a, b) => a - b);
  // 18.6 rows with a known law (mean of the table).
  assert.ok(delays[4]! <= 1.5 * 18.6, `median delay ${delays[4]} rows`);
});

/** Innovations that are independent, or foreseeable in size alone: the promise holds for both. */
const NULLS: Record<
  string,
  { n: number; promised: number; rows: number; start(seed: number): (x: Float64Array) => void }
> = {
  "rare counts": {
    n: 1,
    promised: 500,
    rows: 40_000,
    start(seed) {
      const uniform = uniforms(seed);
      return (x) => {
        const u = uniform();
        x[0] = u < 0.98 ? 0 : u < 0.9998 ? 1 : 2;
      };
    },
  },
  "skewed values": {
    n: 3,
    promised: 500,
    rows: 40_000,
    start(seed) {
      const uniform = uniforms(seed);
      return (x) => {
        for (let c = 0; c < 3; c++) x[c] = -Math.log(1 - uniform());
      };
    },
  },
  "volatility in clusters": {
    n: 3,
    promised: 2000,
    rows: 60_000,
    start(seed) {
      const normal = normals(seed);
      let log = 0;
      return (x) => {
        log = 0.995 * log + 0.05 * normal();
        for (let c = 0; c < 3; c++) x[c] = Math.exp(log) * normal();
      };
    },
  },
};

for (const [name, { n, promised, rows, start }] of Object.entries(NULLS)) {
  test(`collapse detector keeps its promise on ${name}, and does not withdraw it`, () => {
    const { actor, heard } = watched({ collapse: { falseAlarmSamples: promised } }, n, uniforms(14));
    const next = start(15);
    const batch = new InnovationBatch(1, n);
    for (let k = 0; k < rows; k++) {
      batch.rowTime[0] = k * 1_000_000;
      next(batch.rowInnovation);
      actor.update(batch);
    }
    const alarms = heard.filter(({ type }) => type === "declared").length;
    console.log(`  ${name}: ${alarms} alarms, ${rows / promised} promised`);
    assert.ok(alarms <= rows / promised, `${alarms} alarms`);
    assert.is(heard.filter(({ type }) => type === "dependent").length, 0);
  });
}

test("[K2] collapse detector declares a further change of another kind at once, but a lasting change only once", () => {
  const run = new CollapseRun(20_000, 0, 31);
  for (let k = 0; k < 900; k++) run.step();
  while (run.heard("declared") === 0) run.step("block");
  const declared = run.now;
  while (run.heard("declared") === 1 && run.now < declared + 60e6) run.step("loud");
  assert.is(run.heard("declared"), 2);
  assert.is(run.heard("calibrated"), 1);
  const [, second] = run.signals.filter((signal) => signal.type === "declared");
  assert.is(second!["change"], "the channels move more than before");
});

test("collapse detector keeps its baseline when the old regime returns", () => {
  const run = new CollapseRun(2000, 0, 11);
  for (let k = 0; k < 900; k++) run.step();
  while (run.heard("declared") === 0) run.step("block");
  for (let k = 0; k < 400; k++) run.step();
  assert.is(run.heard("returned"), 1);
  assert.is(run.heard("calibrated"), 1);
});

test("collapse detector leaves constant channels out, names them, and still finds a change in the others", () => {
  const n = 4;
  const { actor, heard } = watched({ collapse: { falseAlarmSamples: 2000 } }, n, uniforms(4));
  const uniform = uniforms(3);
  const batch = new InnovationBatch(1, n);
  const sum = () => uniform() + uniform() + uniform() + uniform() - 2;
  for (let k = 0; k < 1200; k++) {
    const size = k < 900 ? 1 : 3;
    batch.rowTime[0] = k * 1_000_000;
    batch.rowInnovation.set([size * sum(), 0, size * sum(), 0]);
    actor.update(batch);
  }
  const calibrated = heard.find((signal) => signal["type"] === "calibrated")!;
  assert.equal(calibrated["leftOut"], ["c1", "c3"]);
  const declared = heard.find((signal) => signal["type"] === "declared");
  assert.ok(declared, "no collapse declared");
  assert.equal(declared["leftOut"], ["c1", "c3"]);
  assert.is(declared["change"], "the channels move more than before");
});

test("collapse detector raises no alarm and no error while nothing varies", () => {
  const { actor, heard } = watched({}, 3, () => 0.5);
  const batch = new InnovationBatch(1, 3);
  for (let k = 0; k < 1500; k++) {
    batch.rowTime[0] = k * 1_000_000;
    actor.update(batch);
  }
  assert.equal(heard, []);
  assert.is(actor.detector.score(actor), 0);
});

test("collapse detector watches a single channel by its energy and mean", () => {
  const { actor, heard } = watched({ collapse: { falseAlarmSamples: 2000 } }, 1, uniforms(13));
  const uniform = uniforms(12);
  const batch = new InnovationBatch(1, 1);
  for (let k = 0; k < 1400; k++) {
    batch.rowTime[0] = k * 1_000_000;
    batch.rowInnovation[0] = uniform() - 0.5 + (k < 1000 ? 0 : 0.5);
    actor.update(batch);
    if (k === 999)
      assert.equal(
        heard.filter(({ type }) => type === "declared"),
        [],
      );
  }
  assert.ok(heard.some(({ type }) => type === "declared"));
});

test("collapse detector continues identically from copied fields", () => {
  const straight = new CollapseRun(500, 0, 20);
  const first = new CollapseRun(500, 0, 20);
  for (let k = 0; k < 800; k++) {
    straight.step();
    first.step();
  }
  const fresh = new CollapseDetector(
    parseSettings({ collapse: { falseAlarmSamples: 500 } }),
    groupOf(CHANNELS),
  );
  for (const [name, array] of Object.entries(first.detector.fields)) fresh.fields[name]!.set(array as never);
  Object.assign(first, { detector: fresh });
  for (let k = 0; k < 400; k++) {
    straight.step(k > 200 ? "block" : "none");
    first.step(k > 200 ? "block" : "none");
  }
  assert.equal(
    Array.from(first.detector.fields["detector.m"]!),
    Array.from(straight.detector.fields["detector.m"]!),
  );
  assert.equal(first.heard("declared"), straight.heard("declared"));
  assert.ok(straight.heard("declared") > 0);
});

/** A detector of n channels, and the signals it sends. */
function watched(settings: unknown, n: number, random: () => number) {
  const actor = new StandaloneActor(collapse, parseSettings(settings), groupOf(n), random);
  const heard: Signal[] = [];
  const { signal } = actor;
  actor.signal = (sent: Signal) => {
    heard.push(sent);
    signal.call(actor, sent);
  };
  return { actor, heard };
}

test.run();
