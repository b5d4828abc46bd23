// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { collapse } from "../../actors/detectors/collapse/detector.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { normals } from "../support/random-streams.ts";
import { groupOf } from "../support/rows.ts";

type Innovation = "logReturn" | "difference" | "ar1";

/** The events of the collapse detector on rows of 3 values. */
function eventsOn(innovation: Innovation, rows: number, next: () => number[]) {
  const actor = new ActorHarness(collapse, {}, groupOf(3, { innovation }));
  for (let k = 0; k < rows; k++) actor.rows([next()], () => k * 1_000_000);
  return actor.events;
}

function noise(seed: number, level: number): () => number[] {
  const normal = normals(seed);
  return () => [level + normal(), level + normal(), level + normal()];
}

function walk(seed: number, level: number): () => number[] {
  const normal = normals(seed);
  const values = [level, level, level];
  return () => values.map((value, c) => (values[c] = value + 0.1 * normal()));
}

for (const innovation of ["difference", "logReturn"] as const) {
  test(`noise about a level is compared with its level although its group declares ${innovation}, and the promise holds`, () => {
    const events = eventsOn(innovation, 4000, noise(1, 100));
    const calibrated = events.find(({ kind }) => kind === "collapse.calibrated")!;
    assert.is(calibrated.detail?.["innovation"], "ar1");
    // Differences of independent values: −½.
    assert.ok(Math.abs((calibrated.detail?.["lag1"] as number) + 0.5) < 0.1);
    assert.match(calibrated.title, /because successive (differences|log returns) are correlated \(-0\./);
    assert.is(events.filter(({ kind }) => kind === "collapse.guarantee-void").length, 0);
  });

  test(`a walk keeps the ${innovation} that its group declares`, () => {
    const calibrated = eventsOn(innovation, 600, walk(2, 100)).find(
      ({ kind }) => kind === "collapse.calibrated",
    )!;
    assert.is(calibrated.detail?.["innovation"], innovation);
    assert.not.match(calibrated.title, /because/);
  });
}

test("a group that declares the AR(1) residual keeps it", () => {
  const calibrated = eventsOn("ar1", 600, noise(3, 5)).find(({ kind }) => kind === "collapse.calibrated")!;
  assert.is(calibrated.detail?.["innovation"], "ar1");
  assert.not.match(calibrated.title, /because/);
});

test.run();
