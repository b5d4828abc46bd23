// runtime: either
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  BlockBuilder,
  type BlockStart,
  decodeBlock,
  decodeCheckpoint,
  decodeDerived,
  encodeCheckpoint,
  encodeDerived,
  GENESIS_HASH,
} from "../../protocol/block.ts";
import { decodeBlockFast } from "../../protocol/block-decode.ts";
import { encodeBlockFast } from "../../protocol/block-encode.ts";
import { decodeAs, decodeMessage, encodeMessage } from "../../protocol/codec.ts";
import { float64Bytes } from "../../protocol/columns.ts";
import { LimitExceeded, MalformedMessage } from "../../protocol/errors.ts";
import { HASH_BYTES, MAX_BLOCK_BYTES, MAX_BLOCK_INPUTS, MAX_INPUT_BYTES } from "../../protocol/limits.ts";
import type { EventMessage, MessageOf } from "../../protocol/messages.ts";
import { anyMessage, count, MESSAGE, name, timeUs } from "./arbitraries.ts";
import { refuses } from "./refusal.ts";

const FIRST: BlockStart = {
  partition: "p",
  epoch: 1,
  number: 1,
  previousHash: GENESIS_HASH,
  firstSequence: 1,
};
const STATUS = encodeMessage({ type: "feedStatus", source: "s", status: "running", detail: "", counts: {} });

interface LoggedInput {
  sequence: number;
  timeUs: number;
  message: Uint8Array;
}

function inputsOf(bytes: Uint8Array): LoggedInput[] {
  const inputs: LoggedInput[] = [];
  decodeBlock(bytes).forEach((sequence, timeUs, message) => {
    inputs.push({ sequence, timeUs, message: Uint8Array.from(message) });
  });
  return inputs;
}

/** A good block of two inputs, changed. */
function changedBlock(change: Partial<MessageOf<"block">>): Uint8Array {
  const builder = new BlockBuilder(FIRST);
  builder.add(5, STATUS);
  builder.add(9, STATUS);
  return encodeMessage({ ...(decodeMessage(builder.close().bytes) as MessageOf<"block">), ...change });
}

test("[B1] a block gives back its inputs in order, numbered from its first", () => {
  const log = fc.array(fc.tuple(fc.nat(1000), anyMessage), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(log, fc.integer({ min: 1, max: 1e9 }), (entries, firstSequence) => {
      const builder = new BlockBuilder({ ...FIRST, firstSequence, number: 3 });
      let timeUs = 1_700_000_000_000_000;
      const expected: LoggedInput[] = [];
      for (const [pause, message] of entries) {
        timeUs += pause;
        const bytes = encodeMessage(message);
        builder.add(timeUs, bytes);
        expected.push({ sequence: firstSequence + expected.length, timeUs, message: bytes });
      }
      const closed = builder.close();
      assert.equal(inputsOf(closed.bytes), expected);
      assert.is(closed.lastSequence, firstSequence + entries.length - 1);
      assert.is(closed.timeUs, timeUs);
      const { partition, epoch, number, previousHash, lastSequence, inputs } = decodeBlock(closed.bytes);
      assert.equal(
        { partition, epoch, number, previousHash, lastSequence, inputs },
        {
          partition: "p",
          epoch: 1,
          number: 3,
          previousHash: GENESIS_HASH,
          lastSequence: closed.lastSequence,
          inputs: entries.length,
        },
      );
    }),
  );
});

test("[B2] a block takes 256 inputs and no more", () => {
  const builder = new BlockBuilder(FIRST);
  for (let k = 0; k < MAX_BLOCK_INPUTS; k++) builder.add(k, STATUS);
  assert.not(builder.fits(1));
  refuses(() => builder.add(999, STATUS), LimitExceeded, /input 257/);
  assert.is(decodeBlock(builder.close().bytes).inputs, MAX_BLOCK_INPUTS);
});

