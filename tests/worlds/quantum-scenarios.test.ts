// runtime: node
/**
 * The quantum scenarios against what defines them: quantum mechanics, the optimal filter, published figures. On one runtime, for the bits are
 * the same on each (contract.test.ts).
 *
 * Seeds are fixed. Tolerances are multiples of the sampling error, stated where they stand: a wrong formula is off by more.
 */
import exp from "@stdlib/math-base-special-exp";
import sincos from "@stdlib/math-base-special-sincos";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkState } from "../../actors/kernels/state-check.ts";
import { float64Column } from "../../protocol/columns.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { DensityMatrix, QuantumInput, StateVector } from "../../protocol/messages.ts";
import type { Scenario, ScenarioOptions } from "../../sim/worlds/model/scenario.ts";
import { ContinuousMeasurement } from "../../sim/worlds/quantum/continuous-measurement.ts";
import { Semigroup } from "../../sim/worlds/quantum/semigroup.ts";
import { DECAY, quantumShelving, ShelvingWorld } from "../../sim/worlds/quantum/shelving.ts";
import {
  quantumLadder,
  quantumTelegraph,
  RATIO,
  TelegraphWorld,
} from "../../sim/worlds/quantum/telegraph.ts";
import { GRID, ThreeLevelAtom } from "../../sim/worlds/quantum/three-level-atom.ts";
import { WonhamFilter } from "../../sim/worlds/quantum/wonham.ts";
import { quantumZeno, ZenoWorld } from "../../sim/worlds/quantum/zeno.ts";
import { referenceJson } from "../kernels/reference.ts";
import { skipWithoutData } from "../support/shared.ts";

const SCENARIOS = [quantumTelegraph, quantumLadder, quantumZeno, quantumShelving];
const START = 1_700_000_000_000_000;

// ---- all of them --------------------------------------------------------------------------------------------------

for (const scenario of SCENARIOS) {
  test(`${scenario.name} gives density matrices that are states, and pure states of norm 1`, () => {
    const vectors = pieces(scenario, { form: "vector", durationUs: 5e6 }) as StateVector[];
    const matrices = pieces(scenario, { form: "density", durationUs: 5e6 }) as DensityMatrix[];
    assert.ok(vectors.length >= 50 && vectors.length === matrices.length);
    for (const { n, re, im } of matrices) checkState(n, float64Column(re), float64Column(im));
    for (const { re, im } of vectors) assert.ok(Math.abs(norm2(re, im) - 1) < 1e-12);
  });

  test(`${scenario.name} is drawn from its seed alone: the same again, another with another seed`, () => {
    const once = told(scenario, { seed: 5 });
    assert.equal(told(scenario, { seed: 5 }), once);
    assert.not.equal(told(scenario, { seed: 6 }), once);
  });

  test(`${scenario.name} has a truth that happens within the run, in order, and none at strength 0`, () => {
    for (const form of ["record", "density"] as const) {
      const run = scenario.create(options(scenario, { form, durationUs: 60e6 }));
      while (run.next() !== null);
      assert.ok(run.truth.length > 0, form);
      const known = new Set(run.declarations.flatMap(({ channels }) => channels.map(({ name }) => name)));
      let last = START - 1e6;
      for (const { onsetUs, endUs, channels } of run.truth) {
        assert.ok(onsetUs >= last && endUs >= onsetUs && endUs <= START + 60e6);
        assert.ok(channels.length > 0 && channels.every((name) => known.has(name)));
        last = onsetUs;
      }
    }
    const quiet = scenario.create(options(scenario, { strength: 0, durationUs: 60e6 }));
    while (quiet.next() !== null);
    assert.is(quiet.truth.length, 0);
  });
}

// ---- telegraph ----------------------------------------------------------------------------------------------------

// Exact error of the optimal filter, P_e = E[(1−|m|)/2] under the density ∝ (1−m²)^−2 exp(−2r/(1−m²)), by integration in m = tanh u.
for (const [strength, exact] of [
  [1, 0.02717],
  [10, 0.1316],
] as const) {
  test(`the filter of a telegraph record errs exactly as often as in theory, r = ${RATIO * strength}`, () => {
    assert.ok(Math.abs(exactError(RATIO * strength) - exact) < 5e-5, "the table against its integral");
    const rate = 400;
    const world = new TelegraphWorld(options(quantumTelegraph, { rate, strength }), "sz", [1, -1]);
    const samples = 400_000;
    let wrong = 0;
    for (let k = 0; k < samples; k++) {
      world.advance(START + (k * 1e6) / rate);
      if (world.filter.p[0]! > 0.5 !== (world.level === 0)) wrong++;
    }
    // Errors come in stretches of about 1/s²: 20,000 of them. Three deviations, and 2 % for steps of s²dt = 0.05.
    const deviation = Math.sqrt((exact * (1 - exact)) / 20_000);
    assert.ok(Math.abs(wrong / samples - exact) < 3 * deviation + 0.02 * exact, `P_e ${wrong / samples}`);
  });
}

