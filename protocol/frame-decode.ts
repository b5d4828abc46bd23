/**
 * Decodes a frame without the msgpack library, if it has the form that frame-encode.ts writes, as nearly all frames do.
 *
 * It never throws. For anything else (another order of keys, a negative t0, names that are not ASCII, invalid values) it returns false or
 * null, and frame-body.ts decodes the frame or reports what is wrong.
 */
import type { Frame, ScratchFrame } from "./frame.ts";
import { CHANNEL, DT, GROUP, SEQUENCE, SIZE, SOURCE, T0, VALUE } from "./frame-keys.ts";
import {
  MAX_FRAME_BYTES,
  MAX_FRAME_SAMPLES,
  MAX_FRAME_SPAN_US,
  MAX_GROUP_CHANNELS,
  MAX_NAME_BYTES,
} from "./limits.ts";
import { NameCache } from "./name-cache.ts";

/** Fills `frame` and returns true, or returns false: the contents of `frame` are then undefined. `bodyAt` is where the body of the envelope begins. */
export function decodeFrameFastInto(bytes: Uint8Array, bodyAt: number, frame: ScratchFrame): boolean {
  if (!readHeader(bytes, bodyAt)) return false;
  const { count } = header;
  fillHeader(frame);
  frame.size = header.sizeAt === 0 ? null : frame.sizeColumn;
  return readColumns(bytes, frame.time, frame.channel, frame.value, frame.size, count);
}

/** A new frame with its own aligned columns, or null. */
export function decodeFrameFast(bytes: Uint8Array, bodyAt: number): Frame | null {
  if (!readHeader(bytes, bodyAt)) return null;
  const { count } = header;
  // One buffer for all columns: allocating one takes up to 1 µs on Deno.
  const sized = header.sizeAt !== 0;
  // Bytes per sample: time 8, value 8, size 8 if there is one, channel 2.
  const buffer = new ArrayBuffer((sized ? 26 : 18) * count);
  const time = new Float64Array(buffer, 0, count);
  const value = new Float64Array(buffer, 8 * count, count);
  const size = sized ? new Float64Array(buffer, 16 * count, count) : null;
  const channel = new Uint16Array(buffer, (sized ? 24 : 16) * count, count);
  if (!readColumns(bytes, time, channel, value, size, count)) return null;
  return {
    type: "frame",
    group: header.group,
    source: header.source,
    sequence: header.sequence,
    count,
    time,
    channel,
    value,
    size,
  };
}

/** Result of readHeader. Shared, because no other code runs while a frame is decoded. */
const header = {
  group: "",
  source: "",
  sequence: 0,
  t0: 0,
  count: 0,
  /** Where the bytes of each column begin; sizeAt 0: there is no size column. */
  dtAt: 0,
  channelAt: 0,
  valueAt: 0,
  sizeAt: 0,
};

function fillHeader(frame: Frame): void {
  frame.group = header.group;
  frame.source = header.source;
  frame.sequence = header.sequence;
  frame.count = header.count;
}

const names = new NameCache();

/** Heads of msgpack values: a frame without and with sizes. */
const MAP_OF_7 = 0x87;
const MAP_OF_8 = 0x88;

/** Position of the reader; −1 after a failed read, which the next readKey or the final comparison with the length sees. */
let at = 0;

function readHeader(bytes: Uint8Array, bodyAt: number): boolean {
  if (bytes.length > MAX_FRAME_BYTES) return false;
  const fields = bytes[bodyAt]!;
  if (fields !== MAP_OF_7 && fields !== MAP_OF_8) return false;
  at = bodyAt + 1;
  if (!readKey(bytes, GROUP)) return false;
  header.group = readName(bytes);
  if (!readKey(bytes, SOURCE)) return false;
  header.source = readName(bytes);
  if (!readKey(bytes, SEQUENCE)) return false;
  header.sequence = readUnsigned(bytes);
  if (!readKey(bytes, T0)) return false;
  header.t0 = readUnsigned(bytes);
  if (!readKey(bytes, DT)) return false;
  header.dtAt = readBinary(bytes);
  const dtLength = at - header.dtAt;
  if (!readKey(bytes, CHANNEL)) return false;
  header.channelAt = readBinary(bytes);
  const channelLength = at - header.channelAt;
  if (!readKey(bytes, VALUE)) return false;
  header.valueAt = readBinary(bytes);
  const valueLength = at - header.valueAt;
  header.sizeAt = 0;
  if (fields === MAP_OF_8) {
    if (!readKey(bytes, SIZE)) return false;
    header.sizeAt = readBinary(bytes);
    if (at - header.sizeAt !== valueLength) return false;
  }
  const count = valueLength / 8;
  header.count = count;
  return (
    at === bytes.length &&
    Number.isInteger(count) &&
    count >= 1 &&
    count <= MAX_FRAME_SAMPLES &&
    dtLength === 4 * count &&
    channelLength === 2 * count &&
    header.t0 <= Number.MAX_SAFE_INTEGER - MAX_FRAME_SPAN_US
  );
}

