// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as v from "valibot";
import { StandaloneActor } from "../../actors/core/standalone-actor.ts";
import { type EstimatorDetector, estimator } from "../../actors/detectors/estimator/detector.ts";
import type { StateMessage } from "../../protocol/messages.ts";
import { state as stateSchema } from "../../protocol/schemas.ts";
import { parseSettings } from "../../protocol/settings.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { normals, uniforms } from "../support/random-streams.ts";
import { frameOf, groupOf, InnovationBatch } from "../support/rows.ts";

type Estimator = StandaloneActor<EstimatorDetector>;

function given(settings: unknown, n: number): Estimator {
  return new StandaloneActor(estimator, parseSettings(settings), groupOf(n), () => 0.5);
}

/** Rows of innovations with the given correlation to one common factor. */
function run(
  actor: Estimator,
  n: number,
  rows: number,
  loading: number,
  seed: number,
  each?: (k: number) => void,
) {
  const z = normals(seed);
  const batch = new InnovationBatch(1, n);
  for (let k = 0; k < rows; k++) {
    const common = z();
    for (let c = 0; c < n; c++) {
      batch.rowInnovation[c] = Math.sqrt(loading) * common + Math.sqrt(1 - loading) * z();
    }
    batch.rowTime[0] = k * 1_000_000;
    actor.update(batch);
    each?.(k);
  }
}

function published(actor: Estimator): Omit<StateMessage, "type"> {
  actor.now = 1e12;
  return actor.publish() as Omit<StateMessage, "type">;
}

test("estimator publishes a valid state that reports its uncertainty", () => {
  const n = 5;
  const actor = given({}, n);
  run(actor, n, 400, 0.5, 1);
  const body = published(actor);
  v.parse(stateSchema, body);
  assert.is(body.source, "estimated");
  assert.is(body.reading, "single-excitation");
  assert.is(body.re.byteLength, 4 * n * n);
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(sum(body.populations) - 1) < 1e-12);
  assert.ok(Math.abs(sum(body.spectrum) - 1) < 1e-12);
  assert.ok(Math.abs(sum(body.pointer) - 1) < 1e-12);
  const { measures } = body;
  for (const name of [
    "purity",
    "purityCorrected",
    "cohL1",
    "cohL1Norm",
    "cohRel",
    "entropy",
    "effRank",
    "lambdaMax",
    "visibility",
    "kappa",
    "nEff",
    "significantPairs",
    "groupDelaySeconds",
  ]) {
    assert.type(measures[name], "number", name);
  }
  assert.ok(Math.abs(measures["kappa"]! * measures["nEff"]! - 1) < 1e-12);
});

test("estimator reports a common factor as significant, but not independent channels", () => {
  const n = 6;
  const together = given({}, n);
  run(together, n, 1000, 0.6, 2);
  assert.ok(published(together).significant);
  assert.is(published(together), null, "nothing new to publish");
  let significant = 0;
  for (let seed = 0; seed < 20; seed++) {
    const alone = given({}, n);
    run(alone, n, 600, 0, 100 + seed);
    if (published(alone).significant) significant++;
  }
  // 5 % expected; 5 of 20 has a chance of 0.3 %.
  assert.ok(significant < 5, `${significant} of 20 null runs significant`);
});

test("estimator's κ of rows equals the mean squared coherence of independent channels", () => {
  const n = 4;
  const actor = given({ estimator: { memoryRows: 64, norm: "power" } }, n);
  let measured = 0;
  let kappa = 0;
  let looks = 0;
  run(actor, n, 40_000, 0, 3, (k) => {
    if (k < 1000 || k % 10 !== 0) return;
    const { re, im } = actor.detector.density;
    for (let i = 1; i < n; i++) {
      for (let j = 0; j < i; j++) {
        measured += (re[i * n + j]! ** 2 + im[i * n + j]! ** 2) / (re[i * n + i]! * re[j * n + j]!);
        kappa += 2 * actor.detector.density.kappa;
        looks++;
      }
    }
  });
  assert.ok(Math.abs(measured / kappa - 1) < 0.1, `measured ${measured / looks}, reported ${kappa / looks}`);
});

