/** Each invariant: a story that keeps it, and stories that break it. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { encodeMessage } from "../../protocol/codec.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { POISON } from "../../sim/cluster/witness.ts";
import { row } from "../support/inputs.ts";
import { frame, frames, PARTITION, START_US, ToldWorld } from "./told-world.ts";

/** A session with some events: one owner, one client, all well. */
function quietWorld(): ToldWorld {
  const world = new ToldWorld().begun();
  world.tell("began", { client: "c1", partition: PARTITION, after: 0 });
  for (let k = 0; k < 6; k++) {
    const block = world.block(...frames(1 + 10 * k, 10 + 10 * k));
    world
      .acknowledged(block)
      .released(block)
      .delivered("c1", ...block.events);
  }
  return world;
}

function held(world: ToldWorld): Map<string, Map<string, number>> {
  return new Map([["c1", new Map([[PARTITION, world.core.eventSequence]])]]);
}

test("a world in which nothing goes wrong breaks no rule", () => {
  const world = quietWorld();
  assert.ok(world.core.eventSequence > 3, "the story has events");
  assert.is(world.wrong({ clients: held(world) }), null, world.violation?.what ?? "");
});

test("a world with a change of owner, garbage, duplicates and a fenced writer breaks no rule", () => {
  const world = quietWorld();
  const fenced = world.blocks.at(-1)!;
  world.takeover("n2").opened("n2");
  world.store(Uint8Array.of(1, 2, 3)).store(fenced.bytes);
  const block = world.block(...frames(61, 80));
  world
    .store(block.bytes)
    .acknowledged(block, "n2")
    .released(block, "n2")
    .delivered("c1", ...block.events);
  assert.is(world.wrong({ clients: held(world) }), null, world.violation?.what ?? "");
});

// ---- the log --------------------------------------------------------------------------------------------------

test("one-chain: two blocks of one number held for durable are caught", () => {
  const world = quietWorld();
  const last = world.blocks.at(-1)!;
  world.acknowledged({ ...last, hash: "ab".repeat(32) }, "n2");
  assert.is(world.wrong(), "one-chain");
});

test("one-chain: opening an epoch that nobody was given is caught", () => {
  const world = quietWorld();
  world.epoch = 1;
  assert.is(world.opened("n2").wrong(), "one-chain");
});

test("one-chain: two owners of one epoch are caught", () => {
  const world = quietWorld().takeover("n2").opened("n2").opened("n3");
  assert.is(world.wrong(), "one-chain");
});

test("one-chain: inputs that are numbered twice are caught", () => {
  const world = quietWorld();
  world.core.sequence -= 1;
  world.block(frame(200));
  assert.is(world.wrong({ live: new Map() }), "retold");
});

test("acknowledged-survives: an acknowledged block that the log does not have at last is caught", () => {
  const world = quietWorld();
  world.entries.pop();
  assert.is(world.wrong(), "acknowledged-survives");
});

test("acknowledged-survives: recovering less than was acknowledged is caught at once", () => {
  const world = quietWorld();
  world.opened("n1", { block: 3 });
  assert.is(world.violation?.rule, "acknowledged-survives");
});

test("acknowledged-survives: what the server forgot without having promised more is excused", () => {
  const world = new ToldWorld().begun();
  world.acknowledged(world.block(frame(1)));
  world.entries.pop();
  world.tell("lost", { partition: PARTITION, after: 1 });
  assert.is(world.wrong({ live: new Map(), healed: false }), null, world.violation?.what ?? "");
});

// ---- durable, derived, delivered ------------------------------------------------------------------------------

test("durable-first: an event that leaves before its block is promised is caught", () => {
  const world = quietWorld();
  world.released(world.block(...frames(61, 80)));
  assert.is(world.violation?.rule, "durable-first");
});

test("durable-first: an event that waits although its block is durable is caught", () => {
  const world = quietWorld();
  const block = world.block(...frames(61, 80));
  world.acknowledged(block).later(1).released(block);
  assert.is(world.violation?.rule, "durable-first");
});

test("durable-first: a promise for a block that no reader admits is caught", () => {
  const world = quietWorld();
  const late = world.blocks.at(-1)!;
  world.acknowledged({ ...late, number: late.number + 1, hash: "cd".repeat(32) });
  assert.is(world.violation?.rule, "durable-first");
});

test("derived-same: an event that differs from the log's in one character is caught", () => {
  const world = quietWorld();
  const block = world.block(...frames(61, 80));
  const [first, ...rest] = block.events;
  world.acknowledged(block).released({ ...block, events: [{ ...first!, title: "witness: bear" }, ...rest] });
  assert.is(world.wrong(), "derived-same");
});

