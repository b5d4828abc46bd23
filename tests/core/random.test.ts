// runtime: either
/** Random streams: the generator of Blackman and Vigna, from registered words. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { RandomStream } from "../../actors/core/random.ts";

/** xoshiro128** as its authors publish it (xoshiro128starstar.c, public domain), with integers of any size. */
function* published(state: readonly number[]): Generator<number> {
  const s = state.map(BigInt) as [bigint, bigint, bigint, bigint];
  const cut = (x: bigint) => x & 0xffffffffn;
  const rotl = (x: bigint, k: bigint) => cut((x << k) | (x >> (32n - k)));
  for (;;) {
    yield Number(cut(rotl(cut(s[1] * 5n), 7n) * 9n));
    const t = cut(s[1] << 9n);
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11n);
  }
}

test("a stream is xoshiro128** of its registered words", () => {
  const stream = new RandomStream(1, "a");
  const numbers = published([...stream.state]);
  for (let k = 0; k < 1_000; k++) assert.is(stream.next() * 2 ** 32, numbers.next().value);
});

test("a stream continues from its words", () => {
  const stream = new RandomStream(1, "a");
  stream.next();
  const copy = new RandomStream(2, "b");
  copy.state.set(stream.state);
  for (let k = 0; k < 100; k++) assert.is(copy.next(), stream.next());
});

test("seeds and names give different streams, and the same ones the same", () => {
  const first = (seed: number, name: string) => [...new RandomStream(seed, name).state].join();
  const streams = [first(1, "a"), first(2, "a"), first(1, "b"), first(12, "a"), first(1, "2/a")];
  assert.is(new Set(streams).size, streams.length);
  assert.is(first(1, "a"), streams[0]);
});

test.run();
