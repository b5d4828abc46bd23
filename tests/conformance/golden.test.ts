import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decodeBlock } from "../../protocol/block.ts";
import { decodeMessage, encodeMessage } from "../../protocol/codec.ts";
import { PROTOCOL_VERSION } from "../../protocol/versions.ts";
import { BLOCK_OF_TWO, CASES } from "./cases.ts";
import { type GoldenBytes, goldenBytes, unsteppedBytes } from "./golden-bytes.ts";
import { fromHex, toHex, toJson } from "./hex.ts";

const golden = JSON.parse(readFileSync(new URL("golden.json", import.meta.url), "utf8")) as GoldenBytes;

test("golden bytes cover the same cases as the program", () => {
  assert.is(golden.version, PROTOCOL_VERSION);
  assert.equal(Object.keys(golden.messages), Object.keys(CASES));
});

for (const [name, message] of Object.entries(CASES)) {
  test(`${name} has its golden bytes, and they decode to it`, () => {
    const kept = golden.messages[name];
    assert.is(toHex(encodeMessage(message)), kept?.hex);
    assert.equal(decodeMessage(fromHex(kept?.hex ?? "")), message);
    assert.equal(toJson(decodeMessage(fromHex(kept?.hex ?? ""))), kept?.message);
  });
}

test("a block has its golden bytes, and they decode to its inputs", () => {
  assert.is(toHex(BLOCK_OF_TWO), golden.blockOfTwo);
  const inputs: unknown[] = [];
  decodeBlock(fromHex(golden.blockOfTwo)).forEach((sequence, timeUs, bytes) => {
    inputs.push([sequence, timeUs, decodeMessage(bytes).type]);
  });
  assert.equal(inputs, [
    [1, 1_700_000_000_000_000, "feedStatus"],
    [2, 1_700_000_000_050_000, "shed"],
  ]);
});

test("a case that is gone or has other bytes is named until the version is a greater one", () => {
  const [[gone], [changed, { message }], ...rest] = Object.entries(golden.messages) as [
    [string, { hex: string; message: unknown }],
    [string, { hex: string; message: unknown }],
  ];
  const messages = { ...Object.fromEntries(rest), [changed]: { hex: "00", message } };
  const named = (version: number) => unsteppedBytes(golden, { version, messages, blockOfTwo: "" });
  assert.equal(named(golden.version), [gone, changed, "blockOfTwo"]);
  assert.equal(named(golden.version + 1), []);
  assert.equal(unsteppedBytes(golden, goldenBytes()), []);
});

/** Written by hand from PROTOCOL.md, byte by byte, and not by the program. */
test("bytes written by hand from the specification are read", () => {
  assert.equal(decodeMessage(fromHex("93 01 53 81 a5 6e6f6e6365 09".replaceAll(" ", ""))), {
    type: "ping",
    nonce: 9,
  });
  const frame = [
    "93 01 03 87",
    "a5 67726f7570 a1 67", // group: "g"
    "a6 736f75726365 a1 73", // source: "s"
    "a8 73657175656e6365 01", // sequence: 1
    "a2 7430 cd 03e8", // t0: 1000
    "a2 6474 c4 08 00000000 05000000", // dt: 0, 5
    "a7 6368616e6e656c c4 04 0000 0100", // channel: 0, 1
    "a5 76616c7565 c4 10 000000000000f03f 0000000000000040", // value: 1, 2
  ];
  assert.equal(decodeMessage(fromHex(frame.join("").replaceAll(" ", ""))), {
    type: "frame",
    group: "g",
    source: "s",
    sequence: 1,
    count: 2,
    time: Float64Array.of(1000, 1005),
    channel: Uint16Array.of(0, 1),
    value: Float64Array.of(1, 2),
    size: null,
  });
});

test.run();