test("telegraph jumps at its rate", () => {
  const run = quantumTelegraph.create(
    options(quantumTelegraph, { durationUs: 2000e6, strength: 5, rate: 100 }),
  );
  while (run.next() !== null);
  const expected = 5 * RATIO * 20 * 2000;
  assert.ok(Math.abs(run.truth.length - expected) < 4 * Math.sqrt(expected), `${run.truth.length} jumps`);
});

test("ladder goes to neighbours only, and its record has the mean of its level", () => {
  const world = new TelegraphWorld(
    options(quantumLadder, { rate: 500, strength: 0.1, seed: 3 }),
    "jz",
    [1, 0, -1],
  );
  const sums = [0, 0, 0];
  const counts = [0, 0, 0];
  let before = world.level;
  for (let k = 0; k < 300_000; k++) {
    const current = world.advance(START + k * 2000);
    assert.ok(Math.abs(world.level - before) <= 1);
    before = world.level;
    sums[before] = sums[before]! + current;
    counts[before] = counts[before]! + 1;
  }
  for (const [level, x] of [1, 0, -1].entries()) {
    const mean = sums[level]! / counts[level]!;
    // A sample of dI/dt at 500/s has deviation √500.
    assert.ok(
      Math.abs(mean - world.snr * x) < (4 * Math.sqrt(500)) / Math.sqrt(counts[level]!),
      `level ${level}: ${mean}`,
    );
  }
});

test("Wonham's filter is Bayes' rule: on short records it gives what a sum over all histories gives", () => {
  const x = [1, 0, -1];
  const transition = [
    [0.9, 0.1, 0],
    [0.05, 0.8, 0.15],
    [0, 0.2, 0.8],
  ];
  const dt = 0.1;
  const filter = new WonhamFilter(x, transition, 1.3, dt);
  const record = [0.2, -0.4, 0.1, 0.6];
  for (const dI of record) filter.step(dI);
  const weights = [0, 0, 0];
  for (let history = 0; history < 3 ** (record.length + 1); history++) {
    const path = Array.from({ length: record.length + 1 }, (_, k) => Math.floor(history / 3 ** k) % 3);
    let weight = 1 / 3;
    record.forEach((dI, k) => {
      const off = dI - 1.3 * x[path[k + 1]!]! * dt;
      weight *= transition[path[k]!]![path[k + 1]!]! * exp((-off * off) / (2 * dt));
    });
    const end = path[record.length]!;
    weights[end] = weights[end]! + weight;
  }
  const total = weights[0]! + weights[1]! + weights[2]!;
  for (let i = 0; i < 3; i++) assert.ok(Math.abs(filter.p[i]! - weights[i]! / total) < 1e-12);
});

// ---- shelving -----------------------------------------------------------------------------------------------------

test("shelving: without clicks the state passes the middle 31.6/γ after the last, and ends at P_D = .9955", () => {
  const atom = new ThreeLevelAtom(0.01, 0.5);
  assert.ok(Math.abs(atom.middle / GRID - 31.6) < 0.1, `t_mid ${atom.middle / GRID}`);
  const [re, im] = [new Float64Array(3), new Float64Array(3)];
  const weights = (steps: number) => {
    atom.pure(steps, re, im);
    return [0, 1, 2].map((i) => re[i]! ** 2 + im[i]! ** 2);
  };
  assert.ok(Math.abs(weights(400 * GRID)[2]! - 0.9955) < 5e-5);
  // Half way the flight is coherent: 2|ρ_GD| = .892.
  const [ground, , dark] = weights(atom.middle);
  assert.ok(Math.abs(2 * Math.sqrt(ground! * dark!) - 0.892) < 0.005);
});

