// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { RecentBlocks } from "../../actors/partition/recent-blocks.ts";
import { BlockBuilder, GENESIS_HASH } from "../../protocol/block.ts";
import { encodeFrame } from "../../protocol/codec.ts";
import { row } from "../support/inputs.ts";

/** A block of two frames whose inputs begin with `firstSequence`. */
function block(number: number, firstSequence: number): Uint8Array {
  const place = { partition: "p0", epoch: 0, number, previousHash: GENESIS_HASH, firstSequence };
  const builder = new BlockBuilder(place);
  for (const sequence of [firstSequence, firstSequence + 1])
    builder.add(sequence, encodeFrame(row(sequence, [1], sequence)));
  return builder.close().bytes;
}

/** `count` blocks, of which `kept` fit: of equal size, because their numbers take one byte each (at most 60 blocks). */
function filled(count: number, kept: number): RecentBlocks {
  const blocks = Array.from({ length: count }, (_, k) => block(k + 1, 2 * k + 1));
  const recent = new RecentBlocks(kept * blocks[0]!.length, 0);
  blocks.forEach((bytes, k) => void recent.add(2 * k + 2, bytes));
  assert.is(recent.bytes, Math.min(count, kept) * blocks[0]!.length);
  return recent;
}

test("[B1] the blocks kept are the newest that fit, however many came before", () => {
  for (const count of [1, 4, 5, 6, 20, 60]) {
    const { frames, complete } = filled(count, 5).framesAfter(0, 1000);
    const first = Math.max(0, count - 5);
    assert.equal(
      frames.map(({ inputSequence }) => inputSequence),
      Array.from({ length: 2 * (count - first) }, (_, k) => 2 * first + k + 1),
    );
    assert.is(complete, count <= 5);
  }
});

test("[B1] a newest block larger than all that fits stays", () => {
  const recent = new RecentBlocks(1, 0);
  recent.add(2, block(1, 1));
  recent.add(4, block(2, 3));
  assert.equal(
    recent.framesAfter(0, 10).frames.map(({ inputSequence }) => inputSequence),
    [3, 4],
  );
});

test("frames after a cursor are complete when nothing after it was dropped, and keep to their bounds", () => {
  const recent = filled(20, 5);
  const sequences = (after: number, limit: number, through?: number) =>
    recent.framesAfter(after, limit, through).frames.map(({ inputSequence }) => inputSequence);
  assert.is(recent.framesAfter(29, 10).complete, false);
  assert.is(recent.framesAfter(30, 10).complete, true);
  assert.equal(sequences(33, 4), [34, 35, 36, 37]);
  assert.equal(sequences(33, 100, 36), [34, 35, 36]);
  assert.equal(sequences(40, 10), []);
});

test.run();
