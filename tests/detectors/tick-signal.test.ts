// runtime: either
/** When a tick-driven group samples ψ, and in which units: against the cadence and the scale that tick-signal.ts promises. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { TickSignal } from "../../actors/detectors/estimator/tick-signal.ts";
import type { DensityEstimate } from "../../actors/kernels/density.ts";
import { parseSettings } from "../../protocol/settings.ts";
import { normals } from "../support/random-streams.ts";
import { frameOf, groupOf, InnovationBatch } from "../support/rows.ts";

const QUALITY = 4;
/** ω₀ = 2π a second: a sample of ψ each QUALITY/4 radians, and resonators that are empty after 3 QUALITY radians. */
const CADENCE_US = (QUALITY / 4 / (2 * Math.PI)) * 1e6;
const EMPTY_US = ((3 * QUALITY) / (2 * Math.PI)) * 1e6;
/** Half of the memory of the scale is of so many periods. */
const SCALE_PERIODS = 8;
const START_US = 1_000_000;

interface Taken {
  /** The tick at which it was taken. */
  readonly tick: number;
  readonly timeUs: number;
  /** Real and imaginary parts of all channels. */
  readonly z: number[];
}

/** What is taken of ticks at these times, in turn of two channels; the innovations of the first channel are `factor` times as large. */
function takenOf(times: readonly number[], factor = 1): Taken[] {
  const settings = parseSettings({
    estimator: { periodSeconds: 1, quality: QUALITY, scaleRows: SCALE_PERIODS },
  });
  const signal = new TickSignal(settings, groupOf(2, { sampling: "ticks" }));
  const taken: Taken[] = [];
  let tick = 0;
  let z: number[] = [];
  const density = {
    update(re: Float64Array, im: Float64Array) {
      z = [...re, ...im];
      return true;
    },
  } as unknown as DensityEstimate;
  const innovation = normals(1);
  for (; tick < times.length; tick++) {
    const channel = tick % 2;
    const size = innovation() * (channel === 0 ? factor : 1);
    const batch = Object.assign(new InnovationBatch(1, 2), {
      frame: frameOf([[times[tick]!, channel, 0]]),
      sampleInnovation: Float64Array.of(size),
    });
    signal.consume(batch, density, () => taken.push({ tick, timeUs: signal.time[0]!, z }));
  }
  return taken;
}

/** The samples that are due up to each tick, one cadence after the other from `fromUs`. */
function due(
  times: readonly number[],
  firstTick: number,
  fromUs: number,
): { tick: number; timeUs: number }[] {
  const samples: { tick: number; timeUs: number }[] = [];
  let timeUs = fromUs;
  for (let tick = firstTick; tick < times.length; tick++)
    for (; timeUs <= times[tick]!; timeUs += CADENCE_US) samples.push({ tick, timeUs });
  return samples;
}

function same(taken: readonly Taken[], expected: readonly { tick: number; timeUs: number }[]): void {
  assert.equal(
    taken.map(({ tick }) => tick),
    expected.map(({ tick }) => tick),
  );
  // Whole microseconds.
  for (const [k, { timeUs }] of taken.entries())
    assert.ok(Math.abs(timeUs + 0.5 - expected[k]!.timeUs) <= 0.501, `sample ${k} at ${timeUs}`);
}

const ticksFrom = (fromUs: number, count: number) =>
  Array.from({ length: count }, (_, k) => fromUs + 50_000 * k);

test("ψ is sampled at a regular cadence from the first tick on, at the first tick that is not before the sample", () => {
  const times = ticksFrom(START_US, 200);
  const expected = due(times, 0, START_US + CADENCE_US);
  assert.is(expected.length, 62);
  same(takenOf(times), expected);
});

test("after a silence in which the resonators are not empty yet the samples of the silence are taken too", () => {
  const before = ticksFrom(START_US, 40);
  const times = [...before, ...ticksFrom(before.at(-1)! + 0.95 * EMPTY_US, 40)].map(Math.round);
  const expected = due(times, 0, START_US + CADENCE_US);
  assert.is(expected.filter(({ tick }) => tick === 40).length, 11);
  same(takenOf(times), expected);
});

test("after a longer silence the cadence begins anew with a sample at the tick that ends it", () => {
  const before = ticksFrom(START_US, 40);
  // The next sample was due up to a cadence after the last tick.
  const again = Math.round(before.at(-1)! + EMPTY_US + 1.5 * CADENCE_US);
  const times = [...before, ...ticksFrom(again, 40)];
  same(takenOf(times), [...due(before, 0, START_US + CADENCE_US), ...due(times, 40, again)]);
});

test("z is in units of its own size: a channel of a thousand times the size has the same z", () => {
  // Two hundred periods: the scale has long forgotten how it began.
  const times = ticksFrom(START_US, 4_000);
  const [usual, large] = [takenOf(times), takenOf(times, 1000)];
  const sizes = usual.slice(600).map(({ z: [re, , im] }) => Math.hypot(re!, im!));
  const mean = sizes.reduce((sum, size) => sum + size ** 2, 0) / sizes.length;
  assert.ok(mean > 0.5 && mean < 2, `mean square ${mean}`);
  for (const [k, { z }] of large.entries())
    for (const [i, part] of z.entries())
      assert.ok(Math.abs(part - usual[k]!.z[i]!) <= 1e-9 * Math.max(1, Math.abs(part)), `sample ${k}`);
});

test.run();