test("shelving: the state without clicks agrees with small steps of its equation", () => {
  const atom = new ThreeLevelAtom(0.01, 0.5);
  const [re, im] = [new Float64Array(3), new Float64Array(3)];
  for (const t of [0.25, 3, 17.5, 60]) {
    atom.pure(t * GRID, re, im);
    const [slowRe, slowIm] = noClickState(t);
    for (let i = 0; i < 3; i++)
      assert.ok(Math.abs(re[i]! - slowRe[i]!) + Math.abs(im[i]! - slowIm[i]!) < 1e-9, `${t}/γ, level ${i}`);
  }
});

test("shelving: a waiting time is the first step at which the chance of no click has fallen so far", () => {
  const atom = new ThreeLevelAtom(0.01, 0.5);
  // Simpson's rule for the rate γ‖⟨B|ψ⟩‖² of clicks, from the slow evolution: the chance of none is exp(−∫).
  for (const survival of [0.9, 0.5, 0.1]) {
    const t = atom.wait(survival) / GRID;
    const rate = (at: number) => {
      const [re, im] =
        at === 0
          ? [
              [1, 0, 0],
              [0, 0, 0],
            ]
          : noClickState(at);
      return re[1]! ** 2 + im[1]! ** 2;
    };
    const parts = 60;
    let integral = 0;
    for (let k = 0; k <= parts; k++)
      integral += rate((t * k) / parts) * (k === 0 || k === parts ? 1 : k % 2 === 1 ? 4 : 2);
    assert.ok(Math.abs(exp((-integral * t) / parts / 3) - survival) < 2e-3, `survival ${survival}`);
  }
});

test("shelving: in the long run the atom is dark and clicks as in its master equation", () => {
  // Steady state by definition: the propagator of the unconditional evolution, slow and obvious, to a late time.
  const steady = steadyState();
  assert.ok(Math.abs(steady[8]! - 0.431) < 0.001, `P_D ${steady[8]}`);
  const rate = 10;
  const world = new ShelvingWorld(options(quantumShelving, { rate, durationUs: 1e12 }));
  const [re, im] = [new Float64Array(3), new Float64Array(3)];
  const samples = 100_000;
  let dark = 0;
  for (let k = 0; k < samples; k++) {
    world.advance(START + k * 1e5);
    world.pure(re, im);
    dark += re[2]! * re[2]! + im[2]! * im[2]!;
  }
  // 10,000 s hold about 450 dark periods, whose lengths are exponential: relative error √2/√450, three of them.
  assert.ok(
    Math.abs(dark / samples - steady[8]!) < 3 * steady[8]! * (1 / 15) * (1 - steady[8]!),
    `${dark / samples}`,
  );
  const clicks = world.clicks / ((samples / rate) * DECAY);
  assert.ok(Math.abs(clicks - steady[4]!) < 0.007, `click rate ${clicks}; expected ${steady[4]}`);
  assert.ok(Math.abs(steady[4]! - 0.069) < 0.0005);
});

test("shelving: the probabilities of the observer are right on average, in every class of certainty", () => {
  const world = new ShelvingWorld(options(quantumShelving, { durationUs: 1e12, seed: 4 }));
  const [re, im] = [new Float64Array(3), new Float64Array(3)];
  const [knownRe, knownIm] = [new Float64Array(9), new Float64Array(9)];
  const classes = Array.from({ length: 4 }, () => ({ told: 0, true: 0, count: 0 }));
  for (let k = 0; k < 100_000; k++) {
    world.advance(START + k * 1e5);
    world.pure(re, im);
    world.known(knownRe, knownIm);
    const each = classes[Math.min(3, Math.floor(4 * knownRe[8]!))]!;
    each.told += knownRe[8]!;
    each.true += re[2]! * re[2]! + im[2]! * im[2]!;
    each.count++;
  }
  for (const [k, { told, true: truly, count }] of classes.entries()) {
    assert.ok(count > 500, `class ${k} is met`);
    assert.ok(
      Math.abs(told - truly) / count < 0.06,
      `class ${k}: told ${told / count}, true ${truly / count}`,
    );
  }
});

// ---- zeno ---------------------------------------------------------------------------------------------------------

