// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createScorer, type DetectorName } from "../../actors/filters/scorer.ts";
import { MAX_GROUP_CHANNELS } from "../../protocol/limits.ts";
import { normals } from "../support/random-streams.ts";

const MINUTE = 60_000_000;

function walk(columns: number, rows: number, seed: number): number[][] {
  const z = normals(seed);
  return Array.from({ length: rows }, () => Array.from({ length: columns }, () => z()));
}

test("anomaly scorer gives every row a score in [0, 1) and a spike the highest", () => {
  const scorer = createScorer("anomaly", ["a", "b"]);
  assert.equal(scorer.fields, ["anomaly_score", "alarm", "channel"]);
  const rows = walk(2, 2000, 1);
  rows[1500]![1] = 15;
  const scores = rows.map((row, k) => scorer.row(k * MINUTE, row)["anomaly_score"]!);
  assert.is(scores.length, 2000);
  assert.ok(scores.every((score) => score >= 0 && score < 1));
  assert.ok(
    scores.slice(0, 60).every((score) => score === 0),
    "warm-up scores 0",
  );
  assert.is(scores.indexOf(Math.max(...scores)), 1500);
});

test("anomaly scorer says from when to when something unusual goes on, and in which column", () => {
  const scorer = createScorer("anomaly", ["a", "b", "c"]);
  const rows = walk(3, 1200, 3).map((row, k) =>
    k >= 1000 && k < 1020 ? [row[0]!, row[1]! + 15, row[2]!] : row,
  );
  const alarms = rows.map((row, k) => {
    const { alarm, channel } = scorer.row(k * MINUTE, row);
    assert.is(channel === null, alarm === 0);
    return alarm === 1 ? channel : null;
  });
  assert.is(alarms[1000], 1, "column b");
  assert.ok(alarms.slice(0, 1000).filter((channel) => channel !== null).length < 50);
  assert.is(alarms[1199], null);
});

test("anomaly scorer repeats the last score for a row without values", () => {
  const scorer = createScorer("anomaly", ["a"]);
  for (let k = 0; k < 200; k++) scorer.row(k * MINUTE, [Math.sin(k * k)]);
  const before = scorer.row(200 * MINUTE, [50])["anomaly_score"]!;
  assert.ok(before > 0);
  assert.is(scorer.row(201 * MINUTE, [Number.NaN])["anomaly_score"], before);
});

test("collapse scorer reports when a change was declared and when it began", () => {
  const scorer = createScorer("collapse", ["a", "b", "c", "d"], {
    innovation: "difference",
    settings: { collapse: { falseAlarmSamples: 2000 } },
  });
  const z = normals(5);
  const level = [0, 0, 0, 0];
  let declared = 0;
  for (let k = 0; k < 1200; k++) {
    const size = k < 900 ? 1 : 4;
    const row = level.map((_, c) => (level[c] = level[c]! + size * z()));
    const out = scorer.row(k * MINUTE, row);
    const score = out["collapse_score"]!;
    assert.ok(score >= 0 && score <= 1);
    if (out["declared_at"] !== null && declared === 0) {
      declared = k;
      assert.is(out["declared_at"], k * MINUTE);
      assert.ok(out["changed_at"]! <= k * MINUTE);
      assert.is(score, 1);
    }
  }
  assert.ok(declared >= 900 && declared < 960, `declared at row ${declared}`);
});

test("collapse scorer finds a shift in a short series and stays quiet before it", () => {
  let early = 0;
  let found = 0;
  for (let seed = 0; seed < 60; seed++) {
    const scorer = createScorer("collapse", ["a"], { innovation: "difference" });
    const z = normals(50 + seed);
    let level = 0;
    for (let k = 0; k < 160; k++) {
      level += z() + (k < 100 ? 0 : 2);
      const { declared_at } = scorer.row(k * 365 * 1440 * MINUTE, [level]);
      if (declared_at === null || k === 0) continue;
      if (k < 100) early++;
      else found++;
      break;
    }
  }
  assert.ok(early <= 12 && found >= 42, `${found} found, ${early} early`);
});

test("coherence scorer gives the measures of each row", () => {
  const scorer = createScorer("coherence", ["a", "b", "c"]);
  const z = normals(3);
  const level = [0, 0, 0];
  let last: Record<string, number | null> = {};
  for (let k = 0; k < 600; k++) {
    const common = z();
    const row = level.map((_, c) => (level[c] = level[c]! + common + 0.3 * z()));
    last = { ...scorer.row(k * MINUTE, row) };
    assert.equal(Object.keys(last), [...scorer.fields]);
  }
  assert.ok(last["visibility"]! > 0.7);
  assert.ok(last["purityCorrected"]! > 0.5);
  assert.ok(last["effRank"]! > 1 && last["effRank"]! <= 3);
});

test("coherence scorer rejects a single column", () => {
  assert.throws(() => createScorer("coherence", ["a"]), /at least two/);
});

for (const detector of ["anomaly", "collapse", "changes", "coherence"] as DetectorName[]) {
  test(`${detector} scorer takes as many columns as it can score, and refuses more`, () => {
    const most = detector === "coherence" ? MAX_GROUP_CHANNELS : 1_024;
    const names = Array.from({ length: most + 1 }, (_, k) => `c${k}`);
    createScorer(detector, names.slice(1));
    assert.throws(
      () => createScorer(detector, names),
      new RegExp(`: ${most + 1} columns; expected at most ${most}$`),
    );
  });

  test(`${detector} scorer does not look ahead`, () => {
    const rows = walk(3, 700, 4);
    const one = createScorer(detector, ["a", "b", "c"]);
    const two = createScorer(detector, ["a", "b", "c"]);
    for (let k = 0; k < 700; k++) {
      const straight = { ...one.row(k * MINUTE, rows[k]!) };
      const other = { ...two.row(k * MINUTE, k < 650 ? rows[k]! : [9, -9, 9]) };
      if (k < 650) assert.equal(other, straight);
    }
  });
}

test.run();
