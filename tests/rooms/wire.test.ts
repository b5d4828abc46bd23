// slow
/** Stock y-websocket clients and strangers' sockets at the gateway. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as Y from "yjs";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { ROOM_LIMITS } from "../../collab/rooms/limits.ts";
import { changeMessage, presenceMessage, readRoomMessage, stateMessage } from "../../collab/rooms/wire.ts";
import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import { holdable } from "../support/held-journal.ts";
import { Replica, setsThreshold, threshold } from "./edits.ts";
import { type RoomWorld, roomWorld } from "./room-world.ts";

/** Rounds of edits of 80 kB of three people: 12 MB in all. */
const ROUNDS = 50;

type WebSocketOn = (event: "message", listener: () => void) => void;

const EMPTY = Y.encodeStateVector(new Y.Doc());

async function inWorld(run: (world: RoomWorld) => Promise<void>, world = roomWorld()): Promise<void> {
  const made = await world;
  try {
    await run(made);
  } finally {
    await made.close();
  }
}

test("what one stock client changes, others see, and so do those who come later", () =>
  inWorld(async ({ join }) => {
    const ana = await join("ana").synced();
    const bob = await join("bob").synced();
    ana.map("thresholds").set("t1", threshold(90));
    await bob.until(() => bob.map("thresholds").has("t1"));
    const eve = await join("eve").synced();
    assert.equal(eve.json("thresholds"), { t1: threshold(90) });
  }));

test("what a client changed while it had no connection arrives when it has one", () =>
  inWorld(async ({ join }) => {
    const [ana, bob] = [await join("ana").synced(), await join("bob").synced()];
    ana.provider.disconnect();
    for (let k = 0; k < 50; k++) ana.map("thresholds").set(`t${k}`, threshold(k));
    bob.map("thresholds").set("b", threshold(7));
    ana.provider.connect();
    await bob.until(() => bob.map("thresholds").size === 51);
    await ana.until(() => ana.map("thresholds").size === 51);
  }));

test("a change reaches others, and those who come later, only when it is durable", async () => {
  const journal = holdable(createMemoryJournal({}));
  await inWorld(async ({ join }) => {
    const [ana, bob] = [await join("ana").synced(), await join("bob").synced()];
    const release = journal.hold();
    ana.map("thresholds").set("t1", threshold(1));
    await journal.reached();
    const eve = await join("eve").synced();
    assert.equal(eve.json("thresholds"), {});
    assert.equal(bob.json("thresholds"), {});
    release();
    await bob.until(() => bob.map("thresholds").has("t1"));
    await eve.until(() => eve.map("thresholds").has("t1"));
  }, roomWorld(journal));
});

test("a viewer sees everything, connects with what it knows, and is closed with 4403 when it changes something", () =>
  inWorld(async ({ join }) => {
    const ana = await join("ana").synced();
    ana.map("thresholds").set("t1", threshold(1));
    const eve = await join("eve", { role: "viewer" }).synced();
    await eve.until(() => eve.map("thresholds").has("t1"));
    eve.map("thresholds").delete("t1");
    await eve.until(() => eve.closed !== null);
    assert.is(eve.closed!.code, CLOSE_CODES.forbidden);
    assert.equal(ana.json("thresholds"), { t1: threshold(1) });
  }));

test("a stranger is closed with 4401 and an unknown session with 4404, and stock clients stop", () =>
  inWorld(async ({ join, socket }) => {
    const stranger = join("stranger");
    await stranger.until(() => stranger.closed !== null);
    assert.is(stranger.closed!.code, CLOSE_CODES.unauthenticated);
    for (const path of ["other", "%2F..", "plant%00", "*", ">", "plant%2fx", "", "a/b"])
      assert.is(await socket("ana", `/collab/${path}`).code(), CLOSE_CODES.notFound, path);
  }));

test("an epoch that is over is closed with 4409", () =>
  inWorld(async ({ socket }) => {
    const stale = socket("ana&epoch=9");
    assert.is(await stale.code(), CLOSE_CODES.epoch);
  }));

