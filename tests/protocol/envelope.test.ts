// runtime: either
import { encode } from "@msgpack/msgpack";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readEnvelope, writeEnvelope } from "../../protocol/envelope.ts";
import { MalformedMessage } from "../../protocol/errors.ts";
import { refuses } from "./refusal.ts";

const BODY = Uint8Array.of(0xc0);
const EDGES = [0, 1, 0x7f, 0x80, 0x81, 0xff, 0x100, 0x101, 0x7fff, 0xffff];

test("an envelope has the library's bytes and comes back, for numbers of every length", () => {
  for (const version of EDGES) {
    for (const code of EDGES) {
      const bytes = writeEnvelope(version, code, BODY);
      assert.equal(bytes, encode([version, code, null]), `${version} ${code}`);
      assert.equal(readEnvelope(bytes), { version, code, bodyAt: bytes.length - 1 });
    }
  }
});

test("numbers that are not in their shortest form are refused, with their place", () => {
  const longer = [[0xcc, 0x7f], [0xcd, 0x00, 0xff], [0xce, 0, 0, 0, 1], [0xd0, 1], [0xff]];
  for (const number of longer) {
    const asVersion = Uint8Array.of(0x93, ...number, 1, 0xc0);
    refuses(() => readEnvelope(asVersion), MalformedMessage, /version with type byte 0x[c-f].* at byte 1;/);
    const asCode = Uint8Array.of(0x93, 1, ...number, 0xc0);
    refuses(() => readEnvelope(asCode), MalformedMessage, /code with type byte 0x[c-f].* at byte 2;/);
  }
});

test("an envelope that ends early is refused, wherever it ends", () => {
  const bytes = writeEnvelope(0x100, 0x80, BODY);
  for (let length = 0; length < bytes.length; length++)
    refuses(() => readEnvelope(bytes.subarray(0, length)), MalformedMessage, /Cannot decode message/);
});

test("versions and codes outside 0 to 65535 are not written", () => {
  for (const bad of [-1, 0.5, 0x10000, Number.NaN])
    for (const [version, code] of [
      [bad, 1],
      [1, bad],
    ] as const)
      refuses(() => writeEnvelope(version, code, BODY), MalformedMessage, /a whole number up to 65535/);
});

test.run();