test("derived-same: two owners who tell different things under one sequence are caught", () => {
  const world = quietWorld();
  const [event] = world.blocks.at(-1)!.events;
  world.delivered("c2", { ...event!, timeUs: event!.timeUs + 1 });
  assert.is(world.violation?.rule, "derived-same");
});

test("sent-once: an event written twice to one subscription, and one left out, are caught", () => {
  const sent = (sequences: number[]): string | null => {
    const world = quietWorld();
    for (const sequence of sequences) world.tell("sent", { connection: 7, partition: PARTITION, sequence });
    return world.wrong();
  };
  assert.is(sent([3, 4, 5]), null);
  assert.is(sent([3, 4, 4]), "sent-once");
  assert.is(sent([3, 5]), "sent-once");
});

test("delivered-once: an event again, one out of turn, and a missing last one are caught", () => {
  const events = (world: ToldWorld): EventMessage[] => world.blocks.flatMap((block) => [...block.events]);
  const told = (pick: (events: EventMessage[]) => EventMessage[]): string | null => {
    const world = quietWorld();
    world.tell("began", { client: "c2", partition: PARTITION, after: 0 });
    world.delivered("c2", ...pick(events(world)));
    const clients = new Map([["c2", new Map([[PARTITION, events(world).length - (pick.length - 1)]])]]);
    return world.wrong({ clients });
  };
  assert.is(
    told((all) => all),
    null,
  );
  assert.is(
    told((all) => [...all.slice(0, 2), all[1]!]),
    "delivered-once",
  );
  assert.is(
    told((all) => [all[0]!, all[2]!]),
    "delivered-once",
  );
  assert.is(
    told((all) => all.slice(1)),
    "delivered-once",
  );
  const world = quietWorld();
  const clients = new Map([["c1", new Map([[PARTITION, world.core.eventSequence - 1]])]]);
  assert.is(world.wrong({ clients }), "delivered-once");
});

test("delivered-once: telling a client of this recording to begin anew is caught, one of another is not", () => {
  const world = quietWorld();
  world.tell("reset", { client: "c1", partition: PARTITION, after: 0 });
  assert.is(world.violation?.rule, "delivered-once");
  const other = quietWorld();
  other.tell("began", { client: "c2", partition: PARTITION, after: 9_000 });
  other.tell("reset", { client: "c2", partition: PARTITION, after: 0 });
  other.delivered("c2", other.blocks[2]!.events[0] ?? other.blocks[3]!.events[0]!);
  assert.is.not(other.violation?.rule, undefined, "the first event behind the reset was left out");
});

// ---- state ----------------------------------------------------------------------------------------------------

test("same-state: a live hash that the replay does not have is caught", () => {
  const seen = (state: (world: ToldWorld) => string): string | null => {
    const world = quietWorld();
    const { number, hash } = world.blocks[3]!;
    world.tell("hash", {
      node: "n1",
      partition: PARTITION,
      block: number,
      blockHash: hash,
      hash: state(world),
    });
    return world.wrong();
  };
  assert.is(
    seen((world) => world.blocks[3]!.state),
    null,
  );
  assert.is(
    seen((world) => world.blocks[2]!.state),
    "same-state",
  );
});

test("same-state: a wrong state at opening, and one at the end, are caught", () => {
  const world = quietWorld();
  world.opened("n1", { hash: "00".repeat(16) });
  assert.is(world.wrong(), "same-state");
  const ended = quietWorld();
  const live = { node: "n1", epoch: 0, block: ended.blocks.length, hash: "11".repeat(16) };
  assert.is(ended.wrong({ live: new Map([[PARTITION, live]]) }), "same-state");
});

test("same-state: a snapshot goes on as the log does, and one filed under another block is caught", () => {
  const saved = (shift: number): string | null => {
    const world = new ToldWorld().begun();
    world.acknowledged(world.block(...frames(1, 10)));
    const bytes = world.core.snapshot();
    world.tell("snapshot", { node: "n1", partition: PARTITION, block: 2 + shift, bytes });
    world.acknowledged(world.block(...frames(11, 40)));
    return world.wrong();
  };
  assert.is(saved(0), null);
  assert.is(saved(-1), "same-state");
});

// ---- inputs, timers, supervision, sums ------------------------------------------------------------------------

test("source-order: a frame that stands in the log twice is caught, another source's number is not", () => {
  const world = quietWorld();
  world.acknowledged(world.block(frame(61), frame(3, 3, "other")));
  assert.is(world.wrong(), null, world.violation?.what ?? "");
  const twice = quietWorld();
  twice.acknowledged(twice.block(frame(61), frame(61)));
  assert.is(twice.wrong(), "source-order");
});