test("[B2] an encoded block stays within MAX_BLOCK_BYTES and the builder's own estimate", () => {
  const largest = encodeMessage({
    type: "configChanged",
    path: "a",
    author: "b",
    value: "x".repeat(MAX_INPUT_BYTES - 100),
  });
  const builder = new BlockBuilder({
    ...FIRST,
    partition: "ü".repeat(64),
    number: 2 ** 52,
    firstSequence: 2 ** 52,
    epoch: 2 ** 52,
  });
  let k = 0;
  while (builder.fits(largest.length)) builder.add(1.7e15 + k++, largest);
  assert.is(k, 1);
  while (builder.fits(1000)) builder.add(1.7e15 + k++, new Uint8Array(1000));
  const estimate = builder.byteLength;
  const { bytes } = builder.close();
  assert.ok(bytes.length <= estimate && estimate <= MAX_BLOCK_BYTES, `${bytes.length} ${estimate}`);
});

test("[B3] a builder started again gives the bytes of a new one", () => {
  const reused = new BlockBuilder(FIRST);
  for (let k = 0; k < 9; k++) reused.add(k, encodeMessage({ type: "ping", nonce: k }));
  const before = reused.close().bytes;
  const kept = Uint8Array.from(before);
  const next = { ...FIRST, number: 2, firstSequence: 10, previousHash: new Uint8Array(32).fill(1) };
  reused.start(next);
  assert.is(reused.inputs, 0);
  reused.add(20, STATUS);
  const fresh = new BlockBuilder(next);
  fresh.add(20, STATUS);
  assert.equal(reused.close().bytes, fresh.close().bytes);
  assert.equal(before, kept);
});

/** Any block of inputs of any bytes, and the message that the codec encodes it from. */
const anyBlock = fc
  .record({
    partition: name,
    epoch: count,
    number: count.map((n) => Math.max(n, 1)),
    previousHash: fc.uint8Array({ minLength: HASH_BYTES, maxLength: HASH_BYTES }),
    firstSequence: fc.integer({ min: 1, max: 2 ** 52 }),
    times: fc.array(timeUs, { minLength: 1, maxLength: 30 }).map((times) => times.sort((a, b) => a - b)),
  })
  .chain(({ times, ...start }) =>
    fc
      .array(fc.uint8Array({ maxLength: 60 }), { minLength: times.length, maxLength: times.length })
      .map((inputs) => ({ start, times, inputs })),
  );

/** The same block by the schema and the library. */
function byCodec({ start, times, inputs }: { start: BlockStart; times: number[]; inputs: Uint8Array[] }) {
  const lengths = (input: Uint8Array) => [...new Uint8Array(Uint32Array.of(input.length).buffer)];
  return encodeMessage({
    type: "block",
    ...start,
    timeUs: times.at(-1)!,
    count: times.length,
    times: float64Bytes(times),
    inputs: Uint8Array.from(inputs.flatMap((input) => [...lengths(input), ...input])),
  });
}

test("[B3] a closed block has the bytes that the codec gives", () => {
  fc.assert(
    fc.property(anyBlock, (block) => {
      const builder = new BlockBuilder(block.start);
      for (const [k, input] of block.inputs.entries()) builder.add(block.times[k]!, input);
      assert.equal(builder.close().bytes, byCodec(block));
    }),
    { numRuns: 300 },
  );
});

test("a block with integers of every length has the bytes that the codec gives", () => {
  for (const edge of [1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0xffffffff, 0x100000000, 2 ** 52]) {
    for (const time of [edge, -edge]) {
      const start = { ...FIRST, epoch: edge, number: edge, firstSequence: edge };
      const builder = new BlockBuilder(start);
      builder.add(time, STATUS);
      assert.equal(builder.close().bytes, byCodec({ start, times: [time], inputs: [STATUS] }), `${time}`);
    }
  }
});

