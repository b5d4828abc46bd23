/** Connections to shared documents at a gateway with its guard, sign-in and clock. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as Y from "yjs";
import { ROOM_LIMITS } from "../../collab/rooms/limits.ts";
import { changeMessage, readRoomMessage, stateMessage } from "../../collab/rooms/wire.ts";
import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import { LARGE_DOCUMENT_BYTES } from "../../protocol/limits.ts";
import { ask } from "../gateway/http.ts";
import { createManualClock } from "../support/clock.ts";
import { Replica, setsThreshold, threshold } from "./edits.ts";
import { type BareSocket, type RoomWorld, type RoomWorldOptions, roomWorld } from "./room-world.ts";

const TOKEN = "a-token-of-at-least-sixteen-characters";
const OWNER = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
const EMPTY = Y.encodeStateVector(new Y.Doc());

async function inWorld(options: RoomWorldOptions, run: (world: RoomWorld) => Promise<void>): Promise<void> {
  const world = await roomWorld(undefined, options);
  try {
    await run(world);
  } finally {
    await world.close();
  }
}

/** The socket below, for bytes that no WebSocket library sends. */
function bytesOf({ ws }: BareSocket): { write(bytes: Uint8Array): void } {
  return (ws as unknown as { _socket: { write(bytes: Uint8Array): void } })._socket;
}

/** A frame of zeros, masked with 0. `last`: it ends the message. */
function frame(opcode: number, last: boolean, length: number): Uint8Array {
  const bytes = new Uint8Array(14 + length);
  bytes.set([(last ? 0x80 : 0) | opcode, 0x80 | 127]);
  new DataView(bytes.buffer).setBigUint64(2, BigInt(length));
  return bytes;
}

/** A whole message of at most 65,535 bytes, masked with 0. */
function messageFrame(payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length);
  bytes.set([0x82, 0x80 | 126, payload.length >> 8, payload.length & 0xff]);
  bytes.set(payload, 8);
  return bytes;
}

async function posted(world: RoomWorld, path: string, body: object, headers: Record<string, string>) {
  const answer = await ask(world.gateway, path, { method: "POST", headers, body: JSON.stringify(body) });
  assert.is(answer.status, 200, answer.body);
  return answer.json() as Record<string, string>;
}

test("a page of another site cannot open a document, a page of the gateway and a program can", () =>
  inWorld({}, async ({ gateway, socket }) => {
    for (const origin of ["https://evil.example", "null", `http://127.0.0.1:${gateway.port + 1}`]) {
      const bare = socket("ana", "/collab/plant", { origin });
      await bare.until(() => bare.refusedWith !== null);
      assert.is(bare.refusedWith, 403, origin);
    }
    for (const headers of [{ origin: `http://127.0.0.1:${gateway.port}` }, {}])
      assert.is((await socket("ana", "/collab/plant", headers as never).opened()).closed, null);
  }));

test("who opens a document and sends no message within ten seconds is closed, also with a message that never ends", async () => {
  const clock = createManualClock();
  await inWorld({ clock }, async ({ socket }) => {
    const [silent, endless, talking] = [
      await socket("ana").opened(),
      await socket("bob").opened(),
      await socket("eve").opened(),
    ];
    bytesOf(endless).write(frame(2, false, 100));
    talking.ws.send(stateMessage(EMPTY));
    await talking.until(() => talking.received.length > 1);
    await clock.advance(ROOM_LIMITS.firstMessageMsMax);
    assert.is(await silent.code(), CLOSE_CODES.unavailable);
    assert.is(await endless.code(), CLOSE_CODES.unavailable);
    assert.is(talking.closed, null);
  });
});

