// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AnalyticSignal } from "../../actors/kernels/analytic-signal.ts";
import { Resonators } from "../../actors/kernels/resonator.ts";
import { Synchrony } from "../../actors/kernels/synchrony.ts";
import { skipWithoutData } from "../support/shared.ts";
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

test.run();
