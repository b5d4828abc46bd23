// runtime: either
/** The score of the Numenta Anomaly Benchmark on files whose points are known. */

import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  bestThreshold,
  normalised,
  PROFILES,
  pointsAt,
  type Window,
  weigh,
} from "../../sim/bench/detect/nab-score.ts";

const ROWS = 1000;
const PROFILE = PROFILES.standard;

test("a detection in the first row of each window is worth 100, none is worth 0", () => {
  const windows: Window[] = [
    [300, 349],
    [700, 720],
  ];
  const file = weigh(scoresAt([300, 700]), windows);
  assert.ok(Math.abs(normalised([file], [pointsAt(file, PROFILE, 1)], PROFILE)! - 100) < 1e-9);
  assert.is(normalised([file], [pointsAt(file, PROFILE, 2)], PROFILE), 0);
});

test("a detection is worth less the later it is in its window, and costs more the later after it", () => {
  const worth = (row: number) => pointsAt(weigh(scoresAt([row]), [[300, 349]]), PROFILE, 1);
  const rows = [300, 320, 340, 349, 352, 400, 600];
  const points = rows.map(worth);
  assert.equal(
    points,
    [...points].sort((a, b) => b - a),
  );
  // 49 rows are a width: after three of them a false alarm costs all of fp, and the window is missed.
  assert.is(worth(349 + 3 * 49 + 1), -PROFILE.fn - PROFILE.fp);
  assert.is(worth(299), -PROFILE.fn - PROFILE.fp);
});

test("only the best detection of a window counts, and the first 15 % of the rows do not", () => {
  const window: Window[] = [[300, 349]];
  const one = pointsAt(weigh(scoresAt([305]), window), PROFILE, 1);
  near(pointsAt(weigh(scoresAt([305, 310, 349]), window), PROFILE, 1), one);
  near(pointsAt(weigh(scoresAt([0, 149, 305]), window), PROFILE, 1), one);
  near(pointsAt(weigh(scoresAt([150, 305]), window), PROFILE, 1), one - PROFILE.fp);
});

test("a window that ends before the first scored row is no miss", () => {
  assert.is(pointsAt(weigh(scoresAt([]), [[100, 120]]), PROFILE, 1), 0);
  assert.is(pointsAt(weigh(scoresAt([]), [[100, 150]]), PROFILE, 1), -1);
});

test("the best threshold has the most points of all, tried one by one", () => {
  const scores = fc.array(fc.nat(5), { minLength: 40, maxLength: 40 });
  fc.assert(
    fc.property(fc.array(scores, { minLength: 1, maxLength: 3 }), fc.nat(20), (all, first) => {
      const files = all.map((each) => weigh(each, [[first + 6, first + 12]]));
      const at = (threshold: number) =>
        files.reduce((sum, file) => sum + pointsAt(file, PROFILE, threshold), 0);
      const most = Math.max(...[0, 1, 2, 3, 4, 5, 6].map(at));
      assert.ok(Math.abs(at(bestThreshold(files, PROFILE)) - most) < 1e-9);
    }),
    { seed: 5, numRuns: 200 },
  );
});

/** Points are sums in the order of the rows. */
function near(value: number, expected: number): void {
  assert.ok(Math.abs(value - expected) < 1e-12, `${value}, expected ${expected}`);
}

function scoresAt(rows: readonly number[]): number[] {
  return Array.from({ length: ROWS }, (_, row) => (rows.includes(row) ? 1 : 0));
}

test.run();
