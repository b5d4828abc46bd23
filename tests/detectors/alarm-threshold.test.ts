// runtime: either
import ln from "@stdlib/math-base-special-ln";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AlarmRate } from "../../actors/detectors/collapse/alarm-rate.ts";
import { AlarmThreshold } from "../../actors/detectors/collapse/alarm-threshold.ts";
import { failed, relearningRows } from "../../actors/detectors/collapse/learning-rows.ts";
import { uniforms } from "../support/random-streams.ts";

test("each alarm raises the threshold by more, without limit, and A rows undo a first alarm", () => {
  const threshold = new AlarmThreshold();
  threshold.promise(500);
  let [before, step] = [0, 0];
  for (let k = 0; k < 20; k++) {
    threshold.alarm("holds");
    const raised = threshold.raised("holds");
    assert.ok(raised - before >= Math.max(2, step), `alarm ${k}`);
    [before, step] = [raised, raised - before];
  }
  for (let row = 0; row < 500; row++) threshold.row(0, "holds");
  assert.ok(Math.abs(before - threshold.raised("holds") - 2) < 1e-9);
  const once = new AlarmThreshold();
  once.promise(500);
  once.alarm("holds");
  for (let row = 0; row < 501; row++) once.row(0, "holds");
  assert.is(once.raised("holds"), 0);
});

test("with a void guarantee the past is exceeded about once in A rows", () => {
  // Evidence of mean 6 nats that changes every 16 rows; ln A alone would be exceeded in a quarter of the time.
  for (const promised of [2000, 20_000]) {
    const threshold = new AlarmThreshold();
    threshold.promise(promised);
    const uniform = uniforms(3);
    const rows = 100 * promised;
    let [evidence, above, exceeded, exceededLnA] = [0, false, 0, 0];
    for (let row = 0; row < rows; row++) {
      if (row % 16 === 0) {
        evidence = -6 * ln(1 - uniform());
        exceededLnA += evidence >= threshold.lnPromised ? 1 : 0;
        above = false;
      }
      threshold.row(evidence, "void");
      const level = threshold.lnPromised + threshold.raised("void");
      if (row > rows / 10 && evidence >= level && !above) {
        above = true;
        exceeded++;
      }
    }
    assert.ok(exceededLnA > 500, `ln A is exceeded ${exceededLnA} times`);
    assert.ok(exceeded >= 60 && exceeded <= 130, `A = ${promised}: ${exceeded} times in 90 promised`);
  }
});

test("the past counts only while the guarantee is void", () => {
  const threshold = new AlarmThreshold();
  threshold.promise(2000);
  for (let row = 0; row < 4096; row++) threshold.row(30, "holds");
  assert.is(threshold.raised("holds"), 0);
  assert.ok(threshold.raised("void") > 30 - threshold.lnPromised);
});

test("alarms at the promised rate are never found too many", () => {
  const uniform = uniforms(5);
  let found = 0;
  for (let run = 0; run < 20; run++) {
    const rate = new AlarmRate();
    for (let alarm = 0; alarm < 10; alarm++) {
      const wait = Math.ceil(-2000 * ln(1 - uniform()));
      for (let row = 0; row < wait; row++) rate.row();
      rate.alarm(2000);
      found += rate.times > 0 ? 1 : 0;
    }
  }
  // 200 promised alarms; a false finding once in at least 1,000.
  assert.ok(found <= 1, `${found} findings`);
});

test("four alarms at once are too many, and calm rows consume that evidence", () => {
  const rate = new AlarmRate();
  for (let alarm = 0; alarm < 4; alarm++) {
    rate.row();
    rate.alarm(2000);
    assert.is(rate.times, alarm < 3 ? 0 : 8);
  }
  assert.not(rate.calm(2000));
  // The bet on twice the rate has 2 + 4 + 8 + 16 at most, and loses e in A rows.
  for (let row = 0; row < 2000 * ln(30); row++) rate.row();
  assert.ok(rate.calm(2000));
});

test("a baseline that failed is learnt again from twice as many rows, up to 16 times", () => {
  assert.equal(
    [0, 1, 2, 3, 4, 5, 50].map((failures) => relearningRows(500, failures)),
    [500, 1000, 2000, 4000, 8000, 8000, 8000],
  );
  assert.ok(failed(40, 500));
  assert.not(failed(250, 500));
});

test("a rate of alarms is known to be as promised sooner or later when it is, and hardly ever when it is eight times as high", () => {
  const random = uniforms(3);
  const PROMISED = 500;
  const RUNS = 400;
  /** Runs of so many rows after which it counts as known. */
  const known = (times: number, rows: number) =>
    Array.from({ length: RUNS }, () => {
      const rate = new AlarmRate();
      for (let row = 0; row < rows && !rate.isKnown; row++) {
        rate.watched(PROMISED);
        if (random() < times / PROMISED) rate.alarm(PROMISED);
      }
      return rate.isKnown;
    }).filter((is) => is).length;
  assert.ok(known(1, 10 * PROMISED) > 0.95 * RUNS);
  // Wald: with probability at most 1/1000 for each alarm after which the count begins anew.
  assert.ok(known(8, 3 * PROMISED) <= 0.03 * RUNS);
});

test.run();
