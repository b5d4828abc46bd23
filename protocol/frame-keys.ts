/** The keys in the body of a frame, and the type bytes of its map, as they are on the wire. */
import { keyBytes } from "./msgpack-values.ts";

/** A map of seven fields, and of eight with the sizes. */
export const MAP = Uint8Array.of(0x87);
export const MAP_WITH_SIZE = Uint8Array.of(0x88);

export const GROUP = keyBytes("group");
export const SOURCE = keyBytes("source");
export const SEQUENCE = keyBytes("sequence");
export const T0 = keyBytes("t0");
export const DT = keyBytes("dt");
export const CHANNEL = keyBytes("channel");
export const VALUE = keyBytes("value");
export const SIZE = keyBytes("size");
