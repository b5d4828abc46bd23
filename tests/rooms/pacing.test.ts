// runtime: either
/** How often a document's changes go out, when there are many to tell. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as Y from "yjs";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { ROOM_LIMITS } from "../../collab/rooms/limits.ts";
import { Room, type RoomClient } from "../../collab/rooms/room.ts";
import { RoomKeeper } from "../../collab/rooms/room-keeper.ts";
import type { RoomListener, RoomSource } from "../../collab/rooms/room-source.ts";
import { createManualClock } from "../support/clock.ts";
import { condition } from "../support/condition.ts";
import { Replica, setsThreshold, threshold } from "./edits.ts";
import { openRoomPartition } from "./room-world.ts";

const ANA = { id: "ana", name: "Ana", role: "editor" } as const;

test("sending takes a third of the time at most: what comes meanwhile goes out together", async () => {
  const { room, edit, clock, frames } = await crowdedRoom(8);
  await edit("first");
  assert.is(frames(), 1, "the first goes at once");
  await edit("second");
  await edit("third");
  await clock.advance(2 * 8 - 1);
  assert.is(frames(), 1, "8 ms of sending, 16 of rest");
  await clock.advance(1);
  assert.is(frames(), 2, "both in one frame");
  room.close(1001, "");
});

test("nobody waits longer than the longest rest, however long sending takes", async () => {
  const { room, edit, clock, frames } = await crowdedRoom(10 * ROOM_LIMITS.restMsMax);
  await edit("first");
  await edit("second");
  await clock.advance(ROOM_LIMITS.restMsMax);
  assert.is(frames(), 2);
  room.close(1001, "");
});

test("where sending takes no time to speak of, every change goes out at once", async () => {
  const { room, edit, frames } = await crowdedRoom(0);
  for (const id of ["first", "second", "third"]) await edit(id);
  assert.is(frames(), 3);
  room.close(1001, "");
});

test("a frame during which the program was held up is no reason to rest for longer", async () => {
  let sendMs = 2;
  const { room, edit, clock, frames } = await crowdedRoom(() => sendMs);
  await edit("first");
  await clock.advance(2 * 2);
  sendMs = 20;
  await edit("second");
  assert.is(frames(), 2);
  await edit("third");
  await clock.advance(2 * 2);
  assert.is(frames(), 3, "as after the one before");
  await edit("fourth");
  await clock.advance(2 * 20 - 1);
  assert.is(frames(), 3, "where two took long, frames are that dear");
  await clock.advance(1);
  assert.is(frames(), 4);
  room.close(1001, "");
});

test("what a change costs that is not written to anybody is no reason to rest", async () => {
  const { room, edit, frames } = await crowdedRoom(0, 20);
  await edit("first");
  await edit("second");
  assert.is(frames(), 2);
  room.close(1001, "");
});

test("what could not be sent yet is offered together, in time to leave with the next frame", async () => {
  const { room, edit, clock } = await crowdedRoom(8);
  const offered: string[] = [];
  const brings = (name: string): void =>
    room.offerSoon({ offer: () => void offered.push(name) } as unknown as RoomClient);
  brings("first");
  await clock.advance(0);
  assert.equal(offered.splice(0), ["first"], "nothing rests: in the same turn");
  await edit("sent");
  brings("second");
  await clock.advance(10);
  brings("third");
  const restMs = 2 * 8 - ROOM_LIMITS.offerAheadMs;
  await clock.advance(restMs - 10 - 1);
  assert.equal(offered, []);
  await clock.advance(1);
  assert.equal(offered, ["second", "third"]);
  room.close(1001, "");
});

test("a room that is closed begins no other epoch, though something was to be sent", async () => {
  const clock = createManualClock();
  const writers = new Map(Array.from({ length: ROOM_LIMITS.epochWriters + 1 }, (_, k) => [k + 1, "ana"]));
  const document = { writers, epoch: 1, doc: new Y.Doc(), bytes: () => 0 };
  const listeners: RoomListener[] = [];
  let renewals = 0;
  const source = {
    document: () => document,
    renew: () => Promise.resolve(renewals++),
    subscribe: (listener: RoomListener) => {
      listeners.push(listener);
      return () => {};
    },
  } as unknown as RoomSource;
  const room = await new Room(source, { clock, warn() {} }).ready();
  assert.is(renewals, 1, "nobody is there");
  const { update } = new Replica(7).edits(setsThreshold("t", threshold(1)));
  listeners[0]!.edited({ type: "edited", inputSequence: 1, update, author: "ana", epoch: 1 });
  listeners[0]!.flush();
  room.close(1001, "");
  await clock.advance(ROOM_LIMITS.restMsMax);
  assert.is(renewals, 1);
});

/** A room where writing a frame to all takes so many milliseconds, and what comes before so many. */
async function crowdedRoom(write: number | (() => number), beforeMs = 0) {
  const writeMs = typeof write === "number" ? () => write : write;
  const clock = createManualClock();
  const partition = await openRoomPartition(createMemoryJournal({}));
  let spentMs = 0;
  const room = new Room(new RoomKeeper(partition, { clock }), {
    clock: {
      ...clock,
      monotonicMs: () => clock.monotonicMs() + spentMs,
      after: clock.after,
      soon: clock.soon,
    },
    warn() {},
  });
  let frames = 0;
  room.enter({
    person: ANA,
    isBehind: false,
    offer() {},
    write() {
      frames++;
      spentMs += writeMs();
    },
    checkBacklog() {
      spentMs += beforeMs;
    },
    keepAlive() {},
    askForMissing() {},
    checkSignIn() {},
    close() {},
  } as RoomClient);
  const ana = new Replica(7);
  const { look, until } = condition();
  let durable = 0;
  // After the room: it has heard of the edit.
  partition.subscribe({
    edited: () => void durable++,
    flush: look,
  });
  let edits = 0;
  return {
    room,
    clock,
    frames: () => frames,
    async edit(id: string): Promise<void> {
      const { update } = ana.edits(setsThreshold(id, threshold(1)));
      assert.is((await room.edit(ANA, "c1", update)).kind, "admitted");
      edits++;
      await until(() => durable === edits);
      // What goes at once goes in this turn.
      await clock.advance(0);
    },
  };
}

test.run();
