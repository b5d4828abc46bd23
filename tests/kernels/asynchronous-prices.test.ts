// runtime: either
/**
 * Coherence and lag of asynchronous prices against theory, over many drawn paths; on one runtime, for the kernels do the same arithmetic on each
 * (asynchronous.test.ts).
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Resonators } from "../../actors/kernels/resonator.ts";
import { Synchrony } from "../../actors/kernels/synchrony.ts";
import { gaussian, type Random, seeded } from "./builders.ts";

const us = (seconds: number) => Math.round(seconds * 1e6);

function near(got: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(got - expected) <= tolerance, `${what} ${got}; expected ${expected} ± ${tolerance}`);
}

/** Poisson times up to `end`. */
function poisson(rate: number, end: number, random: Random): number[] {
  const times: number[] = [];
  const wait = () => -Math.log(1 - random()) / rate;
  for (let t = wait(); t < end; t += wait()) times.push(t);
  return times;
}

/** A Brownian path at the given times (any order), unit variance a second. */
function brownian(times: number[], random: Random): Map<number, number> {
  const path = new Map<number, number>();
  let w = 0;
  let last = Math.min(
    ...[0, times[0] ?? 0],
    times.reduce((a, b) => Math.min(a, b), 0),
  );
  for (const t of [...times].sort((a, b) => a - b)) {
    if (t > last) w += Math.sqrt(t - last) * gaussian(random);
    path.set(t, w);
    last = Math.max(last, t);
  }
  return path;
}

/** One run: two prices with coherence 0.8, the second `lag` seconds late; the estimate of the resonator pair. */
function asynchronousRun(
  rates: [number, number],
  lag: number,
  noise: number,
  period: number,
  end: number,
  random: Random,
) {
  const omega = (2 * Math.PI) / period;
  const [t1, t2] = [poisson(rates[0], end, random), poisson(rates[1], end, random)];
  const common = brownian([...t1, ...t2.map((t) => t - lag)], random);
  const own = brownian(t2, random);
  const price = [
    t1.map((t) => common.get(t)! + noise * gaussian(random)),
    t2.map((t) => 0.8 * common.get(t - lag)! + 0.6 * own.get(t)! + noise * gaussian(random)),
  ];
  const ticks = [t1, t2].flatMap((times, i) =>
    times.map((t, k) => ({ i, t: us(t), r: k === 0 ? 0 : price[i]![k]! - price[i]![k - 1]! })),
  );
  ticks.sort((a, b) => a.t - b.t || a.i - b.i);
  const resonators = new Resonators(2, omega, omega / 4, 2);
  const synchrony = new Synchrony(2, omega);
  const re = new Float64Array(2);
  const im = new Float64Array(2);
  let [s11, s22, xRe, xIm] = [0, 0, 0, 0];
  let clock = us(20 * period);
  for (const { i, t, r } of ticks) {
    for (; clock < t; clock += us(period / 8)) {
      resonators.read(clock, re, im);
      s11 += re[0]! ** 2 + im[0]! ** 2;
      s22 += re[1]! ** 2 + im[1]! ** 2;
      xRe += re[0]! * re[1]! + im[0]! * im[1]!;
      xIm += im[0]! * re[1]! - re[0]! * im[1]!;
    }
    resonators.tick(i, t, r);
    synchrony.tick(i, t);
  }
  const c = new Float64Array(2);
  synchrony.factor(0, 1, c);
  const scale = 1 / Math.sqrt(s11 * s22);
  // The coherence divided by the synchrony factor.
  const size2 = c[0]! ** 2 + c[1]! ** 2;
  const corrected = [
    (xRe * c[0]! + xIm * c[1]!) * (scale / size2),
    (xIm * c[0]! - xRe * c[1]!) * (scale / size2),
  ];
  return {
    g: Math.hypot(corrected[0]!, corrected[1]!),
    lag: Math.atan2(corrected[1]!, corrected[0]!) / omega,
    rawLag: Math.atan2(xIm, xRe) / omega,
    synchrony: Math.hypot(c[0]!, c[1]!),
  };
}

function meanOfRuns(count: number, run: () => ReturnType<typeof asynchronousRun>) {
  const mean = { g: 0, lag: 0, rawLag: 0, synchrony: 0 };
  for (let k = 0; k < count; k++) {
    const got = run();
    for (const name of ["g", "lag", "rawLag", "synchrony"] as const) mean[name] += got[name] / count;
  }
  return mean;
}

for (const [name, rates, lag, noise] of [
  ["unequal rates without lag", [1, 0.3], 0, 0],
  ["unequal rates with half a second of lag", [1, 0.3], 0.5, 0],
  ["noisy prices with half a second of lag", [2, 1], 0.5, 0.5],
] as const) {
  test(`corrected coherence at 20 s is within 0.04 and its lag within 0.1 s: ${name}`, () => {
    const random = seeded(32);
    const runs = process.env["EIGENWATCH_LONG"] === "1" ? 100 : 24;
    const mean = meanOfRuns(runs, () => asynchronousRun([...rates], lag, noise, 20, 20_000, random));
    near(mean.g, 0.8, 0.04, "coherence");
    near(mean.lag, lag, 0.1, "lag");
    const x = (2 * Math.PI) / 20;
    const theory = 1 / Math.sqrt((1 + (x / rates[0]) ** 2) * (1 + (x / rates[1]) ** 2));
    near(mean.synchrony, theory, 0.01, "synchrony factor");
  });
}

test("raw lag at 60 s shows the artefact of unequal rates although the true lag is 0", () => {
  const random = seeded(33);
  const mean = meanOfRuns(6, () => asynchronousRun([1, 0.3], 0, 0, 60, 20_000, random));
  near(mean.rawLag, 1 / 0.3 - 1, 0.7, "raw lag");
});

test.run();
