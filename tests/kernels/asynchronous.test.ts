import { test } from "uvu";
import * as assert from "uvu/assert";
import { AnalyticSignal } from "../../actors/kernels/analytic-signal.ts";
import { Resonators } from "../../actors/kernels/resonator.ts";
import { Synchrony } from "../../actors/kernels/synchrony.ts";
import { skipWithoutData } from "../support/shared.ts";
import { gaussian, type Random, seeded } from "./builders.ts";
import { synchronyByDefinition } from "./oracles.ts";
import { referenceJson } from "./reference.ts";

interface Item {
  t1: number[];
  r1: number[];
  t2: number[];
  r2: number[];
  omega: number;
  gamma: number;
  syncFactor_c12: [number, number];
  clock: number[];
  "resonator1_order1_2 [re1,im1,re2,im2]": [number, number, number, number][];
}
const reference = referenceJson<{ I_async: { items: Item[]; tol: number } }>("oracle/sequences.json.gz");

const us = (seconds: number) => Math.round(seconds * 1e6);

function near(got: number, expected: number, tolerance: number, what = ""): void {
  assert.ok(Math.abs(got - expected) <= tolerance, `${what} ${got}; expected ${expected} ± ${tolerance}`);
}

/** Ticks of both channels in time order; at equal times channel 0 first. */
function merged(item: Item): { i: number; t: number; r: number }[] {
  const ticks = [
    ...item.t1.map((t, k) => ({ i: 0, t, r: item.r1[k]! })),
    ...item.t2.map((t, k) => ({ i: 1, t, r: item.r2[k]! })),
  ];
  return ticks.sort((a, b) => a.t - b.t || a.i - b.i);
}

test("synchrony factor agrees with the reference and with its definition", () => {
  if (reference === null) return skipWithoutData();
  const { items, tol } = reference.I_async;
  for (const item of items) {
    const synchrony = new Synchrony(2, item.omega);
    for (const { i, t } of merged(item)) synchrony.tick(i, us(t));
    const events = [...new Set([...item.t1, ...item.t2])].sort((a, b) => a - b);
    const end = Math.min(item.t1.at(-1)!, item.t2.at(-1)!);
    // The reference averages up to the event before the last common time.
    const before = events[events.indexOf(end) - 1]!;
    let slow = synchronyByDefinition(item.t1, item.t2, item.omega, events[0]!, before);
    near(slow[0]!, item.syncFactor_c12[0], tol, "Re c by definition");
    near(slow[1]!, item.syncFactor_c12[1], tol, "Im c by definition");
    slow = synchronyByDefinition(item.t1, item.t2, item.omega, events[0]!, end);
    const c = new Float64Array(2);
    synchrony.factor(0, 1, c);
    near(c[0]!, slow[0]!, tol, "Re c");
    near(c[1]!, slow[1]!, tol, "Im c");
    synchrony.factor(1, 0, c);
    near(c[1]!, -slow[1]!, tol, "Im c of the pair turned round");
  }
});

test("resonators of order 1 and 2 agree with the reference at the clock times", () => {
  if (reference === null) return skipWithoutData();
  const { items, tol } = reference.I_async;
  for (const item of items) {
    for (const order of [1, 2] as const) {
      const resonators = new Resonators(1, item.omega, item.gamma, order);
      const re = new Float64Array(1);
      const im = new Float64Array(1);
      let next = 0;
      item.clock.forEach((clock, k) => {
        for (; next < item.t1.length && item.t1[next]! <= clock; next++)
          assert.ok(resonators.tick(0, us(item.t1[next]!), item.r1[next]!));
        resonators.read(us(clock), re, im);
        const expected = item["resonator1_order1_2 [re1,im1,re2,im2]"][k]!;
        near(re[0]!, expected[order === 1 ? 0 : 2], tol, `order ${order} Re`);
        near(im[0]!, expected[order === 1 ? 1 : 3], tol, `order ${order} Im`);
      });
    }
  }
});

test("resonator starts anew after a silence of three time constants and reads 0 during it", () => {
  const resonators = new Resonators(1, 1, 0.25);
  const re = new Float64Array(1);
  const im = new Float64Array(1);
  assert.ok(resonators.tick(0, us(1), 1));
  assert.not(resonators.tick(0, us(14), 1));
  resonators.read(us(14), re, im);
  assert.is(re[0], 0);
  resonators.read(us(30), re, im);
  assert.equal([re[0], im[0]], [0, 0]);
  assert.is(resonators.fields.gaps[0], 1);
});

test("analytic signal has images below −53 dB from 0.1π to 0.9π and the delay of its design", () => {
  const response = (omega: number) => {
    const filter = new AnalyticSignal(1);
    const re = new Float64Array(1);
    const im = new Float64Array(1);
    const x = new Float64Array(1);
    let pRe = 0;
    let pIm = 0;
    let nRe = 0;
    let nIm = 0;
    const warm = 2000;
    const steps = 8000;
    for (let k = 0; k < warm + steps; k++) {
      x[0] = Math.cos(omega * k);
      filter.update(x, re, im);
      if (k < warm) continue;
      // A Hann window, so that the two lines do not leak into each other.
      const w = 1 - Math.cos((2 * Math.PI * (k - warm)) / steps);
      const c = Math.cos(omega * k) * w;
      const s = Math.sin(omega * k) * w;
      pRe += re[0]! * c + im[0]! * s;
      pIm += im[0]! * c - re[0]! * s;
      nRe += re[0]! * c - im[0]! * s;
      nIm += im[0]! * c + re[0]! * s;
    }
    return {
      rejection: 20 * Math.log10(Math.hypot(pRe, pIm) / Math.hypot(nRe, nIm)),
      phase: Math.atan2(pIm, pRe),
      gain: Math.hypot(pRe, pIm) / steps,
    };
  };
  for (let f = 0.1; f <= 0.9001; f += 0.05) {
    const { rejection, gain } = response(f * Math.PI);
    assert.ok(rejection > 53, `image ${rejection} dB at ${f}π`);
    near(gain, 1, 1e-3, "gain");
  }
  for (const [f, delay] of [
    [0.25, 2.7],
    [0.1, 5.4],
  ] as const) {
    const h = 1e-3;
    let turn = response(f * Math.PI - h).phase - response(f * Math.PI + h).phase;
    turn -= 2 * Math.PI * Math.round(turn / (2 * Math.PI));
    near(turn / (2 * h), delay, 0.1, `group delay at ${f}π`);
  }
});

test("analytic signal ignores a sample that is not a number", () => {
  const filter = new AnalyticSignal(1);
  const re = new Float64Array(1);
  const im = new Float64Array(1);
  filter.update(Float64Array.of(Number.NaN), re, im);
  filter.update(Float64Array.of(1), re, im);
  assert.ok(Number.isFinite(re[0]) && Number.isFinite(im[0]));
});

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
