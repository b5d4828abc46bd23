// runtime: either
/** Names that were read before come from a cache, and are those of the bytes all the same. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { NameCache } from "../../protocol/name-cache.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const LETTERS = [..."abcdefghijklmnopqrstuvwxyz0123456789"];

test("more names than the cache has room for are each read as they are, again and again", () => {
  const cache = new NameCache();
  const names = LETTERS.flatMap((a) => LETTERS.map((b) => `${a}${b}`));
  for (let round = 0; round < 2; round++)
    for (const name of names) assert.is(cache.read(bytesOf(`..${name}..`), 2, 2), name);
});

test("a name counts by its own bytes, whatever bytes are before and after it", () => {
  const cache = new NameCache();
  // Among so many names that begin like the known one, some share its place in the cache.
  for (const b of LETTERS)
    for (const c of LETTERS) {
      assert.is(cache.read(bytesOf("abc"), 0, 3), "abc");
      assert.is(cache.read(bytesOf(`cba${b}${c}bc`), 2, 3), `a${b}${c}`);
    }
});

test("a name keeps its text when the bytes that it was read from change", () => {
  const cache = new NameCache();
  const bytes = bytesOf("cpu0");
  assert.is(cache.read(bytes, 0, 4), "cpu0");
  bytes.set(bytesOf("cpu1"));
  assert.is(cache.read(bytes, 0, 4), "cpu1");
  assert.is(cache.read(bytesOf("cpu0"), 0, 4), "cpu0");
});

test("bytes that are not ASCII are left to the decoder of text", () => {
  assert.is(new NameCache().read(bytesOf("µs"), 0, 3), "");
});

test.run();
