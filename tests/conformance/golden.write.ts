/**
 * Writes golden.json anew. Only when the protocol is meant to change: these bytes are what recordings and peers hold.
 *
 *     node --import tsx tests/conformance/golden.write.ts
 */
import { writeFileSync } from "node:fs";
import { encodeMessage } from "../../protocol/codec.ts";
import { PROTOCOL_VERSION } from "../../protocol/versions.ts";
import { BLOCK_OF_TWO, CASES } from "./cases.ts";
import { toHex, toJson } from "./hex.ts";

const messages = Object.fromEntries(
  Object.entries(CASES).map(([name, message]) => [
    name,
    { hex: toHex(encodeMessage(message)), message: toJson(message) },
  ]),
);
const golden = { version: PROTOCOL_VERSION, messages, blockOfTwo: toHex(BLOCK_OF_TWO) };
writeFileSync(new URL("golden.json", import.meta.url), `${JSON.stringify(golden, null, 2)}\n`);
