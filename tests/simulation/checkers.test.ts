// runtime: either
/** Each invariant holds in a world that keeps it and fails in worlds that break it. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { setup } from "xstate";
import type { CoreDefinitions } from "../../actors/core/core.ts";
import { roomOf } from "../../actors/partition/room-of.ts";
import type { ActorDefinition, Detector } from "../../actors/ports/detector.ts";
import { SYSTEM } from "../../actors/system.ts";
import { commandOf } from "../../collab/rooms/forwarder.ts";
import { changeMessage } from "../../collab/rooms/wire.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import type { CommandInput, EventMessage } from "../../protocol/messages.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import type { ScanFactName } from "../../protocol/scan-facts.ts";
import { documentText } from "../../sim/cluster/checkers/document-text.ts";
import { scoreOf } from "../../sim/cluster/checkers/scan-score.ts";
import { POISON } from "../../sim/cluster/witness-actor.ts";
import { type edit, Replica, setsThreshold, threshold } from "../rooms/edits.ts";
import { opened, row } from "../support/inputs.ts";
import { frame, frames, PARTITION, ScriptedWorld, START_US } from "./scripted-world.ts";

/** A session with some events, one owner and one client, without faults. */
function quietWorld(): ScriptedWorld {
  const world = new ScriptedWorld().started();
  world.observe("began", { client: "c1", partition: PARTITION, after: 0 });
  for (let k = 0; k < 6; k++) {
    const block = world.block(...frames(1 + 10 * k, 10 + 10 * k));
    world
      .acknowledged(block)
      .released(block)
      .delivered("c1", ...block.events);
  }
  return world;
}

function held(world: ScriptedWorld): Map<string, Map<string, number>> {
  return new Map([["c1", new Map([[PARTITION, world.core.eventSequence]])]]);
}

test("a world without faults breaks no rule", () => {
  const world = quietWorld();
  assert.ok(world.core.eventSequence > 3, "the world has events");
  assert.is(world.brokenRule({ clients: held(world) }), null, world.violation?.what ?? "");
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
  assert.is(world.brokenRule({ clients: held(world) }), null, world.violation?.what ?? "");
});

// ---- the log --------------------------------------------------------------------------------------------------

test("one-chain: two durable blocks of one number are caught", () => {
  const world = quietWorld();
  const last = world.blocks.at(-1)!;
  world.acknowledged({ ...last, hash: "ab".repeat(32) }, "n2");
  assert.is(world.brokenRule(), "one-chain");
});

test("one-chain: opening an epoch without a take-over is caught", () => {
  const world = quietWorld();
  world.epoch = 1;
  assert.is(world.opened("n2").brokenRule(), "one-chain");
});

test("one-chain: two owners of one epoch are caught", () => {
  const world = quietWorld().takeover("n2").opened("n2").opened("n3");
  assert.is(world.brokenRule(), "one-chain");
});

test("one-chain: an owner that a second take-over of its epoch ends is caught, and one that nobody wrote", () => {
  const taken = () => quietWorld().takeover("n2").opened("n2");
  const fenced = (epoch: number, by: number) =>
    taken().observe("fenced", { node: "n1", partition: PARTITION, epoch, by });
  assert.is(fenced(0, 1).violation, null);
  assert.is(fenced(1, 1).violation?.rule, "one-chain");
  assert.is(fenced(1, 2).violation?.rule, "one-chain");
});

test("one-chain: inputs with the same number are caught", () => {
  const world = quietWorld();
  world.core.sequence -= 1;
  world.block(frame(200));
  assert.is(world.brokenRule({ live: new Map() }), "reference-replay");
});

test("acknowledged-survives: an acknowledged block that the log lacks at the end is caught", () => {
  const world = quietWorld();
  world.entries.pop();
  assert.is(world.brokenRule(), "acknowledged-survives");
});

test("acknowledged-survives: recovering less than was acknowledged is caught at once", () => {
  const world = quietWorld();
  world.opened("n1", { block: 3 });
  assert.is(world.violation?.rule, "acknowledged-survives");
});

test("acknowledged-survives: a block that the server forgot is excused", () => {
  const world = new ScriptedWorld().started();
  world.acknowledged(world.block(frame(1)));
  world.entries.pop();
  world.observe("lost", { partition: PARTITION, after: 1 });
  assert.is(world.brokenRule({ live: new Map(), healed: false }), null, world.violation?.what ?? "");
});

// ---- durable, derived, delivered ------------------------------------------------------------------------------

test("durable-first: an event released before its block is acknowledged is caught", () => {
  const world = quietWorld();
  world.released(world.block(...frames(61, 80)));
  assert.is(world.violation?.rule, "durable-first");
});