test("estimator's corrected purity of independent channels is 1/n", () => {
  const n = 8;
  const actor = given({}, n);
  let sum = 0;
  let looks = 0;
  run(actor, n, 12_000, 0, 4, (k) => {
    if (k < 1000 || k % 200 !== 0) return;
    sum += actor.detector.measures(actor)!["purityCorrected"]!;
    looks++;
  });
  assert.ok(Math.abs(sum / looks - 1 / n) < 0.01, `${sum / looks}`);
});

test("estimator gives a leading channel a positive phase", () => {
  const n = 2;
  const actor = given({}, n);
  const batch = new InnovationBatch(1, n);
  const z = normals(5);
  const omega = 0.25 * Math.PI;
  for (let k = 0; k < 4000; k++) {
    batch.rowTime[0] = k * 1_000_000;
    batch.rowInnovation.set([Math.cos(omega * k) + 0.1 * z(), Math.cos(omega * (k - 1)) + 0.1 * z()]);
    actor.update(batch);
  }
  const phase = Math.atan2(actor.detector.density.im[1]!, actor.detector.density.re[1]!);
  assert.ok(Math.abs(phase - omega) < 0.05, `phase ${phase}; expected ${omega}`);
});

test("[C2] estimator announces that coherence is known, lost and regained, once each", () => {
  const n = 6;
  const actor = new ActorHarness(estimator, {}, groupOf(n));
  const z = normals(7);
  const x = new Float64Array(n);
  for (let k = 0; k < 9000; k++) {
    const loading = k >= 3000 && k < 6000 ? 0 : 0.6;
    const common = z();
    for (let c = 0; c < n; c++) x[c] = x[c]! + Math.sqrt(loading) * common + Math.sqrt(1 - loading) * z();
    actor.rows([x.slice()], () => k * 1_000_000);
  }
  assert.equal(actor.kinds(), ["coherence.warmed", "coherence.lost", "coherence.regained"]);
  const [, lost, regained] = actor.events;
  assert.ok(lost!.timeUs > 3e9 && lost!.timeUs < 3.4e9, `lost at row ${lost!.timeUs / 1e6}`);
  assert.ok(regained!.timeUs > 6e9 && regained!.timeUs < 6.5e9, `regained at row ${regained!.timeUs / 1e6}`);
});

/** Channels, and the least time between two states of as many, µs: a spectrum takes n³. */
const RESTS: [n: number, restUs: number][] = [
  [32, 0],
  [33, 100_000],
  [64, 100_000],
  [65, 500_000],
];

for (const [n, restUs] of RESTS)
  test(`estimator of ${n} channels publishes at most one state in ${restUs / 1000} ms`, () => {
    const actor = given({}, n);
    const publishesAt = (timeUs: number): boolean => {
      run(actor, n, 5, 0.5, timeUs);
      actor.now = timeUs;
      return actor.publish() !== null;
    };
    assert.ok(publishesAt(1_000_000));
    if (restUs > 0) assert.not(publishesAt(1_000_000 + restUs - 1));
    assert.ok(publishesAt(1_000_000 + restUs));
    if (restUs > 0) assert.not(publishesAt(1_000_000 + 2 * restUs - 1), "counted from the last state");
  });

test("estimator resets its filters after a gap and keeps the state", () => {
  const n = 3;
  const actor = given({}, n);
  run(actor, n, 300, 0.5, 8);
  const before = actor.detector.density.count;
  const batch = new InnovationBatch(1, n);
  batch.gap[0] = 1;
  batch.rowInnovation.fill(Number.NaN);
  actor.update(batch);
  assert.is(actor.detector.density.count, before);
  assert.ok(actor.detector.fields["signal.filter.history"]!.every((x) => x === 0));
});

