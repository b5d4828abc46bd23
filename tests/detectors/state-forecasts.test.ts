// runtime: either
/** Whole states foretold by their motion: exact where the motion is known in closed form, as good as the true law where it is noisy, and no skill where there is none. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import exp from "@stdlib/math-base-special-exp";
import sincos from "@stdlib/math-base-special-sincos";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type TrajectoryDetector, trajectory } from "../../actors/detectors/trajectory/detector.ts";
import { diagonalPlace } from "../../actors/kernels/hermitian-vector.ts";
import { float64Bytes, float64Column } from "../../protocol/columns.ts";
import type { DensityMatrix, StateMessage } from "../../protocol/messages.ts";
import { quantumZeno } from "../../sim/worlds/quantum/zeno.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { density, mixture, vector } from "../support/quantum.ts";
import { normals, uniforms } from "../support/random-streams.ts";
import { groupOf } from "../support/rows.ts";
import { shared, skipWithoutData } from "../support/shared.ts";

const SECOND = 1_000_000;
const AHEAD = 21;

function foretelling(n: number, settings: object = {}, everyUs = SECOND): ActorHarness {
  const prediction = { enabled: true, falseAlarmSamples: 1_000, aheadRows: AHEAD, ...settings };
  return new ActorHarness(trajectory, { prediction }, groupOf(n, { states: true, everyUs }));
}

function give(actor: ActorHarness, state: DensityMatrix): void {
  actor.input(state, state.timeUs);
}

/** What is published now, however soon after the last time. */
function measures(actor: ActorHarness): Record<string, number> {
  const now = actor.now;
  const state = actor.publish(now + 3_600 * SECOND) as Omit<StateMessage, "type">;
  actor.now = now;
  return state.measures as Record<string, number>;
}

function horizons(actor: ActorHarness) {
  const { next, ahead } = (actor.detector as TrajectoryDetector).forecasts!;
  return { next, ahead };
}

function ofPredictions(actor: ActorHarness): string[] {
  return actor.kinds().filter((kind) => kind.startsWith("prediction."));
}

/** The qubit with this Bloch vector, at second k. */
function qubit(k: number, x: number, y: number, z: number): DensityMatrix {
  const rho = density((k + 1) * SECOND, [(1 + z) / 2, x / 2, x / 2, (1 - z) / 2]);
  return { ...rho, im: float64Bytes([0, -y / 2, y / 2, 0]) };
}

/**
 * A qubit driven about x at Ω whose coherence decays at γ: x' = −γx, y' = −γy − Ωz, z' = Ωy. So (y, z) after a time t, in closed form
 * (a damped oscillator: z″ + γz′ + Ω²z = 0).
 */
function rabi(omega: number, gamma: number, t: number, y: number, z: number): [y: number, z: number] {
  const w = Math.sqrt(omega * omega - (gamma * gamma) / 4);
  const [sin, cos] = sincos(w * t) as [number, number];
  const fade = exp((-gamma * t) / 2);
  const half = gamma / 2;
  return [
    fade * (y * cos - ((half * y + omega * z) / w) * sin),
    fade * (z * cos + ((half * z + omega * y) / w) * sin),
  ];
}

