// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hex, StateHash } from "../../actors/core/hash.ts";

/** MurmurHash3_x86_128 of the same bytes by murmurhash3js 3.0.1, words in order. */
const PUBLISHED: [string, string][] = [
  ["", "00000000000000000000000000000000"],
  ["0123456789abcdef", "fb7d440936aed30a48ad1d9b572b3bfd"],
  ["0123456789abcdef01234567", "bd63a8fafd7ab8850580266acfffdc30"],
];

for (const [text, expected] of PUBLISHED) {
  test(`state hash of "${text}" is that of MurmurHash3_x86_128`, () => {
    const bytes = new TextEncoder().encode(text);
    const hash = new StateHash().reset();
    for (const word of new Uint32Array(bytes.buffer.slice(0))) hash.word(word);
    const digest = new DataView(hash.digest().buffer);
    const words = [0, 4, 8, 12].map((at) => digest.getUint32(at, true).toString(16).padStart(8, "0"));
    assert.is(words.join(""), expected);
  });
}

test("state hash treats all NaN as equal", () => {
  const odd = new Float64Array(1);
  new Uint32Array(odd.buffer).set([0x1234, 0x7ff80001]);
  assert.is(hashOf(odd), hashOf(new Float64Array([Number.NaN])));
});

test("state hash distinguishes -0 from 0 and infinity from NaN", () => {
  assert.is.not(hashOf(new Float64Array([-0])), hashOf(new Float64Array([0])));
  assert.is.not(hashOf(new Float64Array([Number.POSITIVE_INFINITY])), hashOf(new Float64Array([Number.NaN])));
});

test("state hash distinguishes arrays of different types or lengths", () => {
  const seen = new Set([
    hashOf(new Uint8Array([1, 0, 0, 0])),
    hashOf(new Uint16Array([1, 0])),
    hashOf(new Uint32Array([1])),
    hashOf(new Uint32Array([1, 0])),
    hashOf(new Uint8Array([1])),
  ]);
  assert.is(seen.size, 5);
});

test("state hash changes with every single element of an array", () => {
  for (const array of [new Float64Array(9), new Int32Array(9), new Uint16Array(9), new Uint8Array(9)]) {
    const before = hashOf(array);
    for (let i = 0; i < array.length; i++) {
      array[i] = 1;
      assert.is.not(hashOf(array), before, `${array.constructor.name}[${i}]`);
      array[i] = 0;
    }
  }
});

for (const length of [0, 1, 3, 31, 32, 33, 127, 128, 129, 255, 256, 257, 1001]) {
  test(`state hash of ${length} elements, read block by block, is that of their words one by one`, () => {
    for (const Kind of [Float64Array, Int32Array, Uint32Array, Uint16Array, Uint8Array]) {
      const array = new Kind(length).map((_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 0);
      assert.is(hashOf(array), hashByWords(array), Kind.name);
      if (array instanceof Float64Array) {
        new Uint32Array(array.buffer).forEach((_, k, words) => {
          words[k] = k % 10 < 2 ? 0x7ff80000 + k : words[k]! ^ (k << 20);
        });
        assert.is(hashOf(array), hashByWords(array), "doubles, some of them NaN");
      }
    }
  });
}

test("state hash of an array that is not aligned to words is that of its copy", () => {
  for (const Kind of [Uint16Array, Uint8Array]) {
    const array = new Kind(1000).map((_, i) => i * 7).subarray(1, 700);
    assert.is(hashOf(array), hashOf(array.slice()));
  }
});

test("state hash changes with the payload of no NaN in a large array", () => {
  const array = new Float64Array(99).fill(Number.NaN);
  const before = hashOf(array);
  new Uint32Array(array.buffer).forEach((_, k, words) => {
    words[k] = k % 2 === 0 ? k : 0xfff00001 + k;
  });
  assert.is(hashOf(array), before);
});

/** The slow, obvious version: length and size, zeros up to a whole block, then the elements' bytes as words. */
function hashByWords(array: Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array): string {
  const canonical =
    array instanceof Float64Array ? array.map((x) => (Number.isNaN(x) ? Number.NaN : x)) : array;
  const bytes = new Uint8Array(4 * Math.ceil(array.byteLength / 4));
  bytes.set(new Uint8Array(canonical.buffer, canonical.byteOffset, canonical.byteLength));
  const hash = new StateHash().reset();
  for (const word of [array.length, array.BYTES_PER_ELEMENT, 0, 0]) hash.word(word);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += 4) hash.word(view.getUint32(at, true));
  return hex(hash.digest());
}

test("state hash changes with every single character of a text, and with its length", () => {
  const text = "abcdefghij\u00e9\u{1F600}k";
  const before = hashOfText(text);
  for (let i = 0; i < text.length; i++) {
    const changed = `${text.slice(0, i)}#${text.slice(i + 1)}`;
    assert.is.not(hashOfText(changed), before, `character ${i}`);
  }
  assert.is.not(hashOfText(`${text}\0`), before, "one character more");
  assert.is.not(hashOfText(text.slice(0, -1)), before, "one character less");
});

function hashOfText(text: string): string {
  return hex(new StateHash().reset().text(text).digest());
}

function hashOf(array: Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array): string {
  return hex(new StateHash().reset().array(array).digest());
}

test.run();
