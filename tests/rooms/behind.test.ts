// runtime: either
/** A client that does not read what it is sent: it gets less of it, and lacks nothing in the end. */

import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { WebSocket } from "ws";
import * as Y from "yjs";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { splitFrames } from "../../collab/gateway/turn-frames.ts";
import { ROOM_LIMITS } from "../../collab/rooms/limits.ts";
import { Room } from "../../collab/rooms/room.ts";
import { RoomKeeper } from "../../collab/rooms/room-keeper.ts";
import { RoomSocket } from "../../collab/rooms/room-socket.ts";
import { type RoomMessage, readRoomMessage, stateMessage } from "../../collab/rooms/wire.ts";
import { createManualClock } from "../support/clock.ts";
import { condition } from "../support/condition.ts";
import { Replica, setsThreshold, threshold } from "./edits.ts";
import { openRoomPartition } from "./room-world.ts";

const ANA = { id: "ana", name: "Ana", role: "editor" } as const;

/** The kinds of the sync messages, as the first two bytes say them. */
const ANSWER = "0 1";
const CHANGE = "0 2";

const PRESENCE_REQUEST = Uint8Array.of(3);

test("a client that is behind gets nothing, and when it has read one difference, after which it has everything", async () => {
  const { slow, edit, room } = await roomOfTwo();
  await edit((doc) => setsThreshold("t1", threshold(1))(doc));
  slow.takesAll();
  slow.unread(ROOM_LIMITS.skipAboveBytes + 1);
  await edit((doc) => setsThreshold("t1", threshold(2))(doc));
  await edit((doc) => setsThreshold("t2", threshold(3))(doc));
  await edit((doc) => doc.getMap("thresholds").delete("t1"));
  assert.equal(slow.kinds(), [], "nothing more while so much is unread");
  slow.reads();
  assert.equal(slow.kinds(), [CHANGE]);
  slow.takesAll();
  await edit((doc) => setsThreshold("t3", threshold(4))(doc));
  slow.takesAll();
  assert.equal(slow.doc.getMap("thresholds").toJSON(), { t2: threshold(3), t3: threshold(4) });
  assert.is(slow.doc.store.pendingStructs, null);
  room.close(1001, "");
});

test("who asks for the state while it is behind gets the answer that stock clients wait for, when it has read", async () => {
  const { slow, edit, room } = await roomOfTwo();
  slow.unread(ROOM_LIMITS.skipAboveBytes + 1);
  await edit((doc) => setsThreshold("t1", threshold(1))(doc));
  slow.sends(stateMessage(Y.encodeStateVector(slow.doc)));
  assert.equal(slow.kinds(), []);
  slow.reads();
  assert.equal(slow.kinds(), [ANSWER]);
  slow.takesAll();
  assert.equal(slow.doc.getMap("thresholds").toJSON(), { t1: threshold(1) });
  room.close(1001, "");
});

test("who asks who is there while it is behind is told once, when it has read", async () => {
  const { slow, room } = await roomOfTwo();
  slow.unread(ROOM_LIMITS.skipAboveBytes + 1);
  for (let k = 0; k < 3; k++) slow.sends(PRESENCE_REQUEST);
  assert.is(slow.presences(), 0);
  slow.reads();
  assert.is(slow.presences(), 1);
  room.close(1001, "");
});

/** Somebody who edits, and a connection of which the test says how much is unread. */
async function roomOfTwo() {
  const clock = createManualClock();
  const partition = await openRoomPartition(createMemoryJournal({}));
  const room = new Room(new RoomKeeper(partition, { clock }), { clock, warn() {} });
  const slow = new SlowClient(room);
  const ana = new Replica(7);
  const { look, until } = condition();
  let durable = 0;
  partition.subscribe({ edited: () => void durable++, flush: look });
  let edits = 0;
  return {
    room,
    slow,
    async edit(change: (doc: Y.Doc) => void): Promise<void> {
      assert.is((await room.edit(ANA, "c1", ana.edits(change).update)).kind, "admitted");
      edits++;
      await until(() => durable === edits);
      await clock.advance(ROOM_LIMITS.restMsMax);
    },
  };
}

class SlowClient {
  readonly doc = new Y.Doc();
  readonly #ws = Object.assign(new EventEmitter(), { readyState: 1, OPEN: 1, close() {}, terminate() {} });
  readonly #socket = Object.assign(new EventEmitter(), {
    writableLength: 0,
    write: (frame: Buffer) => void this.#written.push(...splitFrames(frame)),
  });
  #written: Uint8Array[] = [];

  constructor(room: Room) {
    new RoomSocket(this.#ws as unknown as WebSocket, this.#socket as unknown as Socket, {
      ...{ room, person: ANA, connection: "c2" },
      standing: () => "holds",
    });
    this.#written = [];
  }

  unread(bytes: number): void {
    this.#socket.writableLength = bytes;
  }

  /** All that was unread. */
  reads(): void {
    this.unread(0);
    this.#socket.emit("drain");
  }

  sends(message: Uint8Array): void {
    this.#ws.emit("message", Buffer.from(message), true);
  }

  /** Of what it was sent and has not taken, but for presence. */
  kinds(): string[] {
    return this.#written.filter(([kind]) => kind === 0).map(([kind, sync]) => `${kind} ${sync}`);
  }

  /** Messages of who is there, of those that it has not taken. */
  presences(): number {
    return this.#written.filter(([kind]) => kind === 1).length;
  }

  takesAll(): void {
    for (const message of this.#written.splice(0)) {
      const read = readRoomMessage(message) as RoomMessage;
      if (read.kind === "update") Y.applyUpdate(this.doc, read.update);
    }
  }
}

test.run();
