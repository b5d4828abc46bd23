// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { EMixture } from "../../actors/detectors/e-mixture.ts";
import { uniforms } from "../support/random-streams.ts";

const WEIGHTS = Float64Array.of(0.5, 0.3, 0.2);

for (const statistic of ["sr", "cusum"] as const) {
  test(`a mixture (${statistic}) is the same after a reset as a new one`, () => {
    const used = new EMixture(WEIGHTS, statistic);
    const uniform = uniforms(1);
    for (let k = 0; k < 50; k++) used.update(Float64Array.from(WEIGHTS, () => 2 * uniform()));
    used.reset();
    const fresh = new EMixture(WEIGHTS, statistic);
    assert.equal(used.fields, fresh.fields);
    assert.is(used.logEvidence, Number.NEGATIVE_INFINITY);
    // The evidence is large from the first row: no row without evidence lies before it.
    for (let k = 0; k < 5; k++) {
      for (const mixture of [used, fresh]) mixture.update(Float64Array.of(3, 2, 4));
      assert.is(used.evidence, fresh.evidence);
      for (const member of [0, 1, 2]) assert.is(used.onsetOf(member), 0);
    }
  });
}

test("the leader is the member with the most weighted evidence, the first of equals", () => {
  const mixture = new EMixture(WEIGHTS, "sr");
  mixture.update(Float64Array.of(1, 1, 1));
  assert.is(mixture.leader(), 0);
  mixture.update(Float64Array.of(1, 10, 1));
  assert.is(mixture.leader(), 1);
  mixture.update(Float64Array.of(0, 0, 1));
  assert.is(mixture.leader(), 2);
  mixture.update(Float64Array.of(0, 0, 0));
  assert.is(mixture.leader(), 0);
});

test("the onset of a member is the last row at which it had no evidence", () => {
  const mixture = new EMixture(WEIGHTS, "cusum");
  for (const e of [0.5, 0.5, 2, 2]) mixture.update(Float64Array.of(e, 0.1, 1));
  assert.equal(
    [0, 1, 2].map((member) => mixture.onsetOf(member)),
    [2, 4, 4],
  );
  assert.is(mixture.steps, 4);
});

test.run();
