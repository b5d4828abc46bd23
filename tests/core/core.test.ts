// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { RESTARTS_MAX } from "../../actors/core/actor.ts";
import { actorVersions, OtherActors } from "../../actors/core/actor-versions.ts";
import { Core, type CoreDefinitions } from "../../actors/core/core.ts";
import { hex } from "../../actors/core/hash.ts";
import { hashOf } from "../../actors/core/registered-state.ts";
import { decodeDerived, encodeDerived } from "../../protocol/block.ts";
import type { CommandName } from "../../protocol/commands.ts";
import type { EventMessage, Input } from "../../protocol/messages.ts";
import { channels, opened, row } from "../support/inputs.ts";
import { gossip, POISON, TOYS } from "../support/toy-actors.ts";
import { toy, toyCore } from "./toy-core.ts";

test("[R5] events are numbered 1, 2, 3, and their ids contain the input that caused them", () => {
  const { events } = given(opened(), channels(2)).when([5, row(5, [60, 60])], [2000, row(2000, [1, 1])]);
  assert.equal(
    events.map((event) => [event.sequence, event.id, event.kind]),
    [
      [1, "p0/3/1", "toy.passed"],
      [2, "p0/4/1", "toy.rested"],
    ],
  );
});

test("[R2] a timer fires at its due time, before the first input that reaches it", () => {
  const { events } = given(opened(), channels(2)).when(
    [5, row(5, [60, 60])],
    [99_000, row(99_000, [101, 0])],
  );
  assert.equal(
    events.map((event) => [event.kind, event.timeUs]),
    [
      ["toy.passed", 5],
      ["toy.rested", 1005],
      ["toy.passed", 99_000],
    ],
  );
});

test("[R2] an input whose time decreases or whose sequence has a gap throws", () => {
  const world = given(opened(), channels(1)).when([5, row(5, [1])]);
  assert.throws(() => world.core.apply(world.core.sequence + 1, 4, row(4, [1])), /R2/);
  assert.throws(() => world.core.apply(world.core.sequence + 2, 6, row(6, [1])), /R3/);
});

test("[K2] a throwing actor is restarted, an event names the input, and the other actors continue", () => {
  const world = given(opened(), channels(1)).when([5, row(5, [POISON])], [2005, row(2005, [1])]);
  const restarted = world.events.find((event) => event.kind === "actor.restarted")!;
  assert.is(restarted.actor, "touchy");
  assert.equal(restarted.detail, { reason: "met the poison", input: 3, restarts: 1 });
  assert.is(world.field("g/touchy", "seen")[0], 1);
  assert.ok(kinds(world.events).includes("toy.passed"));
});

test("all actors that watch the rows of a group get each of them, and no others do", () => {
  const seen: Record<string, number> = { one: 0, other: 0, idle: 0 };
  const watcher = (name: string) =>
    toy(name, () => ({
      fields: {},
      watches: (group, what) => name !== "idle" && group === "g" && what === "rows",
      onRows: ({ rows }) => {
        seen[name]! += rows;
      },
    }));
  const { apply } = toyCore({ session: Object.keys(seen).map(watcher) });
  for (const timeUs of [5, 10]) apply(timeUs, row(timeUs, [1]));
  assert.equal(seen, { one: 2, other: 2, idle: 0 });
});

test("[K3] an actor that fails too often within a window of logical time is stopped", () => {
  const poison = (n: number, everyUs: number): [number, Input][] =>
    Array.from({ length: n }, (_, i) => [1 + i * everyUs, row(1 + i * everyUs, [POISON])]);
  const often = given(opened(), channels(1)).when(...poison(RESTARTS_MAX + 2, 1_000_000));
  assert.is(kinds(often.events).filter((kind) => kind === "actor.restarted").length, RESTARTS_MAX);
  assert.is(kinds(often.events).filter((kind) => kind === "actor.stopped").length, 1);
  const seldom = given(opened(), channels(1)).when(...poison(RESTARTS_MAX + 2, 60_000_000));
  assert.is(kinds(seldom.events).filter((kind) => kind === "actor.stopped").length, 0);
});

test("[R1] the same inputs give the same outputs and the same hash", () => {
  const runs = [longRun(), longRun()];
  assert.equal(runs[0]!.events, runs[1]!.events);
  assert.is(runs[0]!.hash(), runs[1]!.hash());
});

test("another seed changes the random numbers and nothing else", () => {
  const one = longRun(1);
  const other = longRun(2);
  assert.is.not(one.field("g/summing", "sums")[1], other.field("g/summing", "sums")[1]);
  assert.equal(one.events, other.events);
});