test("a person brings no more writers into a document than pages are loaded, other people are not held up, and later there may be more", async () => {
  const clock = createManualClock();
  await inWorld({ clock }, async ({ socket, partition }) => {
    let writer = 100;
    const brings = (count: number, author: string) =>
      Array.from({ length: count }, () =>
        changeMessage(new Replica(++writer, author).edits(setsThreshold(`t${writer}`, threshold(1))).update),
      );
    const { writers } = partition.room().document;
    const many = socket("eve");
    await many.sends(...brings(ROOM_LIMITS.newWritersBurst + 1, "eve"));
    assert.is(await many.code(), CLOSE_CODES.rate);
    const room = 1;
    assert.is(writers.size, ROOM_LIMITS.newWritersBurst + room);
    const other = socket("ana");
    await other.sends(...brings(1, "ana"));
    await other.until(() => writers.size === ROOM_LIMITS.newWritersBurst + room + 1);
    await clock.advance(1_000 / ROOM_LIMITS.newWritersPerSecond);
    const later = socket("eve");
    await later.sends(...brings(1, "eve"));
    await later.until(() => writers.size === ROOM_LIMITS.newWritersBurst + room + 2);
  });
});

test("a document of many writers is made anew when nobody is there: who comes has its content, a copy of before is closed with 4409", () =>
  inWorld({}, async ({ partition, join }) => {
    const old = new Replica(1);
    for (let k = 0; k <= ROOM_LIMITS.epochWriters; k++) {
      const replica = k === 0 ? old : new Replica(k + 1);
      const { type: _, ...edit } = replica.edits(setsThreshold(`t${k % 4}`, threshold(k)));
      assert.is(partition.edit(edit).kind, "admitted");
    }
    const shown = partition.room().document.doc.getMap("thresholds").toJSON();
    const anna = await join("ana").synced();
    assert.equal(anna.json("thresholds"), shown);
    assert.equal(anna.json("meta"), { schemaVersion: 1, epoch: 2 });
    assert.is(partition.room().document.writers.size, 1);
    const stale = join("ana", { doc: old.doc });
    await stale.until(() => stale.closed !== null);
    assert.is(stale.closed!.code, CLOSE_CODES.epoch);
    anna.map("thresholds").set("later", threshold(1));
    const bob = await join("bob").synced();
    await bob.until(() => bob.map("thresholds").has("later"));
    assert.equal(anna.json("thresholds"), bob.json("thresholds"));
  }));

test("people who are there when a document is made anew are closed with 4409, and get it when they load it again", () =>
  inWorld({}, async ({ partition, join }) => {
    const anna = await join("ana").synced();
    anna.map("thresholds").set("t1", threshold(1));
    const bob = await join("bob").synced();
    await bob.until(() => bob.map("thresholds").has("t1"));
    await partition.command({
      name: "document.renewed",
      body: { epoch: 1 },
      author: { id: "the room" },
      source: "session",
      sequence: 0,
    });
    await anna.until(() => anna.closed !== null);
    assert.is(anna.closed!.code, CLOSE_CODES.epoch);
    const again = await join("ana").synced();
    assert.equal(again.json("thresholds"), { t1: threshold(1) });
    again.map("thresholds").set("t2", threshold(2));
    const other = await join("bob").synced();
    await other.until(() => other.map("thresholds").has("t2"));
  }));

test("fragments that never end are closed with 1009 when they are more than a message may have", () =>
  inWorld({}, async ({ socket }) => {
    const bare = await socket().opened();
    bytesOf(bare).write(frame(2, false, 1_000));
    const fragment = frame(0, false, 65_536);
    for (let sent = 0; sent <= ROOM_LIMITS.messageBytesMax; sent += 65_536) bytesOf(bare).write(fragment);
    assert.is(await bare.code(), 1009);
  }));

test("a sign-in that has ended by itself is noticed with the next sign of life", async () => {
  const clock = createManualClock();
  let wallMs = 1_000_000;
  await inWorld({ clock, token: TOKEN, gateway: { wallMs: () => wallMs } }, async (world) => {
    const expires = { role: "editor", seconds: 60 };
    const { invite } = await posted(world, "/api/invites", expires, OWNER);
    const { token } = await posted(
      world,
      "/api/invites/redeem",
      { invite, name: "Anna", bearer: true },
      { "content-type": "application/json" },
    );
    const guest = await world.socket("anna", "/collab/plant", { authorization: `Bearer ${token}` }).opened();
    guest.ws.send(stateMessage(EMPTY));
    await guest.until(() => guest.received.length > 1);
    await clock.advance(ROOM_LIMITS.keepAliveMs);
    assert.is(guest.closed, null);
    wallMs += 366 * 86_400_000;
    await clock.advance(ROOM_LIMITS.keepAliveMs);
    assert.is(await guest.code(), CLOSE_CODES.unauthenticated);
  });
});

