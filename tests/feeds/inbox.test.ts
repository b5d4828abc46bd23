/** What waits for the owner of a partition: its order, its bound, and what is shed. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Inbox } from "../../actors/feeds/inbox.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import { createManualClock } from "../support/clock.ts";

/** An inbox that a flood has just used the turn of: what comes now waits. */
function world(bytes = 10_000, isLate = () => false) {
  const manual = createManualClock(0);
  const turns: (() => void)[] = [];
  const clock = {
    ...manual,
    monotonicMs: () => manual.monotonicMs(),
    soon: (act: () => void) => void turns.push(act),
  };
  const taken: string[] = [];
  const before: number[] = [];
  const shed: string[] = [];
  const buffers: ArrayBufferLike[] = [];
  const inbox = new Inbox({
    clock,
    bytes,
    take(source, subject, message, shedBefore) {
      taken.push(`${source}${message[0]}`);
      before.push(shedBefore);
      buffers.push(message.buffer);
      assert.is(subject, `s.${source}`);
    },
    shed: (source) => shed.push(source),
    isLate,
  });
  const put = (source: string, number: number, length = 768) =>
    inbox.put(source, `s.${source}`, new Uint8Array(length).fill(number));
  return {
    manual,
    inbox,
    put,
    taken,
    before,
    shed,
    /** Of what was taken. */
    buffers,
    /** Nothing more fits into this turn. */
    fillTurn() {
      put("filler", 0, 256 << 10);
      taken.length = before.length = 0;
    },
    turn() {
      for (const act of turns.splice(0)) act();
    },
  };
}

test("[Q2] what comes is taken at once until the turn has had its share, the rest in the turns that follow", () => {
  const { put, taken, turn, inbox } = world(1 << 20);
  for (let k = 1; k <= 4; k++) put("a", k, 100 << 10);
  assert.equal(taken, ["a1", "a2", "a3"]);
  turn();
  assert.equal(taken, ["a1", "a2", "a3", "a4"]);
  assert.is(inbox.bytes, 0);
});

test("[Q2] a turn takes a message also where each look at the clock takes longer than a turn", () => {
  const { manual, put, taken, turn, fillTurn } = world();
  fillTurn();
  put("a", 1);
  put("a", 2);
  let nowMs = 0;
  manual.monotonicMs = () => (nowMs += 5);
  turn();
  turn();
  assert.equal(taken, ["a1", "a2"]);
});

test("[Q1] a message that comes while others wait is taken after them", () => {
  const { put, taken, fillTurn, turn } = world();
  fillTurn();
  put("a", 1);
  put("a", 2);
  assert.equal(taken, []);
  turn();
  put("a", 3);
  assert.equal(taken, ["a1", "a2", "a3"]);
});

test("[Q2] while the log is late nothing is taken, also of a turn that has begun, and then all of it in order", async () => {
  let isLate = false;
  const { put, taken, turn, manual, inbox } = world(10_000, () => isLate);
  put("a", 1);
  isLate = true;
  put("a", 2);
  put("a", 3);
  turn();
  await manual.advance(10);
  assert.equal(taken, ["a1"]);
  isLate = false;
  await manual.advance(1);
  turn();
  assert.equal(taken, ["a1", "a2", "a3"]);
  assert.is(inbox.bytes, 0);
});

test("what does not fit is shed and counted, and the next message of its source says how many", () => {
  const { put, taken, before, shed, fillTurn, turn, inbox } = world(10_000);
  fillTurn();
  for (let k = 1; k <= 25; k++) put("a", k);
  assert.is(inbox.bytes, 10_000);
  assert.is(shed.length, 15);
  turn();
  put("a", 26);
  assert.equal(taken, [...Array.from({ length: 10 }, (_, k) => `a${k + 1}`), "a26"]);
  assert.equal(before, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 15]);
  put("a", 27);
  assert.is(before.at(-1), 0);
});

test("[Q3] a source that sends little is neither shed nor kept waiting behind one that floods", () => {
  const { put, taken, shed, fillTurn, turn } = world(10_000);
  fillTurn();
  for (let k = 1; k <= 25; k++) put("flood", k);
  put("calm", 1);
  put("calm", 2);
  for (let k = 26; k <= 30; k++) put("flood", k);
  turn();
  assert.ok(shed.every((source) => source === "flood"));
  assert.equal(taken.slice(0, 4), ["flood1", "calm1", "flood2", "calm2"]);
});

test("[Q4] at most twice the limit waits, however many sources there are", () => {
  const { put, shed, fillTurn, inbox } = world(10_000);
  fillTurn();
  for (let k = 0; k < 1_000; k++) put(`source ${k}`, 1);
  assert.ok(inbox.bytes <= 20_000);
  assert.is(shed.length, 1_000 - inbox.bytes / 1_000);
});

test("declarations wait where a frame of the same source would be shed", () => {
  const { inbox, put, taken, shed, fillTurn, turn } = world(10_000);
  fillTurn();
  for (let k = 1; k <= 15; k++) put("a", k);
  const status = { type: "feedStatus", source: "a", status: "stalled", detail: "", counts: {} } as const;
  inbox.put("a", "s.a", encodeMessage(status));
  assert.is(shed.length, 5);
  turn();
  assert.is(taken.length, 11);
});

test("a message that waits is a copy of what came", () => {
  const { inbox, taken, fillTurn, turn } = world();
  fillTurn();
  const bytes = Uint8Array.of(7);
  inbox.put("a", "s.a", bytes);
  bytes[0] = 9;
  turn();
  assert.equal(taken, ["a7"]);
});

test("[Q5] the memory of a message that was taken is used again, up to the limit", () => {
  const { inbox, buffers, put, fillTurn, turn } = world(10_000);
  for (const first of [1, 100]) {
    fillTurn();
    for (let k = 0; k < 12; k++) put("a", first + k);
    turn();
  }
  const [once, again] = [buffers.slice(1, 11), buffers.slice(12)];
  assert.is(new Set(once).size, 10);
  assert.ok(again.every((buffer) => once.includes(buffer)));
  assert.is(inbox.bytes, 0);
});

test("an inbox that was closed takes nothing more", () => {
  const { inbox, put, taken, fillTurn, turn } = world();
  fillTurn();
  put("a", 1);
  inbox.close();
  turn();
  put("a", 2);
  assert.equal(taken, []);
  assert.is(inbox.bytes, 0);
});

test.run();