test("[R4] every element of every registered field changes the hash", () => {
  const world = longRun();
  const before = world.hash();
  let fields = 0;
  for (const { actor, field, value } of [...world.core.registered()]) {
    if (typeof value === "string") continue;
    for (let i = 0; i < value.length; i++) {
      const old = value[i]!;
      value[i] = old === 1 ? 2 : 1;
      assert.is.not(world.hash(), before, `${actor}.${field}[${i}]`);
      value[i] = old;
    }
    fields++;
  }
  assert.is(world.hash(), before);
  assert.ok(fields >= 6);
});

test("[R4] every character of every registered text changes the hash", () => {
  const pieces = [...longRun().core.registered()];
  const before = hex(hashOf(pieces).hash);
  const texts = pieces.filter(({ value }) => typeof value === "string");
  assert.equal(
    texts.map(({ actor, field }) => `${actor}.${field}`),
    ["core.control", "g/summing.control", "g/touchy.control"],
  );
  for (const text of texts) {
    const value = text.value as string;
    for (let i = 0; i < value.length; i++) {
      const changed = { ...text, value: `${value.slice(0, i)}#${value.slice(i + 1)}` };
      const hash = hex(hashOf(pieces.map((piece) => (piece === text ? changed : piece))).hash);
      assert.is.not(hash, before, `${text.actor}.${text.field}, character ${i}`);
    }
  }
});

/** Pairs of histories after which cores differ in one matter that no typed array holds. */
const CONTROL_STATES: [matter: string, ends: [Input, Input]][] = [
  ["a setting", [configured("publishEveryUs", 50_000), configured("publishEveryUs", 60_000)]],
  ["a measured gauge", [measured({ load: 0.1 }), measured({ load: 0.2 })]],
  ["the last number of a source", [row(20, [1, 1], 5), row(20, [1, 1], 6)]],
  ["a declared title", [titled("left"), titled("right")]],
  ["the state of a machine", [row(20, [100, 0]), row(20, [101, 0])]],
  [
    "the session",
    [
      { ...opened(), session: "a" },
      { ...opened(), session: "b" },
    ],
  ],
];

for (const [matter, ends] of CONTROL_STATES) {
  test(`[R4] cores that differ in ${matter} have different hashes, also after a restore`, () => {
    const [one, other] = ends.map((end) => given(opened(), channels(2)).when([10, end])) as [World, World];
    assert.is.not(hashOfTexts(one), hashOfTexts(other));
    for (const { core, hash } of [one, other]) assert.is(resumed(core.snapshot()).hash(), hash());
  });
}

test("[R4] cores that differ in the time of their last input have different hashes", () => {
  const at = (timeUs: number) =>
    given(opened(), channels(2))
      .when([timeUs, measured({})])
      .hash();
  assert.is.not(at(10), at(11));
});

test("[K2] rows that cannot be made of a frame restart the row assembler, and the session continues", () => {
  const world = given(opened(), channels(1)).when([5, row(5, [1])]);
  const unreadable = {
    ...row(6, [2]),
    get time(): Float64Array<ArrayBuffer> {
      throw new Error("no such column");
    },
  };
  world.when([6, unreadable]);
  assert.equal(Array.from(world.field("g/front", "value")), [Number.NaN], "a fresh assembler has no value");
  world.when([7, row(7, [3])]);
  assert.equal(
    world.events.map(({ kind, actor, group, severity, detail }) => ({
      kind,
      actor,
      group,
      severity,
      detail,
    })),
    [
      {
        kind: "actor.restarted",
        actor: "front",
        group: "g",
        severity: "warning",
        detail: { reason: "no such column", input: 4 },
      },
    ],
  );
  assert.is(world.field("g/touchy", "seen")[0], 2, "no actor gets the frame");
  assert.is(world.core.samples, 3);
});

test("a core restored from any snapshot has the same later outputs and the same hash", () => {
  const inputs = longInputs();
  const whole = longRun();
  for (let cut = 2; cut < inputs.length; cut += 7) {
    const first = given(opened(), channels(2)).when(...inputs.slice(0, cut));
    const second = resumed(first.core.snapshot()).when(...inputs.slice(cut));
    assert.equal([...first.events, ...second.events], whole.events, `cut at ${cut}`);
    assert.is(second.hash(), whole.hash(), `cut at ${cut}`);
  }
});

const LISTENED = { ...TOYS, session: [gossip] };

