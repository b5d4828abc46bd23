// runtime: either
/** When a core reports metrics and publishes states, what its gauges are, and whom a probe sees at work. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ActorDefinition } from "../../actors/ports/detector.ts";
import { channels, row } from "../support/inputs.ts";
import { mixture } from "../support/quantum.ts";
import { summing, touchy } from "../support/toy-actors.ts";
import { machineOf, notice, toy, toyCore } from "./toy-core.ts";

/** Degraded between the notices "slow" and "fast". */
const load: ActorDefinition = toy(
  "load",
  () => ({
    fields: {},
    onInput(input, context) {
      if (input.type === "notice") context.signal({ type: input.kind, timeUs: context.now });
    },
  }),
  {
    machine: machineOf({
      usual: { on: { slow: "slow" } },
      slow: { tags: ["degraded"], on: { fast: "usual" } },
    }),
  },
);

test("metrics are reported after each frame", () => {
  const world = toyCore({ session: [load] });
  for (const timeUs of [5, 5, 6]) world.apply(timeUs, row(timeUs, [1]));
  assert.equal(world.metrics, [5, 5, 6]);
});

test("in degraded mode metrics are reported once a millisecond, also after a restore", () => {
  const first = toyCore({ session: [load] });
  first.apply(1, notice("slow"));
  const times = [10, 1_009, 1_010, 1_500, 2_009, 2_010];
  for (const timeUs of times.slice(0, 3)) first.apply(timeUs, row(timeUs, [1]));
  const second = toyCore({ session: [load] }, { from: first.core.snapshot() });
  for (const timeUs of times.slice(3)) second.apply(timeUs, row(timeUs, [1]));
  assert.equal([...first.metrics, ...second.metrics], [10, 1_010, 2_010]);
  second.apply(2_011, notice("fast"));
  // The next frame of degraded mode is due at 3,010.
  for (const timeUs of [3_010, 3_011]) second.apply(timeUs, row(timeUs, [1]));
  assert.equal(second.metrics, [2_010, 3_010, 3_011]);
});

test("measurements of the runtime are reported at once and kept, beside what the core counts itself", () => {
  const world = toyCore({ session: [load], group: [touchy] });
  world.apply(1, notice("slow"));
  world.apply(2, channels(2, { group: "h" }));
  world.apply(3, row(3, [1]));
  world.apply(4, { type: "measurement", gauges: { load: 0.5 } });
  world.apply(5, { type: "measurement", gauges: { load: 0.75, inputs: -1 } });
  assert.equal(world.metrics, [3, 4, 5]);
  const expected = { load: 0.75, inputs: 7, samples: 1, events: 1, groups: 2, degraded: 1 };
  assert.equal(world.core.gauges(), expected);
  const restored = toyCore({ session: [load], group: [touchy] }, { from: world.core.snapshot() });
  assert.equal(restored.core.gauges(), expected);
  world.apply(6, notice("fast"));
  assert.is(world.core.gauges()["degraded"], 0);
});

/** Publishes the time at which it is asked. */
const clock: ActorDefinition = toy("clock", () => ({
  fields: {},
  publish: ({ now, sequence }) => ({ group: "g", timeUs: now, sequence }),
}));

const publishedAt = (publishEveryUs: number, times: readonly number[]) => {
  const world = toyCore({ group: [clock] }, { settings: { publishEveryUs } });
  for (const timeUs of times) world.apply(timeUs, row(timeUs, [1]));
  return world.states.map(({ timeUs }) => timeUs);
};

test("states are published with the first frame in each interval of the clock", () => {
  assert.equal(publishedAt(100, [5, 99, 100, 101, 199, 350, 399, 400]), [5, 100, 350, 400]);
});

test("with an interval of 0 each frame is followed by a state", () => {
  assert.equal(publishedAt(0, [5, 5, 6]), [5, 5, 6]);
});

test("a probe sees each actor that works enter and leave, one after the other", () => {
  const states: ActorDefinition = toy("states", () => ({ fields: {}, onInput() {} }));
  const world = toyCore({ group: [summing, clock, touchy, states] }, { n: 2 });
  const seen: string[] = [];
  world.core.probe = {
    enter: ({ key }) => void seen.push(`+${key}`),
    leave: ({ key }) => void seen.push(`-${key}`),
  };
  world.apply(1, row(1, [1, 1]));
  assert.equal(
    seen.splice(0),
    ["+g/summing", "-g/summing", "+g/touchy", "-g/touchy"],
    "those that take rows",
  );
  world.apply(2, mixture(2, [1, 0]));
  const all = ["summing", "clock", "touchy", "states"].flatMap((name) => [`+g/${name}`, `-g/${name}`]);
  assert.equal(seen, all);
});

test("what a core does not know of has no channels, no states and no sequence", () => {
  const { core } = toyCore({}, { n: 2 });
  assert.equal([core.channelsOf("g"), core.channelsOf("h")], [2, 0]);
  assert.equal([core.hasStates("g"), core.hasStates("h")], [false, false]);
  assert.equal([core.partition, core.session?.session], ["p0", "test"]);
  assert.is(core.lastSequenceOf("nobody"), 0);
});

test.run();
