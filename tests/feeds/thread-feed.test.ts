// runtime: either
/** A feed on its way to a partition in another thread: how far it may be ahead, and what is shed. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ThreadFeed } from "../../collab/live/thread-feed.ts";
import { unpackFeedMessages } from "../../collab/live/thread-messages.ts";
import { decodeAs } from "../../protocol/codec.ts";
import { createFrame, type Frame } from "../../protocol/frame.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";

const AHEAD_BYTES = 1 << 20;
const WAITING_BYTES = 4 << 20;
/** More bytes than may wait. */
const FRAMES = 3_000;

async function started(kind: "live" | "recorded") {
  const feed = scriptedFeed("feed", kind);
  const sent: { bytes: number; shed: number; sequences: number[] }[] = [];
  let ended = false;
  const thread = new ThreadFeed(feed, {
    send: (messages, shed) => {
      const sequences = [...unpackFeedMessages(messages)].map((bytes) => decodeAs("frame", bytes).sequence);
      sent.push({ bytes: messages.byteLength, shed, sequences });
    },
    ended: () => {
      ended = true;
    },
  });
  thread.start();
  const sink = await feed.sink;
  const offer = (frames: number): boolean[] =>
    Array.from({ length: frames }, (_, k) => sink.frame(frame(k + 1)));
  return { feed, sink, thread, sent, offer, hasEnded: () => ended };
}

function frame(sequence: number): Frame {
  const made = createFrame("feed", "g", 256);
  made.count = 256;
  made.sequence = sequence;
  for (let k = 0; k < made.count; k++) made.time[k] = 1_000_000 + k;
  return made;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

test("[T1] a recorded feed waits when it is a megabyte ahead, until the partition has taken some of it", async () => {
  const { feed, sink, thread, sent, offer, hasEnded } = await started("recorded");
  const answers = offer(FRAMES);
  await Promise.resolve();
  const bytes = sum(sent.map((each) => each.bytes));
  assert.ok(Math.abs(answers.indexOf(false) - (AHEAD_BYTES * FRAMES) / bytes) <= 1);
  let isDrained = false;
  const drained = sink.drained().then(() => {
    isDrained = true;
  });
  thread.taken(bytes - AHEAD_BYTES);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  assert.is(isDrained, false);
  thread.taken(1);
  await drained;
  feed.end();
  while (!hasEnded()) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(
    sent.flatMap(({ sequences }) => sequences),
    Array.from({ length: FRAMES }, (_, k) => k + 1),
  );
  assert.ok(sent.every(({ shed }) => shed === 0));
});

test("[T2] frames of a live feed are shed beyond four megabytes, and counted", async () => {
  const { sink, thread, sent, offer } = await started("live");
  offer(FRAMES);
  await Promise.resolve();
  const bytes = sum(sent.map((each) => each.bytes));
  const passed = sent.flatMap(({ sequences }) => sequences);
  assert.ok(bytes >= WAITING_BYTES && bytes < WAITING_BYTES + bytes / passed.length);
  assert.equal(
    passed,
    passed.map((_, k) => k + 1),
  );
  thread.taken(bytes);
  assert.is(sink.frame(frame(FRAMES + 1)), true);
  await Promise.resolve();
  assert.equal(sent.at(-1)!.sequences, [FRAMES + 1]);
  assert.is(sum(sent.map(({ shed }) => shed)), FRAMES - passed.length);
});

test.run();