test("durable-first: an event released later than its block is durable is caught", () => {
  const world = quietWorld();
  const block = world.block(...frames(61, 80));
  world.acknowledged(block).later(1).released(block);
  assert.is(world.violation?.rule, "durable-first");
});

test("durable-first: an acknowledged block that no reader admits is caught", () => {
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
  assert.is(world.brokenRule(), "derived-same");
});

test("derived-same: two different events under one sequence are caught", () => {
  const world = quietWorld();
  const [event] = world.blocks.at(-1)!.events;
  world.delivered("c2", { ...event!, timeUs: event!.timeUs + 1 });
  assert.is(world.violation?.rule, "derived-same");
});

test("sent-once: an event written twice to one subscription, and one left out, are caught", () => {
  const sent = (sequences: number[]): string | null => {
    const world = quietWorld();
    for (const sequence of sequences)
      world.observe("sent", { connection: 7, partition: PARTITION, sequence });
    return world.brokenRule();
  };
  assert.is(sent([3, 4, 5]), null);
  assert.is(sent([3, 4, 4]), "sent-once");
  assert.is(sent([3, 5]), "sent-once");
});

test("delivered-once: a repeated event, one out of order, and a missing last one are caught", () => {
  const events = (world: ScriptedWorld): EventMessage[] => world.blocks.flatMap((block) => [...block.events]);
  const deliver = (pick: (events: EventMessage[]) => EventMessage[]): string | null => {
    const world = quietWorld();
    world.observe("began", { client: "c2", partition: PARTITION, after: 0 });
    world.delivered("c2", ...pick(events(world)));
    const clients = new Map([["c2", new Map([[PARTITION, events(world).length - (pick.length - 1)]])]]);
    return world.brokenRule({ clients });
  };
  assert.is(
    deliver((all) => all),
    null,
  );
  assert.is(
    deliver((all) => [...all.slice(0, 2), all[1]!]),
    "delivered-once",
  );
  assert.is(
    deliver((all) => [all[0]!, all[2]!]),
    "delivered-once",
  );
  assert.is(
    deliver((all) => all.slice(1)),
    "delivered-once",
  );
  const world = quietWorld();
  const clients = new Map([["c1", new Map([[PARTITION, world.core.eventSequence - 1]])]]);
  assert.is(world.brokenRule({ clients }), "delivered-once");
});

test("delivered-once: a reset of a client of this recording is caught, of another recording is not", () => {
  const world = quietWorld();
  world.observe("reset", { client: "c1", partition: PARTITION, after: 0 });
  assert.is(world.violation?.rule, "delivered-once");
  const other = quietWorld();
  other.observe("began", { client: "c2", partition: PARTITION, after: 9_000 });
  other.observe("reset", { client: "c2", partition: PARTITION, after: 0 });
  other.delivered("c2", other.blocks[2]!.events[0] ?? other.blocks[3]!.events[0]!);
  assert.is.not(other.violation?.rule, undefined, "the first event after the reset is missing");
});

// ---- state ----------------------------------------------------------------------------------------------------