test("zeno: nature's state stays pure, the observer's does not", () => {
  const world = new ZenoWorld(options(quantumZeno, { durationUs: 1e12 }));
  const [re, im] = [new Float64Array(4), new Float64Array(4)];
  for (let k = 0; k < 1000; k++) world.advance(START + k * 5000);
  world.known(re, im);
  const purity = re[0]! ** 2 + re[3]! ** 2 + 2 * (re[1]! ** 2 + im[1]! ** 2);
  assert.ok(purity < 0.99);
  const [psiRe, psiIm] = [new Float64Array(2), new Float64Array(2)];
  world.pure(psiRe, psiIm);
  for (let i = 0; i < 2; i++)
    for (let j = 0; j < 2; j++) {
      const product = psiRe[i]! * psiRe[j]! + psiIm[i]! * psiIm[j]!;
      assert.ok(Math.abs(product - world.natureRe[2 * i + j]!) < 1e-9);
    }
});

test("zeno: over many runs nature's and the observer's ⟨σz⟩ have the mean of the damped oscillation", () => {
  const seeds = 250;
  const samples = 100;
  const k = 0.2;
  const frequency = Math.sqrt(4 * Math.PI * Math.PI - k * k);
  const sums = { nature: new Float64Array(samples), known: new Float64Array(samples) };
  const [re, im] = [new Float64Array(4), new Float64Array(4)];
  const [psiRe, psiIm] = [new Float64Array(2), new Float64Array(2)];
  for (let seed = 1; seed <= seeds; seed++) {
    const world = new ZenoWorld(options(quantumZeno, { seed, rate: 100, durationUs: 1e12, strength: 0 }));
    for (let s = 0; s < samples; s++) {
      world.advance(START + s * 10_000);
      world.known(re, im);
      world.pure(psiRe, psiIm);
      sums.known[s]! += re[0]! - re[3]!;
      sums.nature[s]! += psiRe[0]! ** 2 + psiIm[0]! ** 2 - psiRe[1]! ** 2 - psiIm[1]! ** 2;
    }
  }
  for (let s = 0; s < samples; s++) {
    const t = (s + 1) / 100;
    // z'' + 2kz' + Ω²z = 0 from z = 1, z' = 0: dephasing at 2k of y, which turns into z at Ω.
    const turn = sincos(frequency * t);
    const mean = exp(-k * t) * (turn[1]! + (k / frequency) * turn[0]!);
    // Nature's ⟨σz⟩ wanders with variance below 4kt: four deviations of a mean of 250, and 0.01 for steps of Ωdt = 0.016.
    const allowed = 4 * Math.sqrt(Math.min(1, 4 * k * t) / seeds) + 0.01;
    assert.ok(Math.abs(sums.nature[s]! / seeds - mean) < allowed, `nature at ${t} s`);
    assert.ok(Math.abs(sums.known[s]! / seeds - mean) < allowed, `observer at ${t} s`);
  }
});

test("zeno: a strong measurement freezes the qubit at its poles, and the record shows which", () => {
  const world = new ZenoWorld(options(quantumZeno, { seed: 2 }));
  const [re, im] = [new Float64Array(2), new Float64Array(2)];
  const shown = { up: [0, 0], down: [0, 0] };
  let atPole = 0;
  let samples = 0;
  for (let t = START; t < START + 120e6; t += 5000) {
    const current = world.advance(t);
    if (t < world.window.fromUs + 1e6) continue;
    world.pure(re, im);
    const z = re[0]! ** 2 + im[0]! ** 2 - re[1]! ** 2 - im[1]! ** 2;
    samples++;
    if (Math.abs(z) < 0.9) continue;
    atPole++;
    const side = z > 0 ? shown.up : shown.down;
    side[0]! += current;
    side[1]!++;
  }
  assert.ok(atPole / samples > 0.7, `at a pole ${atPole / samples}`);
  // dy = √η⟨c+c†⟩dt + dW with c = √k σz: ±2√(kη) = ±8.97 at k = 40.2, a little less for ⟨σz⟩ a little under 1.
  assert.ok(Math.abs(shown.up[0]! / shown.up[1]! - 8.97) < 0.5, `up ${shown.up[0]! / shown.up[1]!}`);
  assert.ok(
    Math.abs(shown.down[0]! / shown.down[1]! + 8.97) < 0.5,
    `down ${shown.down[0]! / shown.down[1]!}`,
  );
});

// ---- reference sequences ------------------------------------------------------------------------------------------

