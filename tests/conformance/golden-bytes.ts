/** Golden bytes: each case of cases.ts as the program encodes it. */
import { encodeMessage } from "../../protocol/codec.ts";
import { PROTOCOL_VERSION } from "../../protocol/versions.ts";
import { BLOCK_OF_TWO, CASES } from "./cases.ts";
import { toHex, toJson } from "./hex.ts";

export interface GoldenBytes {
  readonly version: number;
  readonly messages: Readonly<Record<string, { readonly hex: string; readonly message: unknown }>>;
  readonly blockOfTwo: string;
}

export function goldenBytes(): GoldenBytes {
  const messages = Object.fromEntries(
    Object.entries(CASES).map(([name, message]) => [
      name,
      { hex: toHex(encodeMessage(message)), message: toJson(message) },
    ]),
  );
  return { version: PROTOCOL_VERSION, messages, blockOfTwo: toHex(BLOCK_OF_TWO) };
}

/** Cases that are gone or have other bytes although the version was not stepped. */
export function unsteppedBytes(kept: GoldenBytes, now: GoldenBytes): string[] {
  if (now.version > kept.version) return [];
  const cases = Object.keys(kept.messages).filter(
    (name) => now.messages[name]?.hex !== kept.messages[name]!.hex,
  );
  return now.blockOfTwo === kept.blockOfTwo ? cases : [...cases, "blockOfTwo"];
}