test("[R6] a listening actor hears what actors of groups announce after their work, in the order announced", () => {
  const { events } = givenOf(LISTENED, opened(), channels(2), channels(2, { group: "h" })).when(
    [5, row(5, [60, 60])],
    [7, row(7, [60, POISON])],
    [2000, { ...row(2000, [POISON, 1]), group: "h" }],
  );
  assert.equal(
    events.map(({ id, group, kind, timeUs, detail }) => [
      id,
      group,
      kind,
      timeUs,
      detail["id"],
      detail["key"],
    ]),
    [
      ["p0/4/1", "g", "toy.passed", 5, undefined, undefined],
      ["p0/4/2", "g", "gossip.heard", 5, "p0/4/1", "sum"],
      ["p0/5/1", "g", "actor.restarted", 7, undefined, undefined],
      ["p0/5/2", "g", "gossip.heard", 7, "p0/5/1", ""],
      ["p0/6/1", "g", "toy.rested", 1005, undefined, undefined],
      ["p0/6/2", "g", "gossip.heard", 1005, "p0/6/1", ""],
      ["p0/6/3", "h", "toy.passed", 2000, undefined, undefined],
      ["p0/6/4", "h", "actor.restarted", 2000, undefined, undefined],
      ["p0/6/5", "h", "gossip.heard", 2000, "p0/6/3", "sum"],
      ["p0/6/6", "h", "gossip.heard", 2000, "p0/6/4", ""],
    ],
  );
});

test("[R6] what a finding says is no part of the event", () => {
  const { events } = givenOf(LISTENED, opened(), channels(2)).when([5, row(5, [60, 60])]);
  assert.not.ok("finding" in events[0]!);
});

test("[K2] a listening actor that throws is restarted once, and hears no announcement of itself", () => {
  const world = givenOf(LISTENED, opened(), channels(2)).when([POISON, row(POISON, [60, 60])]);
  assert.equal(kinds(world.events), ["toy.passed", "actor.restarted"]);
  assert.is(world.events[1]!.actor, "gossip");
  world.when([POISON + 1, row(POISON + 1, [1, 1])]);
  assert.equal(kinds(world.events), ["toy.passed", "actor.restarted"]);
});

test("[R6] a core with listening actors, restored from any snapshot, has the same later outputs and the same hash", () => {
  const inputs = longInputs();
  const whole = givenOf(LISTENED, opened(), channels(2)).when(...inputs);
  assert.ok(kinds(whole.events).filter((kind) => kind === "gossip.heard").length > 3);
  for (let cut = 2; cut < inputs.length; cut += 7) {
    const first = givenOf(LISTENED, opened(), channels(2)).when(...inputs.slice(0, cut));
    const second = resumed(first.core.snapshot(), LISTENED).when(...inputs.slice(cut));
    assert.equal([...first.events, ...second.events], whole.events, `cut at ${cut}`);
    assert.is(second.hash(), whole.hash(), `cut at ${cut}`);
  }
});

test("[A3] with another version of an actor of groups, a listening actor cannot be compared either", () => {
  const recorded = actorVersions(LISTENED);
  assert.ok(new OtherActors(recorded, LISTENED).none);
  const others = new OtherActors({ ...recorded, "actor/touchy": "2" }, LISTENED);
  assert.equal(
    ["touchy", "gossip", "summing"].map((actor) => others.has(actor)),
    [true, true, false],
  );
  assert.equal(others.list, [{ actor: "touchy", recorded: 2, current: 1 }]);
});

test("a changed setting restarts the actors it concerns and is an event", () => {
  const world = given(opened(), channels(1)).when(
    [5, row(5, [1])],
    [6, { type: "configChanged", path: "seed", value: 7, author: "ana" }],
  );
  assert.is(world.core.settings.seed, 7);
  assert.is(world.field("g/touchy", "seen")[0], 0);
  assert.equal(world.events.at(-1)!.detail, { path: "seed", value: "7", author: "ana" });
});

test("a group that grows gets new actors; a group that is declared again unchanged keeps its actors", () => {
  const world = given(opened(), channels(2)).when([5, row(5, [1, 1])], [6, channels(2)]);
  assert.is(world.field("g/touchy", "seen")[0], 2);
  world.when([7, channels(3)]);
  assert.is(world.field("g/touchy", "seen")[0], 0);
  assert.is(world.core.channelsOf("g"), 3);
});