interface Sequences {
  C_vtype: {
    OmegaDG: number;
    dt: number;
    T: number;
    clicks: number[];
    "detectedAtEta0.5": (0 | 1)[];
    darkOn: number[];
    darkOff: number[];
    "filterPD_eta0.5_every40": number[];
    tol: number;
  };
  A_telegraph: {
    k: number;
    eta: number;
    rateUp: number;
    rateDown: number;
    dt: number;
    snr: number;
    dI: number[];
    prior: number;
    pUpEvery20: number[];
  }[];
  B_sme: {
    Omega: number;
    k: number;
    eta: number;
    gamma: number;
    dt: number;
    dy: number[];
    tol: number;
    [rho: `rhoEvery100${string}`]: [number, number, number][];
  };
}

const sequences = referenceJson<Sequences>("oracle/sequences.json.gz");
if (sequences === null) skipWithoutData();
else {
  test("Wonham's filter agrees with 40-digit references on two records", () => {
    for (const { rateUp, rateDown, dt, snr, dI, pUpEvery20 } of sequences.A_telegraph) {
      const down = 1 - exp(-rateDown * dt);
      const up = 1 - exp(-rateUp * dt);
      const transition = [
        [1 - down, down],
        [up, 1 - up],
      ];
      const filter = new WonhamFilter([1, -1], transition, snr, dt);
      dI.forEach((charge, k) => {
        filter.step(charge);
        if (k % 20 !== 19) return;
        assert.ok(Math.abs(filter.p[0]! - pUpEvery20[(k - 19) / 20]!) < 1e-10, `step ${k}`);
      });
    }
  });

  test("a continuous measurement agrees with the reference step by step, with drive, loss and η = .6", () => {
    const { Omega, k, eta, gamma, dt, dy, tol, ...rest } = sequences.B_sme;
    const expected = Object.entries(rest).find(([name]) => name.startsWith("rhoEvery100"))![1] as [
      number,
      number,
      number,
    ][];
    const nothing = [0, 0, 0, 0];
    const measurement = new ContinuousMeasurement({
      n: 2,
      hamiltonian: { re: [0, Omega / 2, Omega / 2, 0], im: nothing },
      measured: { re: [Math.sqrt(k), 0, 0, -Math.sqrt(k)], im: nothing },
      losses: [{ re: [0, 0, Math.sqrt(gamma), 0], im: nothing }],
      efficiency: eta,
      dt,
    });
    const re = Float64Array.of(1, 0, 0, 0);
    const im = new Float64Array(4);
    dy.forEach((charge, step) => {
      measurement.step(charge, re, im);
      if (step % 100 !== 99) return;
      const [r00, re01, im01] = expected[(step - 99) / 100]!;
      const off = Math.max(Math.abs(re[0]! - r00), Math.abs(re[1]! - re01), Math.abs(im[1]! - im01));
      assert.ok(off < tol, `step ${step}: off by ${off}`);
    });
  });

  test("shelving agrees with the reference clicks: when it is dark, and what an observer at η = .5 knows", () => {
    const { OmegaDG, dt, T, clicks, darkOn, darkOff, tol, ...rest } = sequences.C_vtype;
    const atom = new ThreeLevelAtom(OmegaDG, 0.5);
    // The end of the record ends what is dark then.
    const gaps = clicks.map((click, k) => [click, clicks[k + 1] ?? T] as const);
    const dark = gaps.filter(([from, to]) => to - from > atom.middle / GRID + dt);
    assert.ok(Math.abs(dark.length - darkOn.length) <= 1, `${dark.length} dark periods`);
    for (const [k, on] of darkOn.entries()) {
      // Told on the grid of dt, at the end of its step.
      const near = gaps.find(([from, to]) => on > from && on <= to + dt)!;
      assert.ok(Math.abs(near[0] + atom.middle / GRID - on) <= 2 * dt, `dark from ${on}`);
      if (darkOff[k] !== undefined) assert.ok(Math.abs(near[1] - darkOff[k]!) <= dt, `until ${darkOff[k]}`);
    }
    const heard = new Set(
      clicks.filter((_, k) => rest["detectedAtEta0.5"][k] === 1).map((click) => Math.floor(click / dt)),
    );
    const [re, im] = [new Float64Array(9), new Float64Array(9)];
    let since = 0;
    for (let bin = 0; bin < T / dt; bin++) {
      since = heard.has(bin) ? 0 : since + 1;
      if (bin % 40 !== 39) continue;
      atom.known(since * dt * GRID, re, im);
      const told = rest["filterPD_eta0.5_every40"][(bin - 39) / 40]!;
      assert.ok(Math.abs(re[8]! - told) < tol, `bin ${bin}: ${re[8]}, reference ${told}`);
    }
  });
}