test("sound-inputs: time that runs ahead of the world is caught", () => {
  const applied = (timeUs: number): string | null => {
    const world = quietWorld();
    world.tell("applied", {
      node: "n1",
      partition: PARTITION,
      sequence: 70,
      timeUs,
      source: "",
      sourceSequence: 0,
    });
    return world.wrong();
  };
  assert.is(applied(START_US + 2_000_000), null);
  assert.is(applied(START_US + 60_000_000), "sound-inputs");
});

test("timers-once: a timer that a core loses is caught", () => {
  const world = new ToldWorld().begun();
  world.acknowledged(world.block(...frames(1, 20)));
  // The live core is the one that is wrong: the retelling has the timer, so their states differ.
  world.core.timers.cancelAll("g/witness");
  world.acknowledged(world.block(...frames(21, 80)));
  assert.is(world.wrong(), "same-state");
});

test("supervision: four failures in a minute stop an actor, which breaks no rule", () => {
  const world = quietWorld();
  const poisoned = [61, 62, 63, 64].map((sequence) =>
    row(START_US + sequence * 100_000, [POISON, 0], sequence),
  );
  const block = world.block(...poisoned);
  assert.equal(
    block.events.map(({ kind }) => kind),
    ["actor.restarted", "actor.restarted", "actor.restarted", "actor.stopped"],
  );
  world.acknowledged(block);
  assert.is(world.wrong(), null, world.violation?.what ?? "");
});

test("accounts: counters that do not add up are caught, on the wire and in the log", () => {
  const world = quietWorld();
  const counts = { node: "n1", partition: PARTITION, offered: 10, admitted: 8, shed: 1, duplicates: 1 };
  world.tell("counts", counts);
  assert.is(world.violation, null);
  world.tell("counts", { ...counts, shed: 0 });
  assert.is(world.violation?.rule, "accounts");
  const log = quietWorld();
  log.block({ type: "shed", offered: 5, admitted: 4, shed: 0, duplicates: 0, reason: "x" });
  assert.is(log.wrong(), "accounts");
  const more = quietWorld();
  more.block({ type: "shed", offered: 500, admitted: 500, shed: 0, duplicates: 0, reason: "x" });
  assert.is(more.wrong(), "accounts");
});

test("bounds and nothing-thrown: what is over its limit, and what escapes, are caught", () => {
  const world = quietWorld().tell("size", { node: "n1", what: "unread bytes", value: 5, limit: 5 });
  assert.is(world.violation, null);
  world.tell("size", { node: "n1", what: "unread bytes", value: 6, limit: 5 });
  assert.is(world.violation?.rule, "bounds");
  const thrown = quietWorld().tell("threw", { where: "n1 timer", error: "x is not a function" });
  assert.is(thrown.violation?.rule, "nothing-thrown");
});

test("convergence: no owner, an owner behind the log, and frames that never arrive are caught", () => {
  assert.is(quietWorld().wrong({ live: new Map() }), "convergence");
  const behind = quietWorld();
  const block = behind.blocks.length - 1;
  const live = { node: "n1", epoch: 0, block, hash: behind.blocks[block - 1]!.state };
  assert.is(behind.wrong({ live: new Map([[PARTITION, live]]) }), "convergence");
  const offered = (taken: boolean): string | null => {
    const world = quietWorld().tell("healed", {});
    world.tell("offered", { partition: PARTITION, source: "feed", sourceSequence: 61 });
    const applied = { node: "n1", partition: PARTITION, sequence: 63, timeUs: START_US, source: "feed" };
    if (taken) world.tell("applied", { ...applied, sourceSequence: 61 });
    return world.wrong();
  };
  assert.is(offered(true), null);
  assert.is(offered(false), "convergence");
});

test("the naive rule passes over what is not the next block of the current owner", () => {
  const world = quietWorld();
  const { bytes } = world.blocks[2]!;
  world.store(bytes);
  world.store(
    encodeMessage({
      type: "takeover",
      partition: PARTITION,
      epoch: 2,
      lastBlock: 7,
      lastHash: new Uint8Array(32),
      owner: "n9",
    }),
  );
  world.store(
    encodeMessage({
      type: "takeover",
      partition: PARTITION,
      epoch: 1,
      lastBlock: 3,
      lastHash: new Uint8Array(32),
      owner: "n9",
    }),
  );
  assert.is(world.wrong(), null, world.violation?.what ?? "");
});

test.run();
