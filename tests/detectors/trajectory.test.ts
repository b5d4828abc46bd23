// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { trajectory } from "../../actors/detectors/trajectory/detector.ts";
import { float64Bytes } from "../../protocol/columns.ts";
import type { StateMessage } from "../../protocol/messages.ts";
import { gaussian, seeded } from "../kernels/builders.ts";
import { ActorHarness } from "../support/actor-harness.ts";
import { density, mixture, vector } from "../support/quantum.ts";
import { groupOf } from "../support/rows.ts";

const MS = 1000;

function given(n: number, settings: Record<string, number> = {}): ActorHarness {
  return new ActorHarness(trajectory, { trajectory: settings }, groupOf(n, { states: true }));
}

/** cos θ|0⟩ + sin θ|1⟩. */
function turned(degrees: number): number[] {
  const angle = (degrees * Math.PI) / 180;
  return [Math.cos(angle), Math.sin(angle)];
}

function published(actor: ActorHarness): Omit<StateMessage, "type"> {
  return actor.publish() as Omit<StateMessage, "type">;
}

test("trajectory is enabled only for groups of whole states", () => {
  const settings = { trajectory: { enabled: true } } as never;
  assert.ok(trajectory.enabled(settings, groupOf(2, { states: true })));
  assert.not(trajectory.enabled(settings, groupOf(2)));
});

test("trajectory publishes the state as it was given, with exact measures", () => {
  const actor = given(2);
  actor.input(density(5 * MS, [0.75, 0.25, 0.25, 0.25]), 5 * MS);
  const state = published(actor);
  assert.equal(
    [state.source, state.reading, state.significant, state.timeUs, state.n],
    ["direct", "native", true, 5 * MS, 2],
  );
  assert.equal(state.populations, [0.75, 0.25]);
  assert.equal([...new Float32Array(state.re.slice().buffer)], [0.75, 0.25, 0.25, 0.25]);
  // γ = .75² + .25² + 2·.25²; λ = ½ ± √(.25² + .25²); C_l1 = 2·.25.
  close(state.measures["purity"]!, 0.75);
  close(state.measures["cohL1"]!, 0.5);
  close(state.spectrum[0]!, 0.5 + Math.sqrt(0.125));
  close(state.measures["fidelity"]!, 1);
});

test("trajectory measures populations, eigenvalues and the Bloch vector of few levels, so that they have a past", () => {
  const qubit = given(2);
  const rho = { ...density(MS, [0.75, 0.25, 0.25, 0.25]), im: float64Bytes([0, -0.1, 0.1, 0]) };
  qubit.input(rho, MS);
  const { measures, spectrum } = published(qubit);
  assert.equal(
    [measures["population0"], measures["population1"], measures["population2"]],
    [0.75, 0.25, undefined],
  );
  assert.equal([measures["lambda1"], measures["lambda2"]], [undefined, spectrum[1]]);
  assert.equal([measures["blochX"], measures["blochY"], measures["blochZ"]], [0.5, 0.2, 0.5]);
  const many = given(9);
  many.input(mixture(MS, [0.2, ...Array<number>(8).fill(0.1)]), MS);
  assert.equal(
    Object.keys(published(many).measures).filter((name) => /^(population|lambda\d|bloch)/.test(name)),
    [],
  );
});

test("trajectory of a pure state equals that of its projector", () => {
  const [c, s] = turned(20) as [number, number];
  const pure = given(2);
  pure.input(vector(MS, [c, s]), MS);
  const projector = given(2);
  projector.input(density(MS, [c * c, c * s, c * s, s * s]), MS);
  assert.equal(published(pure), published(projector));
  close(published2(pure, [0.6, 0.8]).measures["purity"]!, 1);
});

test("trajectory of complex amplitudes has ψψ† with the right phases", () => {
  // (|0⟩ + i|1⟩)/√2: ρ01 = ψ0 ψ1* = −i/2.
  const half = Math.SQRT1_2;
  const psi = { ...vector(MS, [half, 0]), im: float64Bytes([0, half]) };
  const rho = { ...density(2 * MS, [0.5, 0, 0, 0.5]), im: float64Bytes([0, -0.5, 0.5, 0]) };
  const actor = given(2, { memoryStates: 1 });
  actor.input(psi, MS);
  assert.equal(
    [...new Float32Array(published(actor).im.slice().buffer)].map((x) => x + 0),
    [0, -0.5, 0.5, 0],
  );
  actor.input(rho, 2 * MS);
  assert.equal(actor.kinds(), []);
  // Its conjugate is orthogonal to it.
  actor.input({ ...psi, im: float64Bytes([0, -half]) }, 3 * MS);
  assert.equal(actor.kinds(), ["trajectory.jumped"]);
  close(actor.events[0]!.detail!["fidelity"] as number, 0);
});