// ---- given --------------------------------------------------------------------------------------------------------

function options(scenario: Scenario, more: Partial<ScenarioOptions> = {}): ScenarioOptions {
  return {
    seed: 1,
    channels: 1,
    rate: scenario.usualRate,
    durationUs: scenario.usualDurationUs,
    startUs: START,
    strength: 1,
    group: "q",
    ...more,
  };
}

function pieces(scenario: Scenario, more: Partial<ScenarioOptions>): (Frame | QuantumInput)[] {
  const run = scenario.create(options(scenario, more));
  const all: (Frame | QuantumInput)[] = [];
  for (let piece = run.next(); piece !== null; piece = run.next()) all.push(piece);
  return all;
}

/** The first values of a short run in each form. */
function told(scenario: Scenario, more: Partial<ScenarioOptions>): unknown[] {
  const short = { ...more, durationUs: 10e6 };
  const frame = scenario.create(options(scenario, { ...short, form: "record" })).next() as Frame;
  return [
    [...frame.value.subarray(0, frame.count)],
    pieces(scenario, { ...short, form: "density" }).map((piece) => [...(piece as DensityMatrix).re]),
    pieces(scenario, { ...short, form: "vector" }).map((piece) => [...(piece as StateVector).re]),
  ];
}

function norm2(re: Uint8Array, im: Uint8Array): number {
  const x = float64Column(re);
  const y = float64Column(im);
  return x.reduce((sum, value, k) => sum + value * value + y[k]! * y[k]!, 0);
}

/** P_e by the midpoint rule in u, m = tanh u: density ∝ cosh²u exp(−2r cosh²u). */
function exactError(r: number): number {
  let weight = 0;
  let error = 0;
  for (let u = 0.0005; u < 12; u += 0.001) {
    const e = exp(u);
    const cosh = (e + 1 / e) / 2;
    const density = cosh * cosh * exp(-2 * r * (cosh * cosh - 1));
    const m = (e - 1 / e) / (e + 1 / e);
    weight += density;
    error += (density * (1 - m)) / 2;
  }
  return error / weight;
}

/** |G⟩ under exp(−iH_eff t), normalised: fourth order Runge–Kutta in small steps, the obvious way. t in 1/γ. */
function noClickState(t: number): [number[], number[]] {
  const steps = Math.ceil(t * 200);
  const h = t / steps;
  let psi = [1, 0, 0, 0, 0, 0];
  const change = ([g, b, d, gi, bi, di]: number[]): number[] => [
    0.2 * bi! + 0.005 * di!,
    0.2 * gi! - 0.5 * b!,
    0.005 * gi!,
    -0.2 * b! - 0.005 * d!,
    -0.2 * g! - 0.5 * bi!,
    -0.005 * g!,
  ];
  const plus = (a: number[], b: number[], f: number) => a.map((x, k) => x + f * b[k]!);
  for (let step = 0; step < steps; step++) {
    const k1 = change(psi);
    const k2 = change(plus(psi, k1, h / 2));
    const k3 = change(plus(psi, k2, h / 2));
    const k4 = change(plus(psi, k3, h));
    psi = psi.map((x, k) => x + (h / 6) * (k1[k]! + 2 * k2[k]! + 2 * k3[k]! + k4[k]!));
  }
  const norm = Math.sqrt(psi.reduce((sum, x) => sum + x * x, 0));
  return [psi.slice(0, 3).map((x) => x / norm), psi.slice(3).map((x) => x / norm)];
}

/** The real diagonal (as a vector of 9) that the master equation, all clicks unheard, ends in. Units of γ. */
function steadyState(): Float64Array {
  const h = [
    [0, 0.2, 0.005],
    [0.2, 0, 0],
    [0.005, 0, 0],
  ];
  const re = new Float64Array(81);
  const im = new Float64Array(81);
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      const row = 9 * (3 * i + j);
      for (let k = 0; k < 3; k++) {
        im[row + 3 * k + j]! -= h[i]![k]!;
        im[row + 3 * i + k]! += h[k]![j]!;
      }
      // −½{|B⟩⟨B|, ρ}
      re[row + 3 * i + j]! -= ((i === 1 ? 1 : 0) + (j === 1 ? 1 : 0)) / 2;
    }
  re[4]! += 1;
  const v = Float64Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0);
  const w = new Float64Array(9);
  new Semigroup(9, re, im, 1 / GRID).advance(100_000 * GRID, v, w);
  return v;
}

test.run();
