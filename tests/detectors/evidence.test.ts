import * as fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ConformalViews } from "../../actors/detectors/anomaly/conformal-views.ts";
import { EvidenceScale } from "../../actors/detectors/anomaly/evidence-scale.ts";
import { WEIGHTS } from "../../actors/detectors/collapse/bets.ts";
import { EMixture } from "../../actors/detectors/collapse/e-mixture.ts";
import { EDetector } from "../../actors/kernels/e-detector.ts";
import { normals, uniforms } from "../support/random-streams.ts";

for (const statistic of ["sr", "cusum"] as const) {
  test(`mixture of e-detectors (${statistic}) agrees with the logarithmic kernel`, () => {
    const fast = new EMixture(WEIGHTS, statistic);
    const slow = new EDetector(WEIGHTS, statistic);
    const uniform = uniforms(1);
    const e = new Float64Array(WEIGHTS.length);
    for (let step = 0; step < 3000; step++) {
      for (let m = 0; m < e.length; m++) e[m] = 0.2 + 1.6 * uniform();
      fast.update(e);
      slow.update(e.map((x) => Math.log(x)));
      const scale = Math.max(1, Math.abs(slow.logEvidence));
      assert.ok(Math.abs(fast.logEvidence - slow.logEvidence) < 1e-9 * scale, `step ${step}`);
      assert.is(fast.onsetOf(fast.leader()), slow.onsetOf(slow.leader()));
    }
  });
}

/** The rank by counting; values in the same bin are ties. */
function rankSlow(history: readonly number[], s: number, window: number): number {
  const recent = history.slice(-window);
  const bin = (x: number) => Math.floor(8 * Math.log2(Math.max(x, 2 ** -6)));
  return recent.filter((x) => bin(x) > bin(s)).length;
}

test("conformal views rank a large statistic as counting does", () => {
  const views = new ConformalViews(1, 128);
  const z = normals(2);
  const history: number[] = [];
  for (let k = 0; k < 1000; k++) {
    const s = Math.abs(z());
    const evidence = evidenceOf(views, s);
    const above = rankSlow(history, s, 128);
    const filled = Math.min(k, 128);
    // At most as much evidence as a strict rank gives; a record has at least ln(N+1).
    if (evidence > 0 && above > 0)
      assert.ok(evidence <= Math.log((filled + 1) / (above + 1)) + 1e-12, `row ${k}`);
    if (k > 0 && history.slice(-128).every((x) => x * 1.2 < s) && s > 1)
      assert.ok(evidence >= Math.log(filled + 1) - 1e-12);
    history.push(s);
  }
});

test("conformal views exceed evidence ln(1/p) with probability at most p on exchangeable scores", () => {
  const views = new ConformalViews(1, 512);
  const z = normals(3);
  const counts = [0, 0, 0];
  const rows = 60_000;
  for (let k = 0; k < rows + 512; k++) {
    const evidence = evidenceOf(views, Math.abs(z()));
    if (k < 512) continue;
    [0.05, 0.01, 0.004].forEach((p, i) => {
      if (evidence >= Math.log(1 / p)) counts[i] = counts[i]! + 1;
    });
  }
  [0.05, 0.01, 0.004].forEach((p, i) => {
    assert.ok(counts[i]! / rows <= 1.1 * p, `p ${p}: realised ${counts[i]! / rows}`);
  });
});

test("conformal views' evidence grows with the statistic", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 2000, noNaN: true }),
      fc.double({ min: 0, max: 2000, noNaN: true }),
      (a, b) => {
        const one = filled();
        const two = filled();
        const [low, high] = a < b ? [a, b] : [b, a];
        assert.ok(evidenceOf(one, low) <= evidenceOf(two, high) + 1e-12);
      },
    ),
  );
});

/** The evidence of a statistic in view 0. */
function evidenceOf(views: ConformalViews, statistic: number): number {
  const values = Float64Array.of(0, statistic);
  views.evidenceAt(0, values, 1);
  return values[1]!;
}

/** The calibrated evidence of stream 0. */
function calibrated(scale: EvidenceScale, evidence: number): number {
  const values = Float64Array.of(evidence);
  scale.calibrateAt(0, values);
  return values[0]!;
}

function filled(): ConformalViews {
  const views = new ConformalViews(1, 200);
  const z = normals(4);
  for (let k = 0; k < 300; k++) evidenceOf(views, Math.abs(z()));
  return views;
}

test("conformal views find a repeated extreme less and less surprising", () => {
  const views = filled();
  const first = evidenceOf(views, 20);
  const second = evidenceOf(views, 20);
  const third = evidenceOf(views, 20);
  assert.ok(first > second && second > third && third > 0);
});

test("evidence scale calibrates inflated evidence to its frequency", () => {
  const scale = new EvidenceScale(1);
  const uniform = uniforms(5);
  const rows = 40_000;
  let alarms = 0;
  for (let k = 0; k < rows; k++) {
    // Evidence that is three times too large.
    const found = calibrated(scale, -3 * Math.log(1 - uniform()));
    if (k > 4000 && found >= Math.log(500)) alarms++;
  }
  assert.ok(alarms <= (1.3 * rows) / 500, `${alarms} alarms`);
  assert.ok(alarms >= (0.5 * rows) / 500, `${alarms} alarms`);
});

test("evidence scale reports an extreme value without hiding the next one", () => {
  const scale = new EvidenceScale(1);
  const uniform = uniforms(6);
  for (let k = 0; k < 5000; k++) calibrated(scale, -Math.log(1 - uniform()));
  const first = calibrated(scale, 40);
  for (let k = 0; k < 100; k++) calibrated(scale, -Math.log(1 - uniform()));
  const second = calibrated(scale, 30);
  assert.ok(first > 15 && second > 12, `${first}, ${second}`);
});

test.run();
