// runtime: node
/** The promise of one view of one channel: in the long run, too, when the edges of its range return as fast as records move them. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { UsualRange } from "../../actors/detectors/anomaly/usual-range.ts";
import { normals, uniforms } from "../support/random-streams.ts";

/** A day of rows each second. */
const MEMORY = 86_400;
const VALUES = 20 * MEMORY;
/** Values after which an alarm is another one, as for the clusters of records. */
const APART = 64;

const LAWS: Record<string, (z: () => number, u: () => number) => number> = {
  normal: (z) => z(),
  "Student's t5": (z) => z() / Math.sqrt([0, 0, 0, 0, 0].reduce((sum) => sum + z() ** 2, 0) / 5),
  exponential: (_z, u) => -Math.log(1 - u()),
  "exponential, mirrored": (_z, u) => Math.log(1 - u()),
  lognormal: (z) => Math.exp(z()),
};

for (const [name, law] of Object.entries(LAWS))
  test(`independent values leave their range by much at most once in a memory: ${name}`, () => {
    const z = normals(11);
    const u = uniforms(12);
    const range = new UsualRange(1, 1);
    range.remember(MEMORY);
    const value = new Float64Array(1);
    const novelty = new Float64Array(1);
    const news = new Uint8Array(1);
    const fresh = Uint8Array.of(1);
    const threshold = Math.log(MEMORY);
    let alarms = 0;
    let last = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < VALUES; k++) {
      value[0] = law(z, u);
      range.see(0, 1, fresh, 0, value, novelty, news, 1);
      // Young ranges are held back by the detector's warm-up and ramp.
      if (k < 1000 || !(novelty[0]! > 0) || range.evidence(0, novelty[0]!) < threshold) continue;
      if (k - last > APART) alarms++;
      last = k;
    }
    const promised = VALUES / MEMORY;
    console.log(`  ${name}: ${alarms} of ${promised} promised`);
    // Three standard deviations of a Poisson number.
    assert.ok(alarms <= promised + 3 * Math.sqrt(promised), `${alarms} alarms, ${promised} promised`);
  });

test.run();
