// runtime: either
/** Columns of numbers as binary fields: little-endian, and read from any byte of a message. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  float32Bytes,
  float32Column,
  float64Bytes,
  float64Column,
  uint16Bytes,
  uint16Column,
  uint32Bytes,
  uint32Column,
} from "../../protocol/columns.ts";
import { fromHex, toHex } from "../conformance/hex.ts";

/** Each kind with numbers whose bytes all differ, and those bytes as IEEE 754 and the wire have them. */
const KINDS = [
  {
    name: "float64",
    toBytes: float64Bytes,
    toColumn: float64Column,
    numbers: [1, -2.5],
    hex: "000000000000f03f00000000000004c0",
  },
  {
    name: "float32",
    toBytes: float32Bytes,
    toColumn: float32Column,
    numbers: [1, -2.5],
    hex: "0000803f000020c0",
  },
  {
    name: "uint32",
    toBytes: uint32Bytes,
    toColumn: uint32Column,
    numbers: [0x01020304, 0xfffefdfc],
    hex: "04030201fcfdfeff",
  },
  {
    name: "uint16",
    toBytes: uint16Bytes,
    toColumn: uint16Column,
    numbers: [0x0102, 0xfffe],
    hex: "0201feff",
  },
];

for (const { name, toBytes, toColumn, numbers, hex } of KINDS) {
  test(`a column of ${name} is little-endian`, () => {
    assert.is(toHex(toBytes(numbers)), hex);
    assert.is(toHex(toBytes([...numbers, 7], numbers.length)), hex, "the first of more");
    assert.is(toBytes([]).length, 0);
  });

  test(`a column of ${name} is read from any byte of a message, whole numbers only`, () => {
    const bytes = fromHex(hex);
    for (const before of [0, 1, 3]) {
      const message = new Uint8Array(before + bytes.length + 1);
      message.set(bytes, before);
      assert.equal([...toColumn(message.subarray(before, before + bytes.length))], numbers);
      // One byte more is no number.
      assert.equal([...toColumn(message.subarray(before))], numbers);
    }
    assert.equal([...toColumn(new Uint8Array())], []);
  });
}

test.run();
