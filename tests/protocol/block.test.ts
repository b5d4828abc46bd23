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
import { decodeMessage, encodeMessage } from "../../protocol/codec.ts";
import { float64Bytes } from "../../protocol/columns.ts";
import { LimitExceeded, MalformedMessage } from "../../protocol/errors.ts";
import { MAX_BLOCK_BYTES, MAX_BLOCK_INPUTS, MAX_INPUT_BYTES } from "../../protocol/limits.ts";
import type { EventMessage, MessageOf } from "../../protocol/messages.ts";
import { anyMessage, MESSAGE } from "./arbitraries.ts";
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
