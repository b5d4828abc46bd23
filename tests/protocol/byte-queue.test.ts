// runtime: either
/** Byte strings in a few chunks: what was added is read back, until it was dropped. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ByteQueue } from "../../protocol/byte-queue.ts";

const MEBIBYTE = 1 << 20;

/** String k: its length and each of its bytes are its own. */
function text(k: number, length = 10 + (k % 50)): Uint8Array {
  return new Uint8Array(length).fill(k % 251);
}

/** Adds string k with the numbers k and −k. */
function add(queue: ByteQueue, k: number, length?: number): void {
  queue.add([k, -k], text(k, length));
}

function check(queue: ByteQueue, k: number, length?: number): void {
  assert.equal(queue.get(k), text(k, length), `string ${k}`);
  assert.equal([queue.number(k, 0), queue.number(k, 1)], [k, -k]);
  assert.is(queue.lengthOf(k), queue.get(k).length);
}

test("[Q1] what was added is read back by its index, with its numbers", () => {
  const queue = new ByteQueue(2);
  for (let k = 0; k < 20_000; k++) add(queue, k);
  assert.equal([queue.first, queue.end], [0, 20_000]);
  for (let k = 0; k < 20_000; k++) check(queue, k);
});

test("[Q1] indices go on while the oldest strings are dropped", () => {
  const queue = new ByteQueue(2);
  for (let k = 0; k < 50_000; k++) {
    add(queue, k);
    // Grows to 3,000 strings, falls to none, and again.
    const keep = k % 6_000 < 3_000 ? k % 3_000 : 3_000 - (k % 3_000) - 1;
    while (queue.end - queue.first > keep) queue.drop();
    assert.is(queue.end, k + 1);
    if (queue.first < queue.end) for (const each of [queue.first, queue.end - 1]) check(queue, each);
  }
});

test("the parts of a string follow one another", () => {
  const queue = new ByteQueue(0);
  queue.add([], Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3));
  assert.equal(queue.get(0), Uint8Array.of(1, 2, 3));
});

test("strings longer than a chunk, and empty ones, are kept like others", () => {
  const queue = new ByteQueue(2);
  const lengths = [5, 3 * MEBIBYTE, 0, 5, MEBIBYTE, MEBIBYTE - 1, 1, 2];
  for (const [k, length] of lengths.entries()) add(queue, k, length);
  for (const [k, length] of lengths.entries()) check(queue, k, length);
});

test("[Q2] the bytes under a view stay, also when the string was dropped and much was added", () => {
  const queue = new ByteQueue(2);
  add(queue, 7, 1_000);
  const view = queue.get(0);
  queue.drop();
  for (let k = 0; k < 5_000; k++) {
    add(queue, k, 1_000);
    queue.drop();
  }
  assert.equal(view, text(7, 1_000));
});

test("a string is not changed by what its giver does afterwards", () => {
  const queue = new ByteQueue(0);
  const given = Uint8Array.of(1, 2, 3);
  queue.add([], given);
  given.fill(9);
  assert.equal(queue.get(0), Uint8Array.of(1, 2, 3));
});

test("memory of dropped strings is given up: what is held follows what is kept", () => {
  const queue = new ByteQueue(0);
  const buffers = new Set<ArrayBufferLike>();
  for (let k = 0; k < 64; k++) {
    queue.add([], new Uint8Array(MEBIBYTE / 4));
    while (queue.end - queue.first > 8) queue.drop();
  }
  for (let k = queue.first; k < queue.end; k++) buffers.add(queue.get(k).buffer);
  assert.ok(buffers.size <= 3, `8 strings of a quarter of a chunk lie in ${buffers.size} chunks`);
  assert.is(queue.chunks, buffers.size);
});

test.run();