test("damped Rabi oscillations are foretold as their closed form has them, one step and 21 ahead", () => {
  const actor = foretelling(2, { falseAlarmSamples: 20 });
  const [omega, gamma] = [(2 * Math.PI) / 30, 0.002];
  const at = (k: number) => rabi(omega, gamma, k, 0, 1);
  for (let k = 0; k < 2_000; k++) {
    give(actor, qubit(k, 0, ...at(k)));
    if (k < 600 || k % 37 !== 0) continue;
    const said = measures(actor);
    for (const [horizon, steps, within] of [
      ["next", 1, 1e-5],
      ["ahead", AHEAD, 1e-4],
    ] as const) {
      const [y, z] = at(k + steps);
      const off = said[`prediction.population0.${horizon}`]! - (1 + z) / 2;
      assert.ok(Math.abs(off) < within, `${horizon} from ${k}: off by ${off}`);
      close(said[`prediction.statePurity.${horizon}`]!, (1 + y * y + z * z) / 2, 2 * within);
      close(
        said[`prediction.population1.${horizon}`]!,
        1 - said[`prediction.population0.${horizon}`]!,
        1e-12,
      );
    }
  }
  const said = measures(actor);
  // The first forecast, of a motion that is not known yet, is one of 2,000 and one of 95.
  for (const [horizon, least] of [
    ["next", 0.98],
    ["ahead", 0.8],
  ] as const) {
    for (const measure of ["stateSkill", "stateSkillOverLast"]) {
      const skill = said[`prediction.${measure}.${horizon}`]!;
      assert.ok(skill > least, `${measure}.${horizon} ${skill}`);
    }
    assert.ok(said[`prediction.stateDieboldMarianoOverLast.${horizon}`]! < -1.96, horizon);
    assert.is(said[`prediction.stateGained.${horizon}`], 1, horizon);
  }
  assert.equal([said["prediction.stateSteps.next"], said["prediction.stateSteps.ahead"]], [1, AHEAD]);
  assert.is(said["prediction.stepSeconds"], 1);
  assert.equal(ofPredictions(actor), ["prediction.gained", "prediction.gained"]);
  const titles = actor.events.map(({ title }) => title);
  assert.ok(
    titles.some((title) => /^The state of group one step ahead can be foretold: \d+ % less/.test(title)),
  );
  assert.ok(
    titles.some((title) => /^The state of group 21 steps ahead can be foretold: \d+ % less/.test(title)),
  );
});

const oracle = shared("oracle/sequences.json.gz");
if (oracle === null) skipWithoutData();
else
  test("an exciton on four sites with dephasing is foretold as the exact evolution of the oracle has it", () => {
    const { steps } = JSON.parse(gunzipSync(readFileSync(oracle)).toString()).D_exciton as {
      steps: { t: number; rho: { re: number[]; im: number[] } }[];
    };
    const actor = foretelling(4, { aheadRows: 5 });
    const off = { next: 0, last: 0 };
    steps.forEach(({ rho }, k) => {
      if (k > 30) {
        const { forecast } = horizons(actor).next;
        for (let i = 0; i < 4; i++) {
          off.next = Math.max(off.next, Math.abs(forecast[diagonalPlace(i)]! - rho.re[5 * i]!));
          off.last = Math.max(off.last, Math.abs(steps[k - 1]!.rho.re[5 * i]! - rho.re[5 * i]!));
        }
      }
      give(actor, { ...density((k + 1) * SECOND, rho.re), im: float64Bytes(rho.im) });
    });
    assert.ok(off.next < 2e-3, `populations off by ${off.next}`);
    assert.ok(off.last > 3e-2, `and they move by ${off.last}`);
  });

test("of a monitored qubit the identified motion foretells nearly as well as the true law", () => {
  // Of the state that the observer knows, E ρ(t+h) given ρ(t) is e^{Lh} ρ(t), with H = ½Ωσ_x and c = √k σ_z: a decay of coherence at 2k.
  const [rate, omega, weak] = [200, 2 * Math.PI, 0.2];
  const everyUs = SECOND / rate;
  const actor = foretelling(2, {}, everyUs);
  const run = quantumZeno.create({
    seed: 3,
    strength: 0,
    channels: 1,
    rate,
    durationUs: 120 * SECOND,
    startUs: SECOND,
    group: "group",
    form: "density",
  });
  const states: DensityMatrix[] = [];
  for (let state = run.next(); state !== null; state = run.next()) states.push(state as DensityMatrix);
  const bloch = (k: number) => {
    const [re, im] = [float64Column(states[k]!.re), float64Column(states[k]!.im)];
    return { x: 2 * re[1]!, y: 2 * im[2]!, z: re[0]! - re[3]! };
  };
  const sums = { own: 0, law: 0, last: 0 };
  let made: { population: number; k: number } | null = null;
  states.forEach((state, k) => {
    give(actor, state);
    if (k < 4_000 || k % AHEAD !== 0) return;
    const { z } = bloch(k);
    if (made !== null) {
      const before = bloch(made.k);
      const [, lawful] = rabi(omega, 2 * weak, AHEAD / rate, before.y, before.z);
      sums.own += (2 * made.population - 1 - z) ** 2;
      sums.law += (lawful - z) ** 2;
      sums.last += (before.z - z) ** 2;
    }
    made = { population: measures(actor)["prediction.population0.ahead"]!, k };
  });
  assert.ok(sums.own < 1.2 * sums.law, `loss ${sums.own} beside ${sums.law} of the true law`);
  assert.ok(sums.own < 0.2 * sums.last, `loss ${sums.own} beside ${sums.last} of the last state`);
  assert.equal(ofPredictions(actor), ["prediction.gained", "prediction.gained"]);
});

