// runtime: either
/** How often an actor may fail, and that one that is stopped takes part in nothing any more. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ActorDefinition, Detector } from "../../actors/ports/detector.ts";
import type { Input } from "../../protocol/messages.ts";
import { row } from "../support/inputs.ts";
import { POISON, touchy } from "../support/toy-actors.ts";
import { machineOf, notice, type ToyCore, toy, toyCore } from "./toy-core.ts";

const MINUTE_US = 60_000_000;

/** The kinds of what happens when an actor fails at these times. */
function failing(...timesUs: number[]): ToyCore {
  const world = toyCore({ group: [touchy] });
  for (const timeUs of timesUs) world.apply(timeUs, row(timeUs, [POISON]));
  return world;
}

test("an actor that fails a fourth time within a minute of logical time is stopped", () => {
  const world = failing(1, 2, 3, MINUTE_US);
  assert.equal(world.kinds(), ["actor.restarted", "actor.restarted", "actor.restarted", "actor.stopped"]);
  const { severity, detail } = world.events[3]!;
  assert.equal([severity, detail], ["critical", { reason: "met the poison", input: 6, restarts: 4 }]);
  assert.ok(world.events.slice(0, 3).every((event) => event.severity === "warning"));
});

test("a failure that is a minute old no longer counts", () => {
  const world = failing(1, 2, 3, MINUTE_US + 1);
  assert.equal(world.kinds(), Array(4).fill("actor.restarted"));
  assert.is(world.events[3]!.detail["restarts"], 3);
});

test("failures are counted from the last restart also after a restore", () => {
  const before = failing(1, 2, 3);
  const after = toyCore({ group: [touchy] }, { from: before.core.snapshot() });
  after.apply(4, row(4, [POISON]));
  assert.equal(after.kinds(), ["actor.stopped"]);
  const later = toyCore({ group: [touchy] }, { from: after.core.snapshot() });
  later.apply(5, row(5, [POISON]));
  assert.equal(later.kinds(), [], "it stays stopped");
});

/** Inputs, announcements and states that a detector met; each fails where `poisoned` says so. */
function witness(poisoned: { now: boolean }): { definition: ActorDefinition; met: string[] } {
  const met: string[] = [];
  const meet = (what: string) => {
    met.push(what);
    if (poisoned.now) throw new Error("poisoned");
  };
  const createDetector = (): Detector => ({
    fields: {},
    onInput: (input) => meet(input.type),
    onAnnouncement: ({ event }) => meet(event.kind),
    publish: () => meet("publish"),
  });
  return { definition: toy("witness", createDetector, { listens: true }), met };
}

/** Announces each row. */
const loud: ActorDefinition = toy(
  "loud",
  () => ({ fields: {}, update: (_, context) => context.signal({ type: "row", timeUs: context.now }) }),
  {
    machine: machineOf({
      on: {
        on: {
          row: { actions: { type: "announce", params: { kind: "loud.row", severity: "info", title: "" } } },
        },
      },
    }),
  },
);

test("a session's actor that is stopped receives neither inputs nor announcements", () => {
  const poisoned = { now: false };
  const { definition, met } = witness(poisoned);
  const world = toyCore({ session: [definition], group: [loud] });
  world.apply(1, row(1, [1]));
  world.apply(1, notice("hello"));
  assert.equal(met.splice(0), ["sessionOpened", "channels", "loud.row", "notice"]);
  poisoned.now = true;
  for (let k = 0; k < 4; k++) world.apply(2, notice("fail"));
  assert.is(world.kinds().at(-1), "actor.stopped");
  met.length = 0;
  world.apply(3, notice("more"));
  world.apply(4, row(4, [1]));
  assert.equal(met, []);
  assert.equal(world.kinds().slice(-2), ["more", "loud.row"]);
});

test("an actor that fails while it publishes is restarted like any other, and stopped after three times", () => {
  const poisoned = { now: true };
  const { definition, met } = witness(poisoned);
  const world = toyCore({ group: [definition] }, { settings: { publishEveryUs: 10 } });
  for (let k = 1; k <= 6; k++) world.apply(10 * k, row(10 * k, [1]));
  assert.equal(met, Array(4).fill("publish"));
  assert.equal(world.kinds(), [...Array(3).fill("actor.restarted"), "actor.stopped"]);
  assert.equal(world.states, []);
});

/** Starts a timer at the first notice, and fails or cancels at later ones; announces when the timer fires. */
const timed: ActorDefinition = toy(
  "timed",
  () => ({
    fields: {},
    onInput(input: Input, context) {
      if (input.type !== "notice") return;
      if (input.kind === "fail") throw new Error("failed");
      context.signal({ type: input.kind, timeUs: context.now });
    },
  }),
  {
    machine: machineOf({
      on: {
        on: {
          start: { actions: { type: "timer.start", params: { id: "bell", delayUs: 100 } } },
          cancel: { actions: { type: "timer.cancel", params: { id: "bell" } } },
          "timer.bell": {
            actions: { type: "announce", params: { kind: "bell", severity: "info", title: "" } },
          },
          odd: { actions: { type: "announce", params: { kind: "odd", severity: "info", title: "" } } },
        },
      },
    }),
  },
);

test("a timer fires once after its delay, unless it is cancelled or its actor has failed", () => {
  const bells = (...notices: string[]) => {
    const world = toyCore({ session: [timed] });
    for (const [k, kind] of notices.entries()) world.apply(10 + k, notice(kind));
    world.apply(109, notice("early"));
    const early = world.kinds().includes("bell");
    world.apply(1_000, notice("late"));
    world.apply(2_000, notice("later"));
    return [early, ...world.events.filter(({ kind }) => kind === "bell").map(({ timeUs }) => timeUs)];
  };
  assert.equal(bells("start"), [false, 110]);
  assert.equal(bells("start", "start"), [false, 111]);
  assert.equal(bells("start", "cancel"), [false]);
  assert.equal(bells("start", "fail"), [false]);
  assert.equal(bells("start", "fail", "start"), [false, 112]);
});

test("an action that the core does not know restarts the actor that asked for it", () => {
  const machine = machineOf({ on: { on: { row: { actions: { type: "explode" } } } } });
  const world = toyCore({ group: [{ ...loud, machine }] });
  world.apply(1, row(1, [1]));
  assert.equal(world.kinds(), ["actor.restarted"]);
  assert.is(world.events[0]!.detail["reason"], "machine of g/loud requests the unknown action explode");
});

test("what an actor says of a row later than the input is said at the input's time", () => {
  const early: ActorDefinition = {
    ...loud,
    createDetector: () => ({
      fields: {},
      update(_, context) {
        for (const timeUs of [context.now - 3, context.now + 3]) context.signal({ type: "row", timeUs });
      },
    }),
  };
  const world = toyCore({ group: [early] });
  world.apply(10, row(10, [1]));
  assert.equal(
    world.events.map(({ timeUs }) => timeUs),
    [7, 10],
  );
});

test.run();
