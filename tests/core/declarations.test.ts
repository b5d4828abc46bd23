// runtime: either
/** When a group that is declared again begins anew, and which inputs a core refuses because the sequencer should have. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Channels } from "../../protocol/messages.ts";
import { channels, row } from "../support/inputs.ts";
import { currents, mixture } from "../support/quantum.ts";
import { touchy } from "../support/toy-actors.ts";
import { notice, toy, toyCore } from "./toy-core.ts";

const renamed = (name: string, title = "Channel 1") => [
  { name: "c0", title: "Channel 0", unit: "" },
  { name, title, unit: "" },
];

const AGAIN: [what: string, change: Partial<Channels>, isNew: boolean][] = [
  ["unchanged", {}, false],
  ["with another title", { channels: renamed("c1", "Right") }, false],
  ["from another source", { source: "other" }, false],
  ["with another name of a channel", { channels: renamed("d1") }, true],
  ["with one channel less", { channels: renamed("c1").slice(0, 1) }, true],
  ["with other sampling", { sampling: "ticks" }, true],
  ["with another interval", { everyUs: 2_000 }, true],
  ["with other innovations", { innovation: "logReturn" }, true],
];

for (const [what, change, isNew] of AGAIN)
  test(`a group that is declared again ${what} ${isNew ? "gets new actors" : "keeps its actors"}`, () => {
    const world = toyCore({ group: [touchy] }, { n: 2 });
    world.apply(1, row(1, [1, 1]));
    world.apply(2, channels(2, change));
    const pieces = [...world.core.registered()];
    const seen = pieces.find(({ actor, field }) => actor === "g/touchy" && field === "seen")!;
    assert.is(Number(seen.value[0]), isNew ? 0 : 2);
    assert.is(world.core.declarationOf("g")!.everyUs, change.everyUs ?? 1_000);
  });

test("groups are declared in their order, also after a restore", () => {
  const world = toyCore({});
  for (const group of ["b", "a"]) world.apply(1, channels(1, { group }));
  const restored = toyCore({}, { from: world.core.snapshot() });
  for (const { core } of [world, restored])
    assert.equal(
      core.declarations().map(({ group }) => group),
      ["g", "b", "a"],
    );
});

test("data of a group or channel that nobody declared throws", () => {
  const { apply } = toyCore({});
  assert.throws(() => apply(1, { ...row(1, [1]), group: "h" }), /frame of undeclared group h/);
});

test("a whole state of a group that nobody declared throws", () => {
  const { apply } = toyCore({});
  assert.throws(() => apply(1, { ...mixture(1, [1, 0]), group: "h" }), /state of undeclared group h/);
});

test("a record of a channel or group that nobody declared throws", () => {
  for (const more of [{ operator: "x" }, { group: "h" }]) {
    const { apply } = toyCore({});
    assert.throws(() => apply(1, currents(1, [1], more)), /record of undeclared channel/);
  }
});

test("a setting restarts the actors of its section; the seed restarts all", () => {
  let made: string[] = [];
  const noting = (name: string) =>
    toy(name, () => {
      made.push(name);
      return { fields: {} };
    });
  const world = toyCore({ group: [noting("estimator")], session: [noting("monitor")] });
  assert.equal(made, ["monitor", "estimator"]);
  const changed = (path: string, value: number) => {
    made = [];
    world.apply(1, { type: "configChanged", path, value, author: "ana" });
    return made;
  };
  assert.equal(changed("estimator.memoryRows", 50), ["estimator"]);
  assert.equal(changed("anomaly.windowSamples", 50), []);
  assert.equal(changed("seed", 5), ["estimator", "monitor"]);
  const [event] = world.events;
  assert.equal([event!.actor, event!.group, event!.severity], ["core", "", "info"]);
  assert.is(event!.title, "estimator.memoryRows was set to 50 by ana");
});

test("a notice becomes an event of the runtime, with its author", () => {
  const world = toyCore({});
  const given = {
    severity: "warning",
    group: "g",
    channels: ["c0"],
    title: "look",
    detail: { n: 1 },
  } as const;
  world.apply(7, notice("operator.note", { ...given, channels: ["c0"] }));
  const [event] = world.events;
  assert.equal(event, {
    type: "event",
    sequence: 1,
    id: "p0/3/1",
    timeUs: 7,
    kind: "operator.note",
    actor: "runtime",
    ...given,
    detail: { n: 1, author: "ana" },
  });
});

test("the injections that are open end with their session", () => {
  const { core, apply } = toyCore({});
  apply(1, notice("injection.started", { detail: { scenario: "spike" } }));
  assert.equal(
    core.openInjections().map(({ kind }) => kind),
    ["injection.started"],
  );
  apply(2, core.session!);
  assert.equal(core.openInjections(), []);
});

test.run();