/** States of which nothing can be foretold beyond the state before or their mean. */
const NULLS: Record<string, (seed: number) => (k: number) => DensityMatrix> = {
  "states that scatter about one": (seed) => {
    const normal = normals(seed);
    return (k) => qubit(k, 0.3 + 0.05 * normal(), 0.05 * normal(), 0.5 + 0.05 * normal());
  },
  "one of two levels, drawn anew each time": (seed) => {
    const uniform = uniforms(seed);
    return (k) => mixture((k + 1) * SECOND, uniform() < 0.5 ? [1, 0, 0] : [0, 0, 1]);
  },
  "a state that wanders": (seed) => {
    const normal = normals(seed);
    const at = [0, 0, 0];
    return (k) => {
      for (let i = 0; i < 3; i++) {
        const next = at[i]! + 0.002 * normal();
        at[i] = Math.abs(next) < 0.57 ? next : at[i]!;
      }
      return qubit(k, ...(at as [number, number, number]));
    };
  },
  "a state that rests": () => (k) => qubit(k, 0.1, 0.2, 0.3),
};

for (const [name, world] of Object.entries(NULLS))
  test(`${name}: skill is announced no more often than promised, and mostly there is none`, () => {
    const [runs, states, promised] = [20, 3_000, 1_000];
    let announced = 0;
    let skilled = 0;
    for (let seed = 1; seed <= runs; seed++) {
      const next = world(seed);
      const first = next(0);
      const own = foretelling(first.n, { falseAlarmSamples: promised, aheadRows: 5 });
      give(own, first);
      for (let k = 1; k < states; k++) give(own, next(k));
      announced += ofPredictions(own).filter((kind) => kind === "prediction.gained").length;
      const said = measures(own);
      for (const horizon of ["next", "ahead"]) skilled += said[`prediction.stateGained.${horizon}`]!;
    }
    assert.ok(announced <= (runs * states) / promised, `${announced} announced`);
    assert.ok(skilled <= runs / 10, `${skilled} of ${2 * runs} have skill`);
  });

test("skill is lost when the motion ends in scatter", () => {
  const actor = foretelling(2, { memorySteps: 300 });
  const normal = normals(5);
  for (let k = 0; k < 6_000; k++) {
    const [y, z] = rabi(0.3, 0, k, 0, 0.8);
    const noise = () => 0.02 * normal();
    if (k < 2_000) give(actor, qubit(k, noise(), y + noise(), z + noise()));
    else give(actor, qubit(k, 5 * noise(), 5 * noise(), 5 * noise()));
  }
  const ofStep = actor.events.filter(({ title }) => title.includes("one step ahead"));
  assert.equal(
    ofStep.map(({ kind }) => kind),
    ["prediction.gained", "prediction.lost"],
  );
  assert.ok(ofStep[0]!.timeUs < 1_000 * SECOND, `gained at ${ofStep[0]!.timeUs}`);
  assert.ok(ofStep[1]!.timeUs > 2_000 * SECOND, `lost at ${ofStep[1]!.timeUs}`);
  assert.is(ofStep[1]!.detail!["sinceUs"], ofStep[0]!.detail!["atUs"]);
  assert.is(measures(actor)["prediction.stateGained.next"], 0);
});