test("estimator of ticks chooses a period with enough synchrony for the slowest pair", () => {
  const group = groupOf(3, { sampling: "ticks" });
  const actor = new ActorHarness(estimator, { estimator: { memoryRows: 16 } }, group);
  feedTicks(actor, [1, 0.5, 0.3], 4000, 9);
  const { measures } = actor.publish(1e13) as StateMessage;
  assert.ok(Math.abs(measures["omega0"]! - 0.15) < 0.06, `ω₀ ${measures["omega0"]}`);
  assert.ok(measures["syncMin"]! > 0.7, `least synchrony ${measures["syncMin"]}`);
  assert.ok(Math.abs(measures["groupDelaySeconds"]! - (2 * 4) / measures["omega0"]!) < 1e-9);
  assert.ok(measures["visibility"]! > 0.5, `visibility ${measures["visibility"]}`);
});

test("estimator of ticks uses the period of its settings", () => {
  const group = groupOf(2, { sampling: "ticks" });
  const actor = new ActorHarness(estimator, { estimator: { periodSeconds: 20, memoryRows: 16 } }, group);
  feedTicks(actor, [2, 1], 2000, 10);
  const { measures } = actor.publish(1e13) as StateMessage;
  assert.ok(Math.abs(measures["periodSeconds"]! - 20) < 1e-9);
  assert.ok(actor.kinds().includes("coherence.warmed"));
});

test("estimator of ticks finishes every tick with extreme settings of period and quality", () => {
  for (const settings of [{ quality: 1e-14, periodSeconds: 1 }, { periodSeconds: 1e-15 }]) {
    const actor = new ActorHarness(estimator, { estimator: settings }, groupOf(2, { sampling: "ticks" }));
    const start = 1.7e15;
    for (let k = 0; k < 500; k++)
      actor.feed(
        frameOf([
          [start + k * 20_000, 0, k % 7],
          [start + k * 20_000, 1, k % 5],
        ]),
      );
  }
});

/** Poisson ticks at the given rates on correlated Brownian prices (g = 0.8). */
function feedTicks(actor: ActorHarness, rates: number[], seconds: number, seed: number): void {
  const z = normals(seed);
  const uniform = uniforms(seed + 1);
  const price = new Float64Array(rates.length);
  const step = 0.05;
  for (let k = 0; k * step < seconds; k++) {
    const common = z();
    const ticks: [number, number, number][] = [];
    rates.forEach((rate, c) => {
      price[c] = price[c]! + Math.sqrt(step) * (Math.sqrt(0.8) * common + Math.sqrt(0.2) * z());
      if (uniform() < rate * step) ticks.push([Math.round(k * step * 1e6), c, price[c]!]);
    });
    if (ticks.length > 0) actor.feed(frameOf(ticks));
  }
}

test("estimator continues identically from copied fields", () => {
  for (const sampling of ["rows", "ticks"] as const) {
    const group = groupOf(3, { sampling });
    const settings = { estimator: { memoryRows: 8 } };
    const straight = new ActorHarness(estimator, settings, group);
    const second = new ActorHarness(estimator, settings, group);
    feedTicks(straight, [2, 1, 1], 300, 11);
    feedTicks(second, [2, 1, 1], 300, 11);
    const copy = estimator.createDetector(parseSettings(settings), group);
    for (const [name, array] of Object.entries(second.detector.fields))
      copy.fields[name]!.set(array as never);
    Object.assign(second, { detector: copy });
    // The second half needs later times.
    straight.feed(
      frameOf(Array.from({ length: 60 }, (_, k) => [400e6 + k * 3e5, k % 3, Math.sin(k)] as const)),
    );
    second.feed(
      frameOf(Array.from({ length: 60 }, (_, k) => [400e6 + k * 3e5, k % 3, Math.sin(k)] as const)),
    );
    for (const name of Object.keys(straight.detector.fields)) {
      assert.equal(
        Array.from(second.detector.fields[name]!),
        Array.from(straight.detector.fields[name]!),
        `${sampling} ${name}`,
      );
    }
  }
});

test.run();