test("blocks of ASCII names are encoded and decoded by hand", () => {
  const start = { ...FIRST, partition: "n".repeat(128) };
  const times = Float64Array.of(5, 1.7e15);
  const inputs = Uint8Array.from([4, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 99]);
  const bytes = encodeBlockFast(start, times, 2, inputs, 12);
  assert.ok(bytes !== null);
  const { type: _, ...message } = decodeAs("block", bytes);
  assert.equal(decodeBlockFast(bytes), message);
  assert.is(encodeBlockFast({ ...start, partition: "ü" }, times, 2, inputs, 12), null);
});

test("the reader by hand takes no block that the codec refuses, and reads what the codec reads", () => {
  let taken = 0;
  fc.assert(
    fc.property(anyBlock, fc.nat(), fc.nat(255), fc.boolean(), (block, place, byte, cut) => {
      const bytes = byCodec(block);
      bytes[place % bytes.length] = byte;
      const received = cut ? bytes.subarray(0, place % bytes.length) : bytes;
      const read = decodeBlockFast(received);
      if (read === null) return;
      taken++;
      const { type: _, ...message } = decodeAs("block", received);
      assert.equal(read, message);
    }),
    { numRuns: 2000 },
  );
  assert.ok(taken > 20, `${taken}`);
});

test("an empty block is not closed, and time does not go back", () => {
  const builder = new BlockBuilder(FIRST);
  refuses(() => builder.close(), MalformedMessage, /no inputs/);
  builder.add(10, STATUS);
  refuses(() => builder.add(9, STATUS), MalformedMessage, /time 9 after 10/);
  refuses(() => builder.add(10.5, STATUS), MalformedMessage, /time 10.5/);
  builder.add(10, STATUS);
  assert.is(builder.inputs, 2);
});

test("a block whose parts disagree is refused", () => {
  assert.is(decodeBlock(changedBlock({})).inputs, 2);
  refuses(() => decodeBlock(changedBlock({ count: 3 })), MalformedMessage, /2 times; expected 3/);
  refuses(
    () => decodeBlock(changedBlock({ timeUs: 10 })),
    MalformedMessage,
    /timeUs 10; expected the last input's time 9/,
  );
  refuses(
    () => decodeBlock(changedBlock({ times: float64Bytes([9, 5]), timeUs: 5 })),
    MalformedMessage,
    /time 5 of input 1 after 9/,
  );
  refuses(
    () => decodeBlock(changedBlock({ times: float64Bytes([Number.NaN, 9]) })),
    MalformedMessage,
    /time NaN of input 0/,
  );
  refuses(
    () => decodeBlock(changedBlock({ inputs: new Uint8Array(3) })),
    MalformedMessage,
    /the inputs end before input 0/,
  );
  refuses(
    () => decodeBlock(changedBlock({ inputs: Uint8Array.of(255, 255, 255, 255, 0) })),
    MalformedMessage,
    /end before input 1/,
  );
  refuses(
    () => decodeBlock(changedBlock({ inputs: new Uint8Array(9) })),
    MalformedMessage,
    /8 bytes by their lengths; expected 9/,
  );
  refuses(() => changedBlock({ previousHash: new Uint8Array(31) }), MalformedMessage, /previousHash/);
  refuses(() => changedBlock({ number: 0 }), MalformedMessage, /number is 0/);
});

test("derived events come back as events of their block", () => {
  fc.assert(
    fc.property(fc.array(MESSAGE.event as fc.Arbitrary<EventMessage>, { maxLength: 4 }), (events) => {
      assert.equal(decodeDerived(encodeDerived(12, events)), { block: 12, events });
    }),
    { numRuns: 30 },
  );
});

test("a checkpoint keeps its hashes", () => {
  const checkpoint = {
    block: 256,
    sequence: 65_536,
    timeUs: 5,
    hash: new Uint8Array(16).fill(3),
    parts: [{ actor: "host/estimator", field: "rho", hash: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }],
  };
  assert.equal(decodeCheckpoint(encodeCheckpoint(checkpoint)), { type: "checkpoint", ...checkpoint });
  refuses(() => encodeCheckpoint({ ...checkpoint, hash: new Uint8Array(15) }), MalformedMessage, /hash/);
});

test.run();
