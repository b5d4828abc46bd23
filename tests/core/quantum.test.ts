// runtime: either
/** Whole states and measurement records in the core: the actors that receive them, hash and snapshot. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Core } from "../../actors/core/core.ts";
import { hex } from "../../actors/core/hash.ts";
import { SYSTEM } from "../../actors/system.ts";
import type { EventMessage, Input, StateMessage } from "../../protocol/messages.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import { channels, opened } from "../support/inputs.ts";
import { currents, mixture, vector } from "../support/quantum.ts";
import { frameOf } from "../support/rows.ts";

test("the first whole state of a group replaces its actors for channels by the one for states", () => {
  const world = given(opened(), channels(2));
  assert.equal(world.actors(), ["g/anomaly", "g/arrivals", "g/collapse", "g/estimator", "g/front"]);
  world.when([5, vector(5, [1, 0])]);
  assert.equal(world.actors(), ["g/front", "g/trajectory"]);
  world.when([6, channels(2)], [7, mixture(7, [0.5, 0.5])]);
  assert.equal(world.actors(), ["g/front", "g/trajectory"]);
});

test("each group has its own trajectory and publishes states at the publish rate", () => {
  const world = given(opened(), channels(2), channels(3, { group: "h" }));
  const inputs = Array.from({ length: 100 }, (_, k): [number, Input][] => [
    [k * 2000, mixture(k * 2000, [1, 0])],
    [k * 2000, { ...mixture(k * 2000, [0, 0, 1]), group: "h" }],
  ]).flat();
  world.when(...inputs);
  const of = (group: string) => world.states.filter((state) => state.group === group);
  // 200 ms at one state each 50 ms.
  assert.equal([of("g").length, of("h").length], [4, 4]);
  assert.equal(of("h").at(-1)!.populations, [0, 0, 1]);
  assert.equal(of("g").at(-1)!.modes, ["c0", "c1"]);
});

test("a jump becomes an event of the group", () => {
  const world = given(opened(), channels(2));
  for (let k = 0; k < 30; k++) world.when([k * 1000, vector(k * 1000, k < 20 ? [1, 0] : [0, 1])]);
  const jumped = world.events.find(({ kind }) => kind === "trajectory.jumped")!;
  assert.equal([jumped.group, jumped.actor, jumped.timeUs], ["g", "trajectory", 20_000]);
});

test("a measurement record has the same effect as a frame of its channel", () => {
  const declared = channels(2, { sampling: "ticks" });
  const values = Array.from({ length: 40 }, (_, k) => (k % 7) - (k % 3));
  const asRecord = given(opened(), declared).when([
    50_000,
    currents(1000, values, { operator: "c1", sequence: 3 }),
  ]);
  const samples = values.map((value, k) => [1000 + 1000 * k, 1, value] as const);
  const asFrame = given(opened(), declared).when([
    50_000,
    { ...frameOf(samples, "g"), source: "feed", sequence: 3 },
  ]);
  assert.is(asRecord.hash(), asFrame.hash());
  assert.is(asRecord.core.lastSequenceOf("feed"), 3);
  assert.is(asRecord.core.samples, 40);
});

test("states and records count as samples, and the core keeps their sequences by source", () => {
  const world = given(opened(), channels(3)).when([5, mixture(5, [1, 0, 0], 7)]);
  assert.is(world.core.samples, 3);
  assert.is(world.core.lastSequenceOf("feed"), 7);
});

test("[R4] every element of the trajectory's state changes the hash", () => {
  const world = longRun();
  const before = world.hash();
  let elements = 0;
  for (const { actor, field, value } of [...world.core.registered()]) {
    if (actor !== "g/trajectory" || typeof value === "string") continue;
    for (let i = 0; i < value.length; i++) {
      const old = value[i]!;
      value[i] = old === 1 ? 2 : 1;
      assert.is.not(world.hash(), before, `${field}[${i}]`);
      value[i] = old;
      elements++;
    }
  }
  // Two matrices of nine complex numbers, a motion of nine regressions on nine numbers each, ten averages of nine at two horizons.
  assert.ok(elements > 36 + 9 * (9 + 81) + 90, `${elements} elements`);
});

test("a core with whole states, restored from any snapshot, has the same later events, states and hash", () => {
  const inputs = longInputs();
  const whole = longRun();
  for (let cut = 0; cut < inputs.length; cut += 9) {
    const first = given(FORETELLING, channels(3)).when(...inputs.slice(0, cut));
    const second = resumed(first).when(...inputs.slice(cut));
    assert.equal(second.events, whole.events, `cut at ${cut}`);
    assert.equal(second.states, whole.states, `cut at ${cut}`);
    assert.is(second.hash(), whole.hash(), `cut at ${cut}`);
  }
});

test("a changed setting restarts the trajectory, which stays the only actor", () => {
  const world = longRun().when([
    9_000_000,
    { type: "configChanged", path: "trajectory.memoryStates", value: 2, author: "ana" },
  ]);
  assert.equal(world.actors(), ["g/front", "g/trajectory"]);
  world.when([9_000_001, { type: "configChanged", path: "trajectory.enabled", value: false, author: "ana" }]);
  assert.equal(world.actors(), ["g/front"]);
  world.when([9_000_002, mixture(9_000_002, [1, 0, 0])]);
});

test("states are foretold once that is switched on, from then on", () => {
  const foretold = (world: World) =>
    Object.keys(world.states.at(-1)!.measures).filter((name) => name.startsWith("prediction.stateSkill."));
  const world = given(opened(), channels(3)).when(...longInputs());
  assert.equal(foretold(world), []);
  const again = longInputs().map(([timeUs, input]): [number, Input] => [
    timeUs + 1_000_000,
    { ...input, timeUs: timeUs + 1_000_000 } as Input,
  ]);
  const set = (path: string, value: unknown): [number, Input] => [
    500_000,
    { type: "configChanged", path, value, author: "ana" },
  ];
  world.when(set("prediction.aheadRows", 4), set("prediction.enabled", true), ...again);
  assert.equal(foretold(world), ["prediction.stateSkill.next", "prediction.stateSkill.ahead"]);
  assert.equal(world.actors(), ["g/front", "g/trajectory"]);
});

// ---- given, when, then ------------------------------------------------------------------------------------------

interface World {
  core: Core;
  events: EventMessage[];
  states: StateMessage[];
  when(...inputs: [timeUs: number, input: Input][]): World;
  hash(): string;
  actors(): string[];
}

function given(...inputs: Input[]): World {
  return world([], [], (sink) => new Core(SYSTEM, sink)).when(
    ...inputs.map((input): [number, Input] => [0, input]),
  );
}

function resumed({ core, events, states }: World): World {
  return world([...events], [...states], (sink) => Core.restore(core.snapshot(), SYSTEM, sink));
}

function world(
  events: EventMessage[],
  states: StateMessage[],
  make: (sink: ConstructorParameters<typeof Core>[1]) => Core,
): World {
  const core = make({
    event: (event) => void events.push(event),
    state: (state) => void states.push(structuredClone(state)),
    metrics() {},
  });
  return {
    core,
    events,
    states,
    when(...inputs) {
      for (const [timeUs, input] of inputs) core.apply(core.sequence + 1, timeUs, input);
      return this;
    },
    hash: () => hex(core.hash().hash),
    actors: () =>
      [...new Set([...core.registered()].map(({ actor }) => actor))]
        .filter((actor) => actor.startsWith("g/"))
        .sort(),
  };
}

/** States that move between three levels, pure and mixed. */
function longInputs(): [number, Input][] {
  return Array.from({ length: 120 }, (_, k) => {
    const timeUs = 1000 * (k + 1);
    const level = Math.floor(k / 40);
    const levels = [0, 1, 2].map((i) => (i === level ? 1 : 0));
    if (k % 3 === 0) return [timeUs, vector(timeUs, levels, k + 1)];
    return [
      timeUs,
      mixture(
        timeUs,
        levels.map((p) => 0.9 * p + 0.1 / 3),
        k + 1,
      ),
    ];
  });
}

const { prediction } = defaultSettings();
const FORETELLING = opened({ prediction: { ...prediction, enabled: true, aheadRows: 5 } });

function longRun(): World {
  return given(FORETELLING, channels(3)).when(...longInputs());
}

test.run();