test("trajectory publishes nothing twice", () => {
  const actor = given(2);
  assert.is(actor.publish(), null);
  actor.input(vector(MS, [1, 0]), MS);
  published(actor);
  assert.is(actor.publish(), null);
});

test("with a memory of one state, fidelity is that with the previous state: (Σ√pq)² for mixtures", () => {
  const actor = given(3, { memoryStates: 1 });
  const before = [0.5, 0.3, 0.2];
  const after = [0.2, 0.2, 0.6];
  actor.input(mixture(MS, before), MS);
  actor.input(mixture(2 * MS, after), 2 * MS);
  const root = before.reduce((sum, p, k) => sum + Math.sqrt(p * after[k]!), 0);
  const { measures } = published(actor);
  close(measures["fidelity"]!, root * root);
  close(measures["surprise"]!, 1 - root * root);
});

test("fidelity is that with the mean of the states in memory", () => {
  const actor = given(2, { memoryStates: 2 });
  for (const [k, degrees] of [0, 10, 20].entries()) actor.input(vector(k * MS, turned(degrees)), k * MS);
  // The second of two states weighs as much as the first; F with a pure state is the mean of cos².
  const cos2 = (degrees: number) => turned(degrees)[0]! ** 2;
  close(published(actor).measures["fidelity"]!, (cos2(20) + cos2(10)) / 2);
});

test("before the memory is full, all states have the same weight", () => {
  const actor = given(2, { memoryStates: 16 });
  for (const [k, degrees] of [0, 10, 20, 30].entries()) actor.input(vector(k * MS, turned(degrees)), k * MS);
  const cos2 = (degrees: number) => turned(degrees)[0]! ** 2;
  // For a pure state the root of an eigenvalue of 0 with rounding errors is 1e-8.
  close(published(actor).measures["fidelity"]!, (cos2(30) + cos2(20) + cos2(10)) / 3, 1e-8);
});

test("a jump is announced once, with its levels, and the next one only after the state has settled", () => {
  const actor = given(2);
  let now = 0;
  const give = (amplitudes: number[], times: number) => {
    for (let k = 0; k < times; k++) {
      now += MS;
      actor.input(vector(now, amplitudes), now);
    }
  };
  give([1, 0], 20);
  give([0, 1], 1);
  assert.equal(actor.kinds(), ["trajectory.jumped"]);
  assert.match(actor.events[0]!.title, /from c0 towards c1/);
  assert.equal(actor.events[0]!.detail!["fidelity"], 0);
  // An immediate return belongs to the same jump.
  give([1, 0], 1);
  assert.equal(actor.kinds(), ["trajectory.jumped"]);
  give([0, 1], 60);
  assert.equal(actor.kinds(), ["trajectory.jumped", "trajectory.settled"]);
  // The jump came with the 21st state.
  assert.is(actor.events[1]!.detail!["tookUs"], actor.events[1]!.timeUs! - 21 * MS);
  give([1, 0], 60);
  assert.equal(actor.kinds(), [
    "trajectory.jumped",
    "trajectory.settled",
    "trajectory.jumped",
    "trajectory.settled",
  ]);
});

test("a slow turn is no jump, the same turn within a few states is one", () => {
  const slow = given(2);
  for (let k = 0; k <= 900; k++) slow.input(vector(k * MS, turned(k / 10)), k * MS);
  assert.equal(slow.kinds(), []);
  const quick = given(2);
  for (let k = 0; k <= 60; k++)
    quick.input(vector(k * MS, turned(k < 20 ? 0 : Math.min(90, (k - 20) * 9))), k * MS);
  assert.equal(quick.kinds(), ["trajectory.jumped", "trajectory.settled"]);
});

test("with a memory of one state a turn of 30° per state is no jump, and one of 50° is", () => {
  // F = cos²30° = ¾ and cos²50° = .41.
  for (const [degrees, kinds] of [
    [30, []],
    [50, ["trajectory.jumped"]],
  ] as const) {
    const actor = given(2, { memoryStates: 1 });
    actor.input(vector(MS, turned(0)), MS);
    actor.input(vector(2 * MS, turned(degrees)), 2 * MS);
    assert.equal(actor.kinds(), kinds, `${degrees}°`);
  }
});

