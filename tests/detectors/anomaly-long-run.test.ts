// runtime: node
/** In the long run a channel has as many anomalies as promised, whatever its law: each makes the next one dearer. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { anomaly } from "../../actors/detectors/anomaly/detector.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { normals, uniforms } from "../support/random-streams.ts";
import { groupOf } from "../support/rows.ts";

/** The rows at which anomalies of one channel are announced, with so many rows between promised ones. */
function startsOf(falseAlarmSamples: number, rows: number, value: (k: number) => number): number[] {
  const actor = new ActorHarness(anomaly, { anomaly: { falseAlarmSamples } }, groupOf(1));
  for (let k = 0; k < rows; k++) actor.rows([[value(k)]], () => k * 1_000_000);
  return actor.events.filter(({ kind }) => kind === "anomaly.started").map(({ timeUs }) => timeUs / 1e6);
}

function poisson(u: () => number, mean: number): number {
  let k = 0;
  for (let product = u(); product > Math.exp(-mean); product *= u()) k++;
  return k;
}

for (const mean of [0.02, 0.2])
  test(`counts of mean ${mean}, which are equal again and again, come to the promised rate`, () => {
    const u = uniforms(31);
    const between = 20_000;
    const rows = 30 * between;
    const late = startsOf(between, rows, () => poisson(u, mean)).filter((row) => row >= rows / 2);
    console.log(`  mean ${mean}: ${late.length} where 15 are promised`);
    assert.ok(
      late.length <= 15 + 3 * Math.sqrt(15),
      `${late.length} anomalies in the later half, 15 promised`,
    );
  });

const FIRST_DAYS: Record<string, (z: () => number, u: () => number) => number> = {
  "Student's t3": (z) => z() / Math.sqrt((z() ** 2 + z() ** 2 + z() ** 2) / 3),
  lognormal: (z) => Math.exp(z()),
  "counts of mean 0.02": (_z, u) => poisson(u, 0.02),
  "counts of mean 0.2": (_z, u) => poisson(u, 0.2),
};

for (const [name, law] of Object.entries(FIRST_DAYS))
  test(`in the time of the first three promised anomalies, too, no more are told than promised: ${name}`, () => {
    const [runs, between, spans] = [16, 20_000, 3];
    let told = 0;
    for (let run = 0; run < runs; run++) {
      const z = normals(100 + run);
      const u = uniforms(200 + run);
      told += startsOf(between, spans * between, () => law(z, u)).length;
    }
    console.log(`  ${name}: ${told} where ${runs * spans} are promised`);
    assert.ok(told <= runs * spans, `${told} anomalies, ${runs * spans} promised`);
  });

test("of a channel with a record every hundred rows hardly any is told, and one that is far larger is told all the same", () => {
  const z = normals(32);
  const SPIKES = 30;
  const from = 5000;
  // Each is higher than the one before by as much as that was above the noise: it would be a record every time.
  const spike = (k: number) => (k >= from && (k - from) % 100 === 0 ? 12 * 1.1 ** ((k - from) / 100) : 0);
  const last = from + 100 * SPIKES;
  const starts = startsOf(2000, last + 200, (k) => z() + (k < last ? spike(k) : k === last ? 1e6 : 0));
  const before = starts.filter((row) => row >= from && row < last).length;
  console.log(`  ${before} of ${SPIKES} told`);
  assert.ok(before >= 1 && before <= SPIKES / 3, `${before} of ${SPIKES} told`);
  assert.ok(starts.includes(last), `the far larger one is at ${last}, told: ${starts.join()}`);
});

test.run();
