// runtime: either
/**
 * Server metrics: rhythm, noise, and each thing that happens, held against what is said of it; on one runtime, for the bits are the same on
 * each (contract.test.ts).
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { COMMON, PERSISTENCE, season } from "../../sim/worlds/metrics/metrics-world.ts";
import { autocorrelation, correlation, differences, mean, near, variance } from "./moments.ts";
import { createWorld, type Samples, START_US, samplesOf } from "./worlds.ts";

const DAY_US = 86_400e6;
/** The processor: level, swing, spread. */
const CPU = { level: 35, swing: 20, spread: 2 };

/** Four days of a world in which nothing happens. */
const quiet = samplesOf(createWorld("server-metrics", { strength: 0, durationUs: 4 * DAY_US, seed: 3 }));
const rows = quiet.value[0]!.length;

test("the daily season has two frequencies with their amplitudes, around the level", () => {
  const at = (perDay: number): number => {
    let cosine = 0;
    let sine = 0;
    for (const [k, value] of quiet.value[0]!.entries()) {
      const turn = (2 * Math.PI * perDay * (quiet.time[0]![k]! - START_US)) / DAY_US;
      cosine += value * Math.cos(turn);
      sine += value * Math.sin(turn);
    }
    return Math.hypot((2 * cosine) / rows, (2 * sine) / rows);
  };
  // Slow noise of AR(1): spectral density spread² (1 + φ)/(1 − φ) near frequency 0.
  const density = (CPU.spread ** 2 * (1 + PERSISTENCE)) / (1 - PERSISTENCE);
  const error = Math.sqrt((2 * density) / rows);
  near(at(1), 0.8 * CPU.swing, error, "once a day");
  near(at(2), 0.2 * CPU.swing, error, "twice a day");
  near(at(3), 0, 2 * error, "three times a day");
  near(mean(quiet.value[0]!), CPU.level, Math.sqrt(density / rows), "level");
});

test("noise is autocorrelated and partly shared, as documented", () => {
  const noise = [0, 1].map((k) =>
    quiet.value[k]!.map((value, row) => value - [35, 60][k]! - [20, 5][k]! * season(quiet.time[k]![row]!, k)),
  );
  const error = Math.sqrt((1 - PERSISTENCE ** 2) / rows);
  near(autocorrelation(noise[0]!, 1), PERSISTENCE, error + 4 / rows, "from row to row");
  const independent = (rows * (1 - PERSISTENCE ** 2)) / (1 + PERSISTENCE ** 2);
  near(variance(noise[0]!) / CPU.spread ** 2, 1, Math.sqrt(2 / independent), "variance");
  near(variance(noise[1]!) / 0.5 ** 2, 1, Math.sqrt(2 / independent), "variance of memory");
  near(correlation(noise[0]!, noise[1]!), COMMON, 1 / Math.sqrt(independent), "common part");
});

/** The world, the same one without what happens, the channel concerned, and its increments' spread by definition. */
function happening(name: string, seed = 5) {
  const loud = samplesOf(createWorld(name, { seed, strength: 2 }));
  const calm = samplesOf(createWorld(name, { seed, strength: 0 }));
  const truth = loud.truth[0]!;
  const channel = loud.names.indexOf(truth.channels[0]!);
  const spread = Math.sqrt(variance(differences(calm.value[channel]!)));
  return { loud, calm, truth, channel, spread };
}

/** Difference of the two worlds, row by row, in units of the spread; what is outside the window must be 0. */
function moved({ loud, calm, truth, channel, spread }: ReturnType<typeof happening>): number[] {
  const within: number[] = [];
  for (const [k, values] of loud.value.entries())
    for (const [row, value] of values.entries()) {
      const at = loud.time[k]![row]!;
      const off = (value - calm.value[k]![row]!) / spread;
      const last = truth.endUs === truth.onsetUs ? truth.onsetUs : truth.endUs - 1;
      if (k === channel && at >= truth.onsetUs && at <= last) within.push(off);
      else assert.is(off, 0, `channel ${k} at ${at}`);
    }
  return within;
}