test("a hundred edits that a client sends in a heap are few in the log, and none is lost", () =>
  inWorld({}, async ({ partition, socket }) => {
    const [ana, bob] = await Promise.all([socket("ana").opened(), socket("bob").opened()]);
    const keys = Array.from({ length: 100 }, (_, k) => `a${k}`);
    const authors: string[] = [];
    partition.subscribe({ edited: ({ author }) => void authors.push(author) });
    const replica = new Replica(1);
    const heap = keys.map((key, k) =>
      messageFrame(changeMessage(replica.edits(setsThreshold(key, threshold(k))).update)),
    );
    const bobs = changeMessage(new Replica(2, "bob").edits(setsThreshold("b", threshold(1))).update);
    bytesOf(ana).write(Buffer.concat(heap));
    bytesOf(bob).write(messageFrame(bobs));
    const copy = new Y.Doc();
    await bob.until(() => {
      for (const bytes of bob.received.splice(0)) {
        const message = readRoomMessage(bytes);
        if (message?.kind === "update") Y.applyUpdate(copy, message.update);
      }
      return [...keys, "b"].every((key) => copy.getMap("thresholds").has(key));
    });
    assert.ok(authors.length < keys.length, `${authors.length} edits in the log`);
  }));

test("of a heap of edits with one that is forbidden, those before it count and those after it do not", () =>
  inWorld({}, async ({ partition, socket }) => {
    const ana = await socket("ana").opened();
    const replica = new Replica(1);
    const good = (key: string) => replica.edits(setsThreshold(key, threshold(1))).update;
    const bad = new Replica(2).edits((doc) => void doc.getMap("secrets").set("x", 1)).update;
    const heap = [good("before"), bad, good("after")].map((each) => messageFrame(changeMessage(each)));
    bytesOf(ana).write(Buffer.concat(heap));
    assert.is(await ana.code(), CLOSE_CODES.forbidden);
    assert.equal(partition.room().document.keys("thresholds"), ["before"]);
  }));

test("a large document comes in several messages, the answer last, and its size is warned of", () =>
  inWorld({}, async ({ join, socket, logged }) => {
    const ana = await join("ana").synced();
    const field = "é".repeat(7_000);
    const names = Array.from({ length: 160 }, (_, k) => `n${k}`);
    for (let k = 0; k < names.length; k += 5)
      ana.doc.transact(() => {
        for (const name of names.slice(k, k + 5)) {
          const note = { by: "ana", body: "", fromUs: 0, field };
          ana.map("annotations").set(name, new Y.Map(Object.entries(note)));
        }
      });
    const bob = await join("bob").synced();
    await bob.until(() => bob.map("annotations").size === names.length);
    assert.is(
      logged.filter((line) => /^warning: the shared document plant: it has \d+ bytes/.test(line)).length,
      1,
    );
    const bare = socket("eve");
    await bare.sends(stateMessage(EMPTY));
    const isAnswer = (bytes: Uint8Array) => bytes[0] === 0 && bytes[1] === 1;
    await bare.until(() => bare.received.some(isAnswer));
    const sizes = bare.received.map(({ length }) => length);
    assert.ok(
      sizes.every((length) => length < 1.1 * ROOM_LIMITS.partBytes),
      sizes.join(" "),
    );
    assert.ok(sizes.length > LARGE_DOCUMENT_BYTES / ROOM_LIMITS.partBytes, sizes.join(" "));
    const copy = new Y.Doc();
    for (const bytes of bare.received) {
      const message = readRoomMessage(bytes);
      if (message?.kind === "update") Y.applyUpdate(copy, message.update);
    }
    assert.is(copy.getMap("annotations").size, names.length);
  }));

test.run();