test("text, garbage, unknown types and two messages in a frame are closed with 4400", () =>
  inWorld(async ({ socket }) => {
    const state = stateMessage(EMPTY);
    const bad = [
      "text",
      Uint8Array.of(),
      Uint8Array.of(9),
      Uint8Array.of(2, 0),
      Uint8Array.of(0, 3, 0),
      Uint8Array.of(...state, ...state),
      Uint8Array.of(0, 2, 200, 1),
      Uint8Array.of(0, 0, 2, 5, 1),
      changeMessage(Uint8Array.of(1, 2, 3)),
      Uint8Array.of(1, 1, 7),
    ];
    for (const message of bad) {
      const bare = socket();
      await bare.sends(message);
      assert.is(await bare.code(), CLOSE_CODES.malformed);
    }
  }));

test("every valid frame cut at any byte is closed with 4400 or asks for more, and changes nothing", () =>
  inWorld(async ({ socket, partition }) => {
    const frame = changeMessage(new Replica(7).edits(setsThreshold("t1", threshold(1))).update);
    const frames = Array.from({ length: frame.length }, (_, length) => frame.slice(0, length));
    assert.ok(frames.every((cut) => readRoomMessage(cut) === null));
    for (const cut of frames.filter((_, k) => k % 9 === 0)) {
      const bare = socket();
      await bare.sends(cut);
      assert.is(await bare.code(), CLOSE_CODES.malformed);
    }
    assert.is(partition.room().document.entry("thresholds", "t1"), undefined);
  }));

test("frames that come twice or in another order are taken once, in order", () =>
  inWorld(async ({ socket, join }) => {
    const bob = await join("bob").synced();
    const ana = new Replica(7);
    const [one, two] = [
      changeMessage(ana.edits(setsThreshold("t1", threshold(1))).update),
      changeMessage(ana.edits(setsThreshold("t2", threshold(2))).update),
    ];
    const bare = socket();
    await bare.sends(two, one, one, two, two);
    await bob.until(() => bob.map("thresholds").size === 2);
    assert.is(bare.closed, null);
  }));

test("a frame of more than a megabyte is closed with 1009, and an edit of more than it may have with 4413", () =>
  inWorld(async ({ socket }) => {
    const large = socket();
    await large.sends(new Uint8Array(ROOM_LIMITS.messageBytesMax + 1));
    assert.is(await large.code(), 1009);
    const edit = socket();
    await edit.sends(changeMessage(new Uint8Array(200_000)));
    assert.is(await edit.code(), CLOSE_CODES.tooLarge);
  }));

test("a compressed frame is closed: nothing grows from a few bytes", () =>
  inWorld(async ({ socket }) => {
    const bare = await socket().opened();
    // RSV1 says that it is compressed, which nobody agreed on.
    (bare.ws as unknown as { _socket: { write(bytes: Uint8Array): void } })._socket.write(
      Uint8Array.of(0xc2, 0x81, 0, 0, 0, 0, 0),
    );
    assert.is(await bare.code(), 1002);
  }));

test("who asks for the state again and again, or pings, is closed with 4529, which stock clients survive", () =>
  inWorld(async ({ socket }) => {
    const asking = socket();
    await asking.sends(...Array.from({ length: 300 }, () => stateMessage(EMPTY)));
    assert.is(await asking.code(), CLOSE_CODES.rate);
    assert.ok(asking.received.length < 20);
    const pinging = await socket().opened();
    for (let k = 0; k < 100; k++) pinging.ws.ping();
    assert.is(await pinging.code(), CLOSE_CODES.rate);
  }));

test("a client that does not read is passed over, and has everything in one difference when it reads again", () =>
  inWorld(async ({ join }) => {
    const writers = [await join("ana").synced(), await join("bob").synced(), await join("dan").synced()];
    const eve = await join("eve").synced();
    const socket = eve.provider.ws as unknown as {
      _socket: { pause(): void; resume(): void };
      on: WebSocketOn;
    };
    let messages = 0;
    socket.on("message", () => messages++);
    socket._socket.pause();
    // More than the buffers of the system take, and more than may wait in the server.
    for (let round = 0; round < ROUNDS; round++) {
      for (const [k, writer] of writers.entries()) {
        const text = `${k} ${round} `.padEnd(8_000, "x");
        writer.doc.transact(() => {
          for (let n = 0; n < 10; n++)
            writer.map("panels").set(
              `w${k}-${n}`,
              new Y.Map([
                ["type", "note"],
                ["text", text],
              ]),
            );
        });
        await writer.until(() => writers.every(({ doc }) => doc.getMap("panels").has(`w${k}-9`)));
      }
    }
    const done = (): boolean =>
      writers.every((_, k) =>
        String((eve.map("panels").get(`w${k}-9`) as Y.Map<string>)?.get("text")).startsWith(
          `${k} ${ROUNDS - 1} `,
        ),
      );
    socket._socket.resume();
    await eve.until(done);
    assert.ok(messages < ROUNDS * writers.length, `${messages} messages`);
  }));