test("what is foretold is a state, however the states scatter, jump and turn", () => {
  // Of a qubit ρ has no eigenvalue below 0 just where its purity is at most 1.
  const actor = foretelling(2, { aheadRows: 1_000 });
  const normal = normals(6);
  let purest = 0;
  for (let k = 0; k < 2_000; k++) {
    const [y, z] = rabi(0.9, 0, k, 0, 1);
    const r = [0.1 * normal(), y + 0.1 * normal(), z + 0.1 * normal()];
    const size = Math.sqrt(r.reduce((sum, each) => sum + each * each, 0));
    const [x, v, w] = r.map((each) => each / size) as [number, number, number];
    give(actor, k % 97 === 0 ? qubit(k, -x, -v, -w) : qubit(k, x, v, w));
    for (const { forecast } of Object.values(horizons(actor))) {
      const purity = forecast.reduce((sum, each) => sum + each * each, 0);
      close(forecast[diagonalPlace(0)]! + forecast[diagonalPlace(1)]!, 1, 1e-12);
      assert.ok(purity <= 1 + 1e-12, `purity ${purity} at ${k}`);
      purest = Math.max(purest, purity);
    }
  }
  assert.ok(purest > 0.9999, "some are pure, so that the bound is reached");
});

test("a motion that grows foretells a state all the same", () => {
  const actor = foretelling(2, { aheadRows: 100_000 });
  for (let k = 0; k < 400; k++) give(actor, qubit(k, 0, 0, 1e-3 * exp(0.016 * k)));
  const { forecast } = horizons(actor).ahead;
  assert.ok(forecast.every(Number.isFinite));
  close(forecast[diagonalPlace(0)]! + forecast[diagonalPlace(1)]!, 1, 1e-12);
});

test("states at unequal steps, of one or of many levels, and of a session that does not ask for it are not foretold", () => {
  const keys = (actor: ActorHarness) =>
    Object.keys(measures(actor)).filter((name) => name.startsWith("prediction.state"));
  const uneven = foretelling(2);
  for (let k = 0; k < 400; k++) {
    const state = qubit(k, 0, ...rabi(0.3, 0, k, 0, 1));
    give(uneven, { ...state, timeUs: state.timeUs + (k % 2) * 300_000 });
  }
  assert.equal(keys(uneven), []);
  for (const n of [1, 5]) {
    const other = foretelling(n);
    for (let k = 0; k < 400; k++)
      give(other, mixture((k + 1) * SECOND, [...Array<number>(n - 1).fill(0), 1]));
    assert.equal(keys(other), [], `${n} levels`);
  }
  const off = foretelling(2, { enabled: false });
  for (let k = 0; k < 400; k++) give(off, qubit(k, 0, ...rabi(0.3, 0, k, 0, 1)));
  assert.equal(keys(off), []);
  assert.is(Object.keys(off.detector.fields).filter((name) => name.startsWith("forecasts.")).length, 0);
});

test("a forecast that a missing state interrupts is judged by none", () => {
  const actor = foretelling(2, { aheadRows: 10 });
  const turned = (k: number) => qubit(k, 0, ...rabi(0.3, 0, k, 0, 1));
  for (let k = 0; k < 100; k++) give(actor, turned(k));
  const { next, ahead } = horizons(actor);
  const before = [next.comparison.targets, ahead.comparison.targets];
  give(actor, turned(101));
  assert.equal([next.comparison.targets, ahead.comparison.targets], before);
  // The step after the gap is not as long as the gap; the one after that is as long as the one before.
  for (let k = 102; k < 114; k++) give(actor, turned(k));
  assert.ok(next.comparison.targets > before[0]!);
  assert.is(ahead.comparison.targets, before[1]! + 1);
  assert.ok(next.losses.at(-1)! < 1e-6, "and the motion is known as before");
});

test("state vectors are foretold as their projectors", () => {
  const [pure, projector] = [foretelling(2), foretelling(2)];
  for (let k = 0; k < 300; k++) {
    const [sin, cos] = sincos(0.1 * k) as [number, number];
    pure.input(vector((k + 1) * SECOND, [cos, sin]), (k + 1) * SECOND);
    give(projector, density((k + 1) * SECOND, [cos * cos, cos * sin, cos * sin, sin * sin]));
  }
  assert.equal(measures(pure), measures(projector));
});

function close(value: number, expected: number, within: number): void {
  assert.ok(Math.abs(value - expected) < within, `${value}; expected ${expected}`);
}

test.run();
