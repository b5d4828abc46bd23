// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { WEIGHTS } from "../../actors/detectors/collapse/bets.ts";
import { EMixture } from "../../actors/detectors/e-mixture.ts";
import { EDetector } from "../../actors/kernels/e-detector.ts";
import { uniforms } from "../support/random-streams.ts";

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

test.run();
