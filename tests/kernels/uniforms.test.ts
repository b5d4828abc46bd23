import { test } from "uvu";
import * as assert from "uvu/assert";
import { uniforms } from "../../actors/kernels/uniforms.ts";

test("uniforms draws what the definition says, in whole numbers of any size", () => {
  for (const seed of [0, 1, 2 ** 31, 2 ** 32 - 1]) {
    const drawn = uniforms(seed);
    const expected = mulberry32(seed);
    for (let k = 0; k < 10_000; k++) assert.is(drawn(), expected());
  }
});

test("uniforms of neighbouring seeds have the mean and the spread of a uniform, and no correlation", () => {
  const count = 100_000;
  const [a, b] = [uniforms(1), uniforms(2)];
  let [sum, squares, products] = [0, 0, 0];
  for (let k = 0; k < count; k++) {
    const x = a() - 0.5;
    sum += x;
    squares += x * x;
    products += x * (b() - 0.5);
  }
  const sigma = Math.sqrt(1 / 12);
  assert.ok(Math.abs(sum / count) < (4 * sigma) / Math.sqrt(count));
  assert.ok(Math.abs(squares / count - 1 / 12) < (4 * Math.sqrt(1 / 180)) / Math.sqrt(count));
  assert.ok(Math.abs(products / count) < 4 / 12 / Math.sqrt(count));
});

/** The slow version. */
function mulberry32(seed: number): () => number {
  const word = (x: bigint) => BigInt.asUintN(32, x);
  let state = BigInt(seed);
  return () => {
    state = word(state + 0x6d2b79f5n);
    let t = word((state ^ (state >> 15n)) * (state | 1n));
    t ^= word(t + (t ^ (t >> 7n)) * (t | 61n));
    return Number(t ^ (t >> 14n)) / 2 ** 32;
  };
}

test.run();
