// runtime: either
/**
 * Limits of the wire and the log follow from their reasons, and those that people count on stay: a program must take what another one, within
 * the same limits, sends.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as limits from "../../protocol/limits.ts";

/** The smallest payload limit of NATS in common use. */
const NATS_BYTES = 2 ** 20;

test("frames, inputs, blocks and messages are fractions of what the bus takes", () => {
  assert.is(limits.MAX_FRAME_BYTES, NATS_BYTES / 16);
  assert.is(limits.MAX_INPUT_BYTES, NATS_BYTES / 8);
  assert.is(limits.MAX_BLOCK_BYTES, NATS_BYTES / 4);
  assert.is(limits.MAX_BLOCK_BYTES, 2 * limits.MAX_INPUT_BYTES, "two of the largest inputs fit in a block");
  assert.is(limits.MAX_MESSAGE_BYTES, NATS_BYTES / 2);
});

test("the largest frame is one of 2048 samples of 22 bytes, with times that differ by 32 bits", () => {
  assert.is(limits.MAX_FRAME_SAMPLES, 2048);
  assert.ok(22 * limits.MAX_FRAME_SAMPLES + 1_024 < limits.MAX_FRAME_BYTES);
  assert.is(limits.MAX_FRAME_SPAN_US, 2 ** 32 - 1);
});

test("states are of six qubits as matrices, of ten as vectors, and half of an input holds both parts", () => {
  assert.is(limits.MAX_MATRIX_DIMENSION, 2 ** 6);
  assert.is(2 * 8 * limits.MAX_MATRIX_DIMENSION ** 2, limits.MAX_INPUT_BYTES / 2);
  assert.is(limits.MAX_VECTOR_DIMENSION, 2 ** 10);
});

test("records about a block have room for what they list", () => {
  assert.is(limits.HASH_BYTES, 256 / 8);
  assert.is(limits.MAX_DERIVED_RECORD_BYTES, 4 * NATS_BYTES);
  assert.is(limits.MAX_STREAM_RECORD_BYTES, limits.MAX_DERIVED_RECORD_BYTES + 1_024);
  assert.is(limits.MAX_RECORD_EVENTS, limits.MAX_DERIVED_RECORD_BYTES / 512);
  assert.is(limits.MAX_CHECKPOINT_PARTS, limits.MAX_GROUPS * 4 * 64);
});

test("a client's message may name 128 channels with the longest names", () => {
  const named = limits.MAX_GROUP_CHANNELS * (limits.MAX_NAME_BYTES + 8);
  assert.ok(named < limits.MAX_CLIENT_MESSAGE_BYTES && limits.MAX_CLIENT_MESSAGE_BYTES === NATS_BYTES / 32);
});

test("what the documents promise holds", () => {
  const { MAX_GROUP_CHANNELS, MAX_GROUPS, MAX_NAME_BYTES, MAX_TEXT_BYTES, MAX_NESTING } = limits;
  assert.equal(
    [MAX_GROUP_CHANNELS, MAX_GROUPS, MAX_NAME_BYTES, MAX_TEXT_BYTES, MAX_NESTING],
    [128, 64, 128, 4_096, 16],
  );
  assert.equal(
    [limits.MAX_BLOCK_INPUTS, limits.MAX_BLOCK_AGE_MS, limits.MAX_MEMORY_BLOCK_AGE_MS],
    [256, 5, 0.01],
  );
  // ARCHITECTURE.md: every 65,536 samples, in slow sessions every 256 inputs but at most every ten seconds.
  const { CHECKPOINT_SAMPLES, CHECKPOINT_INPUTS, CHECKPOINT_US } = limits;
  assert.equal([CHECKPOINT_SAMPLES, CHECKPOINT_INPUTS, CHECKPOINT_US], [65_536, 256, 10_000_000]);
  assert.equal([limits.MAX_PARTITIONS, limits.MAX_SNAPSHOT_BYTES], [1_024, 2 ** 28]);
});

test.run();