function readColumns(
  bytes: Uint8Array,
  time: Float64Array,
  channel: Uint16Array,
  value: Float64Array,
  size: Float64Array | null,
  count: number,
): boolean {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { t0, dtAt, channelAt } = header;
  let highest = 0;
  for (let k = 0; k < count; k++) {
    time[k] = t0 + data.getUint32(dtAt + 4 * k, true);
    const c = data.getUint16(channelAt + 2 * k, true);
    channel[k] = c;
    if (c > highest) highest = c;
  }
  if (highest >= MAX_GROUP_CHANNELS) return false;
  if (!readFloats(data, header.valueAt, value, count)) return false;
  return size === null || readFloats(data, header.sizeAt, size, count);
}

function readFloats(data: DataView, start: number, column: Float64Array, count: number): boolean {
  let allFinite = true;
  for (let k = 0; k < count; k++) {
    const x = data.getFloat64(start + 8 * k, true);
    column[k] = x;
    // x − x is 0 for a finite x, NaN otherwise.
    allFinite = allFinite && x - x === 0;
  }
  return allFinite;
}

/** Skips a key. False if there is another key, or an earlier read failed (`at` is −1). */
function readKey(bytes: Uint8Array, expected: Uint8Array): boolean {
  if (at < 0) return false;
  for (let k = 0; k < expected.length; k++) {
    if (bytes[at + k] !== expected[k]) return false;
  }
  at += expected.length;
  return true;
}

/** A name of 1 to MAX_NAME_BYTES of ASCII. */
function readName(bytes: Uint8Array): string {
  const head = bytes[at]!;
  let length = 0;
  // msgpack: 0xa1 to 0xbf a short string with its length, 0xd9 a string whose length is the next byte.
  if (head > 0xa0 && head < 0xc0) {
    length = head - 0xa0;
    at += 1;
  } else if (head === 0xd9) {
    length = bytes[at + 1]!;
    at += 2;
  }
  if (length === 0 || length > MAX_NAME_BYTES || at + length > bytes.length) {
    at = -1;
    return "";
  }
  const name = names.read(bytes, at, length);
  at = name === "" ? -1 : at + length;
  return name;
}

/** An unsigned safe integer in any form. Negative numbers are rare and left to frame-body.ts. */
function readUnsigned(bytes: Uint8Array): number {
  const head = bytes[at]!;
  if (head < 0x80) {
    at += 1;
    return head;
  }
  // msgpack: 0xcc to 0xcf are unsigned integers of 1, 2, 4 and 8 bytes.
  const length = head === 0xcc ? 1 : head === 0xcd ? 2 : head === 0xce ? 4 : head === 0xcf ? 8 : 0;
  let value = 0;
  for (let k = 1; k <= length; k++) value = value * 0x100 + bytes[at + k]!;
  if (length === 0 || !Number.isSafeInteger(value)) {
    at = -1;
    return 0;
  }
  at += 1 + length;
  return value;
}

/** Returns where the content of a binary field begins and moves `at` past it. */
function readBinary(bytes: Uint8Array): number {
  const head = bytes[at]!;
  // msgpack: 0xc4 and 0xc5 are binary with a length of 1 and 2 bytes.
  let start = at + 2;
  let length = bytes[at + 1]!;
  if (head === 0xc5) {
    start = at + 3;
    length = length * 0x100 + bytes[at + 2]!;
  } else if (head !== 0xc4) {
    at = -1;
    return 0;
  }
  at = start + length <= bytes.length ? start + length : -1;
  return start;
}