test("same-state: a live hash that the replay does not have is caught", () => {
  const seen = (state: (world: ScriptedWorld) => string): string | null => {
    const world = quietWorld();
    const { number, hash } = world.blocks[3]!;
    world.observe("hash", {
      node: "n1",
      partition: PARTITION,
      block: number,
      blockHash: hash,
      hash: state(world),
    });
    return world.brokenRule();
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

test("same-state: a wrong state at opening or at the end is caught", () => {
  const world = quietWorld();
  world.opened("n1", { hash: "00".repeat(16) });
  assert.is(world.brokenRule(), "same-state");
  const ended = quietWorld();
  const live = { node: "n1", epoch: 0, block: ended.blocks.length, hash: "11".repeat(16) };
  assert.is(ended.brokenRule({ live: new Map([[PARTITION, live]]) }), "same-state");
});

test("same-state: a snapshot continues like the log, and one saved under another block is caught", () => {
  const saved = (shift: number): string | null => {
    const world = new ScriptedWorld().started();
    world.acknowledged(world.block(...frames(1, 10)));
    const bytes = world.core.snapshot();
    const blockHash = world.blocks[1]!.hash;
    world.observe("snapshot", { node: "n1", partition: PARTITION, block: 2 + shift, blockHash, bytes });
    world.acknowledged(world.block(...frames(11, 40)));
    return world.brokenRule();
  };
  assert.is(saved(0), null);
  assert.is(saved(-1), "same-state");
});

test("same-state: a state of which a snapshot lacks a part is caught, although it has the same hash", () => {
  const ended = (definitions: CoreDefinitions): ScriptedWorld => {
    const world = new ScriptedWorld(definitions).started();
    world.acknowledged(world.block(...frames(1, 10)));
    const bytes = world.core.snapshot();
    const blockHash = world.blocks[1]!.hash;
    world.observe("snapshot", { node: "n1", partition: PARTITION, block: 2, blockHash, bytes });
    world.acknowledged(world.block(...frames(11, 40)));
    return world;
  };
  assert.is(ended({ group: [countingActor(true)], session: [] }).brokenRule(), null);
  const forgetful = ended({ group: [countingActor(false)], session: [] });
  assert.is(forgetful.brokenRule(), "same-state");
  assert.match(forgetful.violation!.what, /the snapshot of block 2 and its tail give state/);
});

/** Adds the number of its frame to a sum; it counts the frames in a field or where no snapshot sees it. */
function countingActor(registered: boolean): ActorDefinition {
  return {
    name: "counting",
    version: 1,
    machine: setup({}).createMachine({ initial: "on", states: { on: {} } }),
    enabled: () => true,
    machineInput: () => ({}),
    createDetector(): Detector {
      const count = new Float64Array(1);
      const sum = new Float64Array(1);
      return {
        fields: registered ? { count, sum } : { sum },
        update() {
          count[0]! += 1;
          sum[0]! += count[0]!;
        },
      };
    },
  };
}

// ---- inputs, timers, supervision, counts ------------------------------------------------------------------------

test("source-order: a frame that is in the log twice is caught, the same number of another source is not", () => {
  const world = quietWorld();
  world.acknowledged(world.block(frame(61), frame(3, 3, "other")));
  assert.is(world.brokenRule(), null, world.violation?.what ?? "");
  const twice = quietWorld();
  twice.acknowledged(twice.block(frame(61), frame(61)));
  assert.is(twice.brokenRule(), "source-order");
});

test("sound-inputs: time ahead of the world is caught", () => {
  const applied = (timeUs: number): string | null => {
    const world = quietWorld();
    world.observe("applied", {
      node: "n1",
      partition: PARTITION,
      sequence: 70,
      timeUs,
      source: "",
      sourceSequence: 0,
    });
    return world.brokenRule();
  };
  assert.is(applied(START_US + 2_000_000), null);
  assert.is(applied(START_US + 60_000_000), "sound-inputs");
});

test("timers-once: a timer that a core loses is caught", () => {
  const world = new ScriptedWorld().started();
  world.acknowledged(world.block(...frames(1, 20)));
  // The live core is wrong: the replay has the timer, so their states differ.
  world.core.timers.cancelAll("g/witness");
  world.acknowledged(world.block(...frames(21, 80)));
  assert.is(world.brokenRule(), "same-state");
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
  assert.is(world.brokenRule(), null, world.violation?.what ?? "");
});

test("balanced-counts: counters that do not add up are caught, in observations and in the log", () => {
  const world = quietWorld();
  const counts = { node: "n1", partition: PARTITION, offered: 10, admitted: 8, shed: 1, duplicates: 1 };
  world.observe("counts", counts);
  assert.is(world.violation, null);
  world.observe("counts", { ...counts, shed: 0 });
  assert.is(world.violation?.rule, "balanced-counts");
  const log = quietWorld();
  log.block({ type: "shed", offered: 5, admitted: 4, shed: 0, duplicates: 0, reason: "x" });
  assert.is(log.brokenRule(), "balanced-counts");
  const more = quietWorld();
  more.block({ type: "shed", offered: 500, admitted: 500, shed: 0, duplicates: 0, reason: "x" });
  assert.is(more.brokenRule(), "balanced-counts");
});

test("bounds and nothing-thrown: a size over its limit and an uncaught error are caught", () => {
  const world = quietWorld().observe("size", { node: "n1", what: "unread bytes", value: 5, limit: 5 });
  assert.is(world.violation, null);
  world.observe("size", { node: "n1", what: "unread bytes", value: 6, limit: 5 });
  assert.is(world.violation?.rule, "bounds");
  const thrown = quietWorld().observe("threw", { where: "n1 timer", error: "x is not a function" });
  assert.is(thrown.violation?.rule, "nothing-thrown");
});

test("convergence: no owner, an owner that lags the log, and frames that never arrive are caught", () => {
  assert.is(quietWorld().brokenRule({ live: new Map() }), "convergence");
  const lagging = quietWorld();
  const block = lagging.blocks.length - 1;
  const live = { node: "n1", epoch: 0, block, hash: lagging.blocks[block - 1]!.state };
  assert.is(lagging.brokenRule({ live: new Map([[PARTITION, live]]) }), "convergence");
  const offered = (taken: boolean): string | null => {
    const world = quietWorld().observe("healed", {});
    world.observe("offered", { partition: PARTITION, source: "feed", sourceSequence: 61 });
    const applied = { node: "n1", partition: PARTITION, sequence: 63, timeUs: START_US, source: "feed" };
    if (taken) world.observe("applied", { ...applied, sourceSequence: 61 });
    return world.brokenRule();
  };
  assert.is(offered(true), null);
  assert.is(offered(false), "convergence");
});

// ---- the shared document --------------------------------------------------------------------------------------

const WITH_ROOM: CoreDefinitions = { group: [], session: SYSTEM.session };

/** A document with one threshold of ana, whose page has it back. */
function roomWorld() {
  const world = new ScriptedWorld(WITH_ROOM, ROOM_PARTITION).opened();
  const ana = new Replica(7);
  world.observe("writer", { writer: 7, author: "ana" }).observe("writer", { writer: 8, author: "bob" });
  const first = ana.edits(setsThreshold("t1", threshold(90)));
  const durable = (...inputs: Parameters<ScriptedWorld["block"]>) => {
    const block = world.block(...inputs);
    world.acknowledged(block).released(block);
    return block.events;
  };
  durable(opened());
  const [announced] = durable(first);
  const sent = (update: Uint8Array) =>
    world.observe("documentSent", {
      connection: 1,
      partition: ROOM_PARTITION,
      message: changeMessage(update),
    });
  sent(first.update).observe("saved", { writer: 7, clock: 1 });
  const text = () => documentText(roomOf(world.core).document.doc);
  return { world, ana, first, durable, sent, text, command: commandOf(announced!)! };
}

test("a document whose edits are durable when they come back breaks no rule", () => {
  const { world, text } = roomWorld();
  const documents = new Map([["ana", text()]]);
  assert.is(world.brokenRule({ documents, heldUs: START_US }), null, world.violation?.what ?? "");
});

test("document-durable: a change that comes back before it is in the log is caught", () => {
  const { world, ana, sent } = roomWorld();
  sent(ana.edits(setsThreshold("t2", threshold(1))).update);
  assert.is(world.brokenRule(), "document-durable");
});

test("document-durable: a change that the log has under another key is caught", () => {
  const { world, sent } = roomWorld();
  sent(new Replica(7).edits(setsThreshold("t2", threshold(90))).update);
  assert.is(world.brokenRule(), "document-durable");
});

test("document-valid: an entry against the schema that somebody else shows is caught", () => {
  const shown = (root: string, value: unknown) =>
    roomWorld().world.observe("shown", { client: "eve", root, key: "t1", value }).brokenRule();
  assert.is(shown("thresholds", threshold(1)), null);
  assert.is(shown("thresholds", undefined), null);
  assert.is(shown("thresholds", { broken: 1 }), "document-valid");
  assert.is(shown("secrets", 1), "document-valid");
});

test("document-edits: a change under somebody else's writer, of a viewer, of another epoch, and one with a gap are caught", () => {
  const entered = (input: (ana: Replica) => ReturnType<typeof edit>): string | null => {
    const { world, ana, durable } = roomWorld();
    durable(input(ana));
    return world.brokenRule();
  };
  const change = setsThreshold("t2", threshold(1));
  assert.is(
    entered((ana) => ana.edits(change)),
    null,
  );
  assert.is(
    entered(() => new Replica(8).edits(change)),
    "document-edits",
  );
  assert.is(
    entered((ana) => ({ ...ana.edits(change), role: "viewer" as const })),
    "document-edits",
  );
  assert.is(
    entered((ana) => ({ ...ana.edits(change), epoch: 2 })),
    "document-edits",
  );
  assert.is(
    entered((ana) => {
      ana.edits(setsThreshold("t3", threshold(1)));
      return ana.edits(change);
    }),
    "document-edits",
  );
});

test("document-commands: a command of the document that a partition lacks, has twice, or has otherwise is caught", () => {
  const taken = (...numbers: readonly { sequence: number; level?: number }[]): string | null => {
    const { world, command } = roomWorld();
    const other = new ScriptedWorld(WITH_ROOM).opened();
    other.block(opened());
    for (const { sequence, level = 90 } of numbers) {
      const body = { ...(command.body as object), level };
      other.block({ type: "command", ...command, body, sequence });
    }
    const streams = new Map([
      [PARTITION, other.entries],
      [ROOM_PARTITION, world.entries],
    ]);
    const at = (each: ScriptedWorld) => ({
      ...{ node: "n1", epoch: 0, block: each.blocks.length },
      hash: each.stateHash(),
    });
    const live = new Map([
      [PARTITION, at(other)],
      [ROOM_PARTITION, at(world)],
    ]);
    return world.brokenRule({ streams, live });
  };
  const { sequence } = roomWorld().command;
  assert.is(taken({ sequence }), null);
  assert.is(taken(), "document-commands");
  assert.is(taken({ sequence, level: 91 }), "document-commands");
  assert.is(taken({ sequence: 0 }, { sequence: 0 }), "document-commands");
});

test("document-same: an acknowledged change that the log lacks, and a page with another document, are caught", () => {
  assert.is(roomWorld().world.observe("saved", { writer: 7, clock: 2 }).brokenRule(), "document-same");
  const { world, text } = roomWorld();
  const documents = new Map([["bob", text().replace("90", "91")]]);
  assert.is(world.brokenRule({ documents, heldUs: START_US }), "document-same");
});

test("document-same: pages with different documents are caught, also where servers lost a part of the log", () => {
  const lost = (change: (text: string) => string): string | null => {
    const { world, text } = roomWorld();
    world.observe("lost", { partition: ROOM_PARTITION, after: world.entries.length });
    const documents = new Map([
      ["ana", text()],
      ["bob", change(text())],
    ]);
    return world.brokenRule({ documents, heldUs: START_US });
  };
  assert.is(
    lost((text) => text),
    null,
  );
  assert.is(
    lost((text) => text.replace("90", "91")),
    "document-same",
  );
});

test("the checkers' admission rule skips everything but the next block of the current owner", () => {
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
  assert.is(world.brokenRule(), null, world.violation?.what ?? "");
});

// ---- scans ------------------------------------------------------------------------------------------------------

/** A scan of S1 and S2, told as it is entered. */
function scanWorld(
  outcomes: (scored: typeof scanned) => readonly object[],
  reason = "finished",
): ScriptedWorld {
  const world = new ScriptedWorld(WITH_ROOM).started();
  const fact = (name: ScanFactName, body: object): CommandInput => ({
    ...{ type: "command", name, body: { scan: "s", ...body } },
    ...{ author: { id: "ana" }, source: "scans", sequence: 0 },
  });
  const durable = (...facts: CommandInput[]) => {
    const block = world.block(...facts);
    world.acknowledged(block).released(block);
  };
  durable(fact("scanRequested", { universe: "u", rule: "close > 1", symbols: 2, startedUs: 1 }));
  world.observe("scanAsked", { scan: "s", symbols: ["S1", "S2"], beganUs: START_US });
  durable(fact("scanResult", { first: 1, outcomes: outcomes(scanned) }));
  world.observe("scanTold", { scan: "s", index: 1, symbol: "S1", refused: null });
  durable(fact("scanEnded", { state: "done", reason, stats: {} }));
  return world;
}

const scanned = (item: number, score = scoreOf(item)) => ({
  ...{ type: "result", atMs: 1 },
  data: { symbol: `S${item}`, score, signal: true, values: {} },
});

test("a scan with one outcome for each item breaks no rule", () => {
  const world = scanWorld((of) => [of(1), of(2)]);
  assert.is(world.brokenRule(), null, world.violation?.what ?? "");
});

test("scan-once: an item that is lost, counts twice, has another's score, or was not asked for, and a result that was told and is not in the log are caught", () => {
  for (const outcomes of [
    (of: typeof scanned) => [of(1)],
    (of: typeof scanned) => [of(1), of(1)],
    (of: typeof scanned) => [of(1), of(2, scoreOf(1))],
    (of: typeof scanned) => [of(1), of(3)],
    (of: typeof scanned) => [of(2), of(1)],
  ])
    assert.is(scanWorld(outcomes).brokenRule(), "scan-once");
  assert.is(scanWorld((of) => [of(1)], "stopped").brokenRule(), null, "what was stopped may lack some");
});

test("scan-once: an item without a result is caught, but for one that was too late, ended its workers twice, or was tried too often", () => {
  const refused = (...met: ("ended" | "late" | "lastTry")[]): string | null => {
    const world = scanWorld((of) => [of(1), of(2)]);
    for (const how of met) world.observe("scanHindered", { how, symbols: ["S2"] });
    return world
      .observe("scanTold", { scan: "s", index: 2, symbol: "S2", refused: "its worker ended" })
      .brokenRule();
  };
  assert.is(refused(), "scan-once");
  assert.is(refused("ended"), "scan-once");
  assert.is(refused("ended", "ended"), null);
  assert.is(refused("late"), null);
  assert.is(refused("lastTry"), null);
});

test.run();
