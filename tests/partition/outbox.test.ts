// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { blocks as blocksOf } from "../../actors/log/read.ts";
import { LoggedFrame } from "../../actors/partition/delivered-frame.ts";
import { Outbox } from "../../actors/partition/outbox.ts";
import { encodeDerived } from "../../protocol/block.ts";
import { recordingListener } from "../support/recording-listener.ts";
import { writtenLog } from "../support/written-log.ts";

// The log's block 1 holds inputs 1 and 2, block n the frames 2n - 1 and 2n (tests/support/written-log.ts).

test("[O1] listeners get every delivery in order; one that throws is dropped and the others continue", async () => {
  const { outbox, blocks, logged } = await given();
  const one = recordingListener();
  const other = recordingListener();
  outbox.subscribe({ ...one.listener, frame: () => assert.unreachable("thrown in a listener") });
  outbox.subscribe(other.listener);
  deliver(outbox, blocks[2]!);
  deliver(outbox, blocks[3]!);
  assert.equal(one.heard, []);
  assert.equal(other.heard, ["frame 3", "frame 4", "flush", "frame 5", "frame 6", "flush"]);
  assert.match(logged.join(), "listener failed");
});

test("[O1] a listener that unsubscribed receives nothing more", async () => {
  const { outbox, blocks } = await given();
  const { listener, heard } = recordingListener();
  const off = outbox.subscribe(listener);
  deliver(outbox, blocks[2]!);
  off();
  deliver(outbox, blocks[3]!);
  assert.equal(heard, ["frame 3", "frame 4", "flush"]);
});

test("[O2] frames of a block that is known are given out once they were delivered", async () => {
  const { outbox, blocks } = await given();
  const { stored, frames } = blocks[2]!;
  outbox.block(stored.lastSequence, stored.bytes);
  assert.equal(recent(outbox, 0), []);
  outbox.frame(frames[0]!);
  assert.equal(recent(outbox, 0), [3]);
  outbox.frame(frames[1]!);
  assert.equal(recent(outbox, 0), [3, 4]);
  assert.equal(recent(outbox, 3), [4]);
});

test("[O3] after a rewind events, frames and states are those up to the place", async () => {
  const { outbox, blocks, journal } = await given();
  const { listener, heard } = recordingListener();
  outbox.subscribe(listener);
  deliver(outbox, blocks[2]!);
  deliver(outbox, blocks[3]!);
  journal.appendDerived({ kind: "derived", block: 3, bytes: encodeDerived(3, [EVENT]) });
  outbox.event(EVENT);
  outbox.state(STATE);
  outbox.prepareRewind();
  outbox.block(blocks[2]!.stored.lastSequence, blocks[2]!.stored.bytes);
  assert.equal(recent(outbox, 0), [3, 4, 5, 6]);
  outbox.rewind({ timeUs: 2_000, input: 4, event: 0 });
  assert.equal(recent(outbox, 0), [3, 4]);
  assert.equal(outbox.lastStates(), []);
  assert.is(outbox.lastEvent, 0);
  assert.equal(await outbox.events(0, 10), []);
  assert.is(heard.at(-1), "rewound to input 4");
  deliver(outbox, blocks[3]!);
  outbox.event(EVENT);
  assert.equal(recent(outbox, 4), [5, 6]);
  assert.equal(await outbox.events(0, 10), [EVENT]);
});

const EVENT = {
  type: "event" as const,
  sequence: 1,
  id: "p0/6/1",
  timeUs: 3_000,
  kind: "test.happened",
  severity: "info" as const,
  actor: "test",
  group: "g",
  channels: [],
  title: "happened",
  detail: {},
};

const STATE = { type: "state", group: "g" } as unknown as Parameters<Outbox["state"]>[0];

async function given() {
  const { journal } = await writtenLog({ blocks: 4, journal: createMemoryJournal() });
  const logged: string[] = [];
  const outbox = new Outbox({ journal, place: { input: 0, event: 0 }, log: (line) => logged.push(line) });
  const blocks: Record<number, LoggedFrames> = {};
  for await (const block of blocksOf(journal)) {
    const frames: LoggedFrame[] = [];
    block.forEach((sequence, _timeUs, bytes) => {
      frames.push(new LoggedFrame(sequence, { bytes, inputsAt: 0 }, 0, bytes.length));
    });
    blocks[block.number] = { stored: block.stored, frames };
  }
  return { outbox, blocks, journal, logged };
}

interface LoggedFrames {
  stored: { lastSequence: number; bytes: Uint8Array };
  frames: LoggedFrame[];
}

function deliver(outbox: Outbox, { stored, frames }: LoggedFrames): void {
  outbox.block(stored.lastSequence, stored.bytes);
  for (const frame of frames) outbox.frame(frame);
  outbox.flush();
}

function recent(outbox: Outbox, after: number): number[] {
  return outbox.recentFrames(after).frames.map(({ inputSequence }) => inputSequence);
}

test.run();