test("presence bears the name that the server verified, whatever the client says", () =>
  inWorld(async ({ join }) => {
    const ana = await join("ana", { writer: 7 }).synced();
    const bob = await join("bob").synced();
    ana.provider.awareness.setLocalState({ cursor: 5, user: { id: "eve", name: "Eve", color: "#123456" } });
    const shown = () => bob.provider.awareness.getStates().get(7) as { cursor?: number } | undefined;
    await bob.until(() => shown()?.cursor === 5);
    assert.equal(shown(), { cursor: 5, user: { color: "#123456", id: "ana", name: "ana", role: "editor" } });
    ana.leave();
    await bob.until(() => shown() === undefined);
  }));

test("nobody speaks for somebody else, and ghosts are nobody", () =>
  inWorld(async ({ join, socket }) => {
    const ana = await join("ana", { writer: 7 }).synced();
    const bob = await join("bob", { writer: 8 }).synced();
    ana.provider.awareness.setLocalState({});
    await bob.until(() => bob.provider.awareness.getStates().has(7));
    const entry = (writer: number, clock: number, state: string) => ({ writer, clock, state });
    const eve = socket("eve");
    const ghosts = Array.from({ length: 4_000 }, (_, k) => entry(1_000 + k, 1, "{}"));
    await eve.sends(
      presenceMessage([entry(9, 1, '{"mark":1}')]),
      presenceMessage([entry(7, 99, "null")]),
      presenceMessage([entry(7, 99, '{"mark":1}')]),
      presenceMessage(ghosts),
      presenceMessage([entry(9, Number.MAX_SAFE_INTEGER, '{"mark":2}')]),
      presenceMessage([entry(9, 2, '{"mark":3}')]),
    );
    const mark = () => (bob.provider.awareness.getStates().get(9) as { mark?: number } | undefined)?.mark;
    await bob.until(() => mark() === 3);
    assert.equal([...bob.provider.awareness.getStates().keys()].sort(), [7, 8, 9]);
    assert.is((ana.provider.awareness.getStates().get(7) as { mark?: number }).mark, undefined);
  }));

test("presence that is no object, no JSON, too long, or of 2^32 people closes its connection", () =>
  inWorld(async ({ socket }) => {
    const shows = async (state: string) => {
      const bare = socket();
      await bare.sends(presenceMessage([{ writer: 9, clock: 1, state }]));
      return bare.code();
    };
    assert.is(await shows("5"), CLOSE_CODES.malformed);
    assert.is(await shows("[]"), CLOSE_CODES.malformed);
    assert.is(await shows("{"), CLOSE_CODES.malformed);
    assert.is(await shows(`"${"x".repeat(5_000)}"`), CLOSE_CODES.tooLarge);
    const many = socket();
    await many.sends(Uint8Array.of(1, 5, 0x80, 0x80, 0x80, 0x80, 0x10));
    assert.is(await many.code(), CLOSE_CODES.tooLarge);
  }));

test("a client that connects again with an old presence is seen again", () =>
  inWorld(async ({ join }) => {
    const bob = await join("bob").synced();
    const first = await join("ana", { writer: 7 }).synced();
    for (let k = 0; k < 5; k++) first.provider.awareness.setLocalState({ k });
    const shown = () =>
      bob.provider.awareness.getStates().get(7) as { k?: number; again?: boolean } | undefined;
    await bob.until(() => shown()?.k === 4);
    first.leave();
    await bob.until(() => shown() === undefined);
    const second = await join("ana", { writer: 7 }).synced();
    second.provider.awareness.setLocalState({ again: true });
    await bob.until(() => shown()?.again === true);
  }));

test("two sockets of one person under one writer: both write, none is lost", () =>
  inWorld(async ({ join }) => {
    const bob = await join("bob").synced();
    const one = await join("ana", { writer: 7 }).synced();
    one.map("thresholds").set("t1", threshold(1));
    await bob.until(() => bob.map("thresholds").has("t1"));
    const two = await join("ana").synced();
    two.map("thresholds").set("t2", threshold(2));
    one.map("thresholds").set("t3", threshold(3));
    await bob.until(() => bob.map("thresholds").size === 3);
  }));

test.run();