/**
 * The noise floor's memory is 256 increments: of independent ones the spread is known to 1/√512; those of an AR(1) of persistence .6
 * are correlated by −.2, −.12, −.072 …, which makes it √(1 + 2 Σ ρ²) ≈ 1.06 times that.
 */
const FLOOR_ERROR = 1.06 / Math.sqrt(512);

test("spike: one sample is off by ten standard deviations of an increment times the strength", () => {
  const off = moved(happening("spike"));
  assert.is(off.length, 1);
  near(off[0]!, 20, 20 * FLOOR_ERROR, "height");
});

test("level shift: every sample within is off by eight, and none after", () => {
  const off = moved(happening("level-shift"));
  assert.ok(off.length > 400);
  near(mean(off), 16, 16 * FLOOR_ERROR, "shift");
  assert.ok(Math.min(...off) > 12 && Math.max(...off) < 20, "at each sample");
});

test("drift: from nothing to twelve, evenly", () => {
  const off = moved(happening("drift"));
  near(off[0]!, 0, 0.01, "begin");
  near(off[Math.floor(off.length / 2)]!, 12, 12 * FLOOR_ERROR, "half of the way");
  near(off.at(-1)!, 24, 24 * FLOOR_ERROR, "end");
});

test("stuck sensor: the window has one value, its first", () => {
  const world = happening("stuck-sensor");
  const held = within(world.loud, world);
  assert.ok(held.length > 200);
  assert.equal(new Set(held), new Set([within(world.calm, world)[0]!]));
});

test("drop-out: no sample within, all samples of the others and before and after", () => {
  const world = happening("drop-out");
  assert.is(within(world.loud, world).length, 0);
  const lost = within(world.calm, world).length;
  assert.ok(lost > 200);
  for (const [k, values] of world.calm.value.entries())
    assert.is(world.loud.value[k]!.length, values.length - (k === world.channel ? lost : 0));
});

test("burst: what is added has four times the spread and no mean", () => {
  const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
  const runs = seeds.map((seed) => moved(happening("burst", seed)));
  const n = runs[0]!.length;
  const spreads = runs.map((off) => Math.sqrt(variance(off)));
  near(mean(runs.flat()), 0, 8 / Math.sqrt(8 * n), "mean");
  const error = 8 * Math.hypot(1 / Math.sqrt(2 * n), FLOOR_ERROR);
  near(mean(spreads), 8, error / Math.sqrt(8), "spread");
});

test("clock step: times of the window are ahead by three rows times the strength, values are unchanged", () => {
  const { loud, calm, truth } = happening("clock-step");
  assert.is(truth.detail!["clockStepUs"], 60e6);
  for (const [k, times] of calm.time.entries()) {
    assert.equal(loud.value[k], calm.value[k]);
    const expected = times.map((at) => (at >= truth.onsetUs && at < truth.endUs ? at + 60e6 : at));
    assert.equal(loud.time[k], expected);
  }
});

test("a day of servers has each of the seven once, none in the first three tenths, and none at the time of another", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const { truth } = samplesOf(createWorld("server-metrics", { seed }));
    const kinds = truth.map(({ kind }) => kind).toSorted();
    assert.equal(kinds, ["burst", "clockStep", "drift", "dropOut", "levelShift", "spike", "stuckSensor"]);
    assert.ok(truth[0]!.onsetUs >= START_US + 0.3 * DAY_US);
    for (const [k, { onsetUs }] of truth.entries())
      if (k > 0) assert.ok(onsetUs > truth[k - 1]!.endUs, `seed ${seed}, ${k}`);
  }
});

function within(samples: Samples, { truth, channel }: ReturnType<typeof happening>): number[] {
  return samples.value[channel]!.filter((_, row) => {
    const at = samples.time[channel]![row]!;
    return at >= truth.onsetUs && at < truth.endUs;
  });
}

test.run();