test("bounds decide like the fidelity: mixtures of few and many levels jump where (Σ√pq)² < ½", () => {
  for (const n of [3, 12]) {
    for (let k = 0; k <= 50; k++) {
      // q goes from p to its mirror image.
      const p = Array.from({ length: n }, (_, i) => (i === 0 ? 0.9 : 0.1 / (n - 1)));
      const q = p.map((each, i) => each + (k / 50) * (p[n - 1 - i]! - each));
      const actor = given(n, { memoryStates: 1 });
      actor.input(mixture(MS, p), MS);
      actor.input(mixture(2 * MS, q), 2 * MS);
      const root = p.reduce((sum, each, i) => sum + Math.sqrt(each * q[i]!), 0);
      if (Math.abs(root * root - 0.5) < 1e-9) continue;
      assert.is(actor.events.length === 1, root * root < 0.5, `n ${n}, step ${k}: F ${root * root}`);
    }
  }
});

test("a mixture jumps when its smaller component changes", () => {
  // F = .6² = .36, though the trace distance is .4 only.
  const actor = given(3, { memoryStates: 1 });
  actor.input(mixture(MS, [0.6, 0.4, 0]), MS);
  actor.input(mixture(2 * MS, [0.6, 0, 0.4]), 2 * MS);
  assert.equal(actor.kinds(), ["trajectory.jumped"]);
  close(actor.events[0]!.detail!["fidelity"] as number, 0.36);
});

function published2(actor: ActorHarness, amplitudes: number[]): Omit<StateMessage, "type"> {
  actor.input(vector(9 * MS, amplitudes), 9 * MS);
  return published(actor);
}

function close(value: number, expected: number, within = 1e-12): void {
  assert.ok(Math.abs(value - expected) < within, `${value}; expected ${expected}`);
}

/** A qubit that turns by `degrees` a state about a tilted axis, loses `decay` of its coherence, with noise; kicked at some states. */
function turning(
  states: number,
  degrees: number,
  decay: number,
  noise: number,
  kicks: readonly number[] = [],
) {
  const random = seeded(7);
  let [x, y, z] = [0, 0.6, 0.8];
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return Array.from({ length: states }, (_, k) => {
    [y, z] = [c * y - s * z, s * y + c * z];
    // Back towards a pure state, so that it moves for ever.
    const size = Math.sqrt(x * x + y * y + z * z);
    const grown = (1 - decay) * size + decay * 0.9;
    [x, y, z] = [x, y, z].map((each) => (each * grown) / size) as [number, number, number];
    if (kicks.includes(k)) [y, z] = [-y, -z];
    const [mx, my, mz] = [x, y, z].map((each) => 0.98 * each + noise * gaussian(random));
    const rho = density((k + 1) * MS, [(1 + mz!) / 2, mx! / 2, mx! / 2, (1 - mz!) / 2]);
    return { ...rho, im: float64Bytes([0, -my! / 2, my! / 2, 0]) };
  });
}

test("jumps of a state that moves are judged against its motion, once that is known beyond chance", () => {
  const actor = given(2, { memoryStates: 16 });
  const kicks = [1500, 1700, 1900];
  for (const [k, state] of turning(2000, 25, 0.1, 0.01, kicks).entries()) {
    actor.input(state, (k + 1) * MS);
    if (k === 400) assert.ok("motionSkill" in published(actor).measures);
  }
  const late = actor.events.filter(({ timeUs }) => timeUs > 1000 * MS);
  const jumped = late.filter(({ kind }) => kind === "trajectory.jumped");
  assert.equal(
    jumped.map(({ timeUs }) => timeUs / MS - 1),
    kicks,
  );
  assert.is(late.length, 2 * kicks.length, "after each the state settles: its motion goes on from there");
  const { measures } = published(actor);
  assert.ok(measures["motionSkill"]! > 0.9, `${measures["motionSkill"]}`);
});

test("states that only scatter, come at unequal steps or have many levels have no model of their motion", () => {
  const still = given(2);
  for (const [k, state] of turning(2000, 0, 0, 0.05).entries()) still.input(state, (k + 1) * MS);
  assert.not("motionSkill" in published(still).measures);
  const uneven = given(2);
  for (const [k, state] of turning(600, 25, 0.1, 0.01).entries()) {
    const timeUs = (k + 1) * MS + (k % 2) * 300;
    uneven.input({ ...state, timeUs }, timeUs);
  }
  assert.not("motionSkill" in published(uneven).measures);
  const many = given(5);
  many.input(mixture(MS, [0.2, 0.2, 0.2, 0.2, 0.2]), MS);
  assert.not("motionSkill" in published(many).measures);
});

test.run();
