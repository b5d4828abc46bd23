/** The start of an encoded block and the keys of its fields, as they are on the wire. */
import { MESSAGES } from "./messages.ts";
import { keyBytes } from "./msgpack-values.ts";
import { PROTOCOL_VERSION } from "./versions.ts";

/** `[version, code, ` and the map of nine fields. */
export const START = Uint8Array.of(0x93, PROTOCOL_VERSION, MESSAGES.block.code, 0x89);

export const PARTITION = keyBytes("partition");
export const EPOCH = keyBytes("epoch");
export const NUMBER = keyBytes("number");
export const PREVIOUS_HASH = keyBytes("previousHash");
export const FIRST_SEQUENCE = keyBytes("firstSequence");
export const TIME_US = keyBytes("timeUs");
export const COUNT = keyBytes("count");
export const TIMES = keyBytes("times");
export const INPUTS = keyBytes("inputs");