test("[R6] a listening actor of a group hears all events about it but its own, and those about no group", () => {
  const heard: string[] = [];
  const listener = toy(
    "listener",
    () => ({ fields: {}, onAnnouncement: ({ event }) => void heard.push(`${event.kind} ${event.title}`) }),
    { listens: true },
  );
  const { apply } = toyCore({ group: [listener] });
  apply(0, channels(2, { group: "a" }));
  const mark = (group: object): Input => ({
    type: "command",
    name: "mark",
    body: { type: "news", title: "rates", channels: [], ...group },
    author: { id: "ana" },
    source: "gateway",
    sequence: 0,
  });
  apply(10, mark({ group: "a" }));
  assert.equal(heard.splice(0), ["mark.made ana marked news: rates"], "only the actor of group a");
  apply(20, mark({}));
  assert.is(heard.splice(0).length, 2, "what concerns no group concerns all");
  apply(30, mark({ group: "c" }));
  assert.equal(heard, [], "nobody is in that group yet");
});

test("a command reaches the actors that listen for its name, and no others", () => {
  const heard: string[] = [];
  const listener = (name: string, commands: readonly CommandName[]) =>
    toy(
      name,
      () => ({ fields: {}, onInput: (input) => void (input.type === "command" && heard.push(name)) }),
      {
        commands,
      },
    );
  const { apply, core } = toyCore({
    group: [listener("of the group", ["threshold.set"])],
    session: [listener("other", ["threshold.removed"]), listener("one", ["threshold.set"])],
  });
  apply(1, {
    type: "command",
    name: "threshold.set",
    body: {},
    author: { id: "ana" },
    source: "g",
    sequence: 4,
  });
  assert.equal(heard, ["one", "of the group"]);
  assert.is(core.lastCommandOf("g"), 4);
  assert.is(core.lastSequenceOf("g"), 0, "a feed of that name counts for itself");
});

test("a long text is cut between characters, so that the event is decoded unchanged", () => {
  for (let before = 960; before < 1000; before++) {
    const author = `${"x".repeat(before)}${"\u{1F600}".repeat(30)}`;
    const { events } = given(opened(), channels(1)).when([
      6,
      { type: "configChanged", path: "seed", value: 7, author },
    ]);
    assert.equal(decodeDerived(encodeDerived(1, events)).events, events, `${before} letters before`);
  }
});

// ---- given, when, then ------------------------------------------------------------------------------------------

interface World {
  core: Core;
  events: EventMessage[];
  when(...inputs: [timeUs: number, input: Input][]): World;
  hash(): string;
  field(actor: string, field: string): ArrayLike<number>;
}

function given(...inputs: Input[]): World {
  return givenOf(TOYS, ...inputs);
}

function givenOf(definitions: CoreDefinitions, ...inputs: Input[]): World {
  const events: EventMessage[] = [];
  return world(new Core(definitions, sinkInto(events)), events).when(
    ...inputs.map((input): [number, Input] => [0, input]),
  );
}

function resumed(snapshot: Uint8Array, definitions: CoreDefinitions = TOYS): World {
  const events: EventMessage[] = [];
  return world(Core.restore(snapshot, definitions, sinkInto(events)), events);
}

function world(core: Core, events: EventMessage[]): World {
  return {
    core,
    events,
    when(...inputs) {
      for (const [timeUs, input] of inputs) core.apply(core.sequence + 1, timeUs, input);
      return this;
    },
    hash: () => hex(core.hash().hash),
    field(actor, field) {
      const found = [...core.registered()].find((piece) => piece.actor === actor && piece.field === field);
      assert.ok(found, `${actor}.${field} is registered`);
      return found!.value as unknown as ArrayLike<number>;
    },
  };
}

function sinkInto(events: EventMessage[]) {
  return { event: (event: EventMessage) => void events.push(event), state() {}, metrics() {} };
}

function longInputs(): [number, Input][] {
  return Array.from({ length: 40 }, (_, i) => [i * 300, row(i * 300, [i % 9, i === 20 ? POISON : i % 5])]);
}

function longRun(seed = 1): World {
  return given(opened({ seed }), channels(2)).when(...longInputs());
}

/** The hash of all registered state outside typed arrays. */
function hashOfTexts({ core }: World): string {
  return hex(hashOf([...core.registered()].filter(({ value }) => typeof value === "string")).hash);
}

function configured(path: string, value: number): Input {
  return { type: "configChanged", path, value, author: "ana" };
}

function measured(gauges: Record<string, number>): Input {
  return { type: "measurement", gauges };
}

function titled(title: string): Input {
  return channels(2, { group: "other", channels: [{ name: "x", title, unit: "" }] });
}

function kinds(events: EventMessage[]): string[] {
  return events.map((event) => event.kind);
}

test.run();
