// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BlockIndex } from "../../actors/cluster/block-index.ts";

const hashOf = (number: number) => new Uint8Array(32).map((_, i) => (number * 7 + i * 31) % 256);

const position = (number: number) => ({
  number,
  firstSequence: 3 * number - 2,
  lastSequence: 3 * number,
  timeUs: 1_000 * number,
  hash: hashOf(number),
});

/** Blocks 1 to `count`, each at twice its number in the stream. */
function indexOf(count: number): BlockIndex {
  const index = new BlockIndex();
  for (let number = 1; number <= count; number++) index.add(position(number), 2 * number, number % 5);
  return index;
}

test("each block has its place, however many there are", () => {
  const index = indexOf(5_000);
  assert.is(index.count, 5_000);
  for (let number = 1; number <= 5_000; number++) {
    assert.equal(index.get(number), {
      number,
      streamSequence: 2 * number,
      lastSequence: 3 * number,
      timeUs: 1_000 * number,
      derivedRecords: number % 5,
    });
    assert.ok(index.holds(position(number)));
  }
});

test("a block of another log has another hash or no place in this one", () => {
  const index = indexOf(3);
  assert.ok(index.holds({ ...position(3), hash: Uint8Array.from(hashOf(3)) }));
  for (const at of [0, 7]) {
    const hash = hashOf(3);
    hash[at]! ^= 1;
    assert.not(index.holds({ ...position(3), hash }), `byte ${at}`);
  }
  assert.not(index.holds(position(4)));
  assert.not(index.holds({ ...position(1), number: 0 }));
});

test("the prefix of a hash is its first eight bytes in hex; before the first block there are zeros", () => {
  const index = new BlockIndex();
  assert.is(index.hashPrefix(0), "0000000000000000");
  const hash = Uint8Array.of(0, 1, 15, 16, 255, 160, 10, 2, 99);
  index.add({ ...position(1), hash }, 1, 0);
  assert.is(index.hashPrefix(1), "00010f10ffa00a02");
});

test("blocks are added in their order, and only those that are there are found", () => {
  const index = indexOf(2);
  for (const number of [2, 4])
    assert.throws(() => index.add(position(number), 9, 0), `Cannot index block ${number}: expected 3`);
  for (const number of [0, 3, 1.5, Number.NaN])
    assert.throws(() => index.get(number), `Cannot look up block ${number}: expected 1 to 2`);
  assert.throws(() => index.hashPrefix(3), /expected 1 to 2/);
});

test.run();
